"""Checkpoints as other programs write them: which weights are in them, and what they are called."""

from __future__ import annotations

import argparse
import gzip
import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from grevy.errors import (
    DataFormatError,
    DataNotFoundError,
    NotFiniteError,
    UnsafePickleError,
    WeightsError,
)
from grevy.models.weights import LoadedWeights, load_weights
from grevy.models.weights_file import read_weights

Tensors = dict[str, Tensor]


class Net(nn.Module):
    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
        self.head = nn.Linear(2, classes)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        maps_BCHW: Tensor = self.stem(images_BCHW)
        logits_BK: Tensor = self.head(maps_BCHW.mean((2, 3)))
        return logits_BK


def state(seed: int = 1) -> Tensors:
    torch.manual_seed(seed)
    return Net().state_dict()


def prefixed(prefix: str, tensors: Tensors) -> Tensors:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def loaded(path: Path, **how: Any) -> tuple[Net, LoadedWeights]:
    net = Net()
    return net, load_weights(net, path, **how)


def same(net: nn.Module, tensors: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(t, tensors[n]) for n, t in net.state_dict().items())


@pytest.mark.parametrize(
    "prefix",
    [
        *("_orig_mod.", "module.", "model.", "backbone.", "net.", "encoder.", "student."),
        *("module._orig_mod.", "_orig_mod.module.", "model.net.", "anything.of.theirs."),
    ],
)
def test_a_prefix_is_taken_off_where_the_rest_fits_and_that_is_said(
    tmp_path: Path, prefix: str
) -> None:
    net, told = loaded(saved(tmp_path / "w.pt", prefixed(prefix, state())))
    assert same(net, state())
    assert told.notes == (f"took the prefix '{prefix}' off every name",)


def test_nothing_is_taken_off_where_the_names_fit_as_they_are(tmp_path: Path) -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = Net()

    torch.manual_seed(1)
    outer = Outer()
    other = Outer()
    told = load_weights(other, saved(tmp_path / "w.pt", outer.state_dict()))
    assert told.notes == ()
    assert same(other, outer.state_dict())


def test_a_layer_that_was_compiled_by_itself_loses_the_name_in_the_middle(tmp_path: Path) -> None:
    inner = {name.replace("stem.", "stem._orig_mod."): t for name, t in state().items()}
    net, told = loaded(saved(tmp_path / "w.pt", inner))
    assert same(net, state())
    assert told.notes == ("took '_orig_mod' out of the names",)


def test_what_stands_beside_the_prefix_is_left_out_and_named(tmp_path: Path) -> None:
    content = prefixed("model.", state()) | {"criterion.weight": torch.ones(4)}
    net, told = loaded(saved(tmp_path / "w.ckpt", {"state_dict": content}))
    assert same(net, state())
    assert told.notes[-1] == "left out what stands beside it: criterion.weight"


def test_half_a_network_behind_a_prefix_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    content = prefixed("model.", {n: t for n, t in state().items() if n.startswith("stem")})
    net = Net()
    before = {n: t.clone() for n, t in net.state_dict().items()}
    with pytest.raises(WeightsError, match=r"took the prefix 'model\.'.*lacks 2 \(head\.weight"):
        load_weights(net, saved(tmp_path / "w.pt", content))
    assert same(net, before)


def test_two_networks_that_both_fit_are_refused_by_name(tmp_path: Path) -> None:
    content = prefixed("first.", state(1)) | prefixed("second.", state(2))
    with pytest.raises(WeightsError, match=r"hold 2 networks that fit: first\., second\."):
        loaded(saved(tmp_path / "w.pt", content))


@pytest.mark.parametrize(
    "key",
    [
        *("state_dict", "model_state_dict", "model", "net", "params", "weights", "network"),
        *("model_state", "somebodys_own"),
    ],
)
def test_a_state_dict_is_found_under_the_usual_keys_and_under_a_lone_other_one(
    tmp_path: Path, key: str
) -> None:
    optimizer = torch.optim.Adam(Net().parameters()).state_dict()
    content = {"epoch": 3, "best_acc": 0.5, "optimizer": optimizer, key: state()}
    net, told = loaded(saved(tmp_path / "w.pth.tar", content))
    assert same(net, state())
    assert told.notes == (f"read from '{key}' in the file",)


def test_a_checkpoint_of_lightning_is_read(tmp_path: Path) -> None:
    content = {
        "epoch": 2,
        "global_step": 40,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": prefixed("net.", state()),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 3}}}},
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [torch.optim.SGD(Net().parameters(), 0.1, 0.9).state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 0.1},
    }
    net, told = loaded(saved(tmp_path / "last.ckpt", content))
    assert same(net, state())
    assert told.notes == (
        "read from 'state_dict' in the file",
        "took the prefix 'net.' off every name",
    )


def test_several_state_dicts_of_no_usual_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=r"state dicts under gen, disc; expected one"):
        loaded(saved(tmp_path / "w.pt", {"gen": state(1), "disc": state(2)}))


def test_what_is_not_read_beside_the_state_dict_is_named(tmp_path: Path) -> None:
    content = {"model": state(1), "classifier": state(2), "iteration": 3}
    _, told = loaded(saved(tmp_path / "w.pt", content))
    assert told.notes[-1] == "not read in the file: classifier"


AVERAGES: list[Callable[[Tensors, Tensors], dict[str, Any]]] = [
    lambda plain, ema: {"state_dict": plain, "state_dict_ema": ema},
    lambda plain, ema: {"model": plain, "model_ema": prefixed("module.", ema)},
    lambda plain, ema: {"params": plain, "params_ema": ema},
    lambda plain, ema: {"model_state_dict": plain, "ema_state_dict": {"decay": 0.9, "module": ema}},
    lambda plain, ema: {"student": plain, "teacher": ema},
    lambda plain, ema: {"state_dict": ema, "current_model_state": plain},  # Lightning's averaging
    lambda plain, ema: prefixed("net.", plain) | prefixed("net_ema.module.", ema),
    lambda plain, ema: prefixed("student.", plain) | prefixed("teacher.", ema),
    lambda plain, ema: plain | prefixed("ema.", ema),
    lambda plain, ema: {"state_dict": prefixed("model.", plain) | prefixed("ema_model.", ema)},
    lambda plain, ema: prefixed("module.encoder_q.", plain) | prefixed("module.encoder_k.", ema),
]


@pytest.mark.parametrize("content_of", AVERAGES)
def test_averaged_weights_are_said_and_taken_where_they_are_asked_for(
    tmp_path: Path, content_of: Callable[[Tensors, Tensors], dict[str, Any]]
) -> None:
    path = saved(tmp_path / "w.pt", content_of(state(1), state(2)))
    plain, told = loaded(path)
    assert same(plain, state(1))
    assert any("--which ema takes them" in note for note in told.notes)
    averaged, told = loaded(path, which="ema")
    assert same(averaged, state(2))
    assert any("these are averaged weights" in note for note in told.notes)


def test_weights_by_swa_are_called_averaged(tmp_path: Path) -> None:
    net = Net()
    swa = torch.optim.swa_utils.AveragedModel(net)
    for _ in range(3):
        swa.update_parameters(net)
    found, told = loaded(saved(tmp_path / "w.pt", swa.state_dict()))
    assert same(found, net.state_dict())
    assert "the mean of 3; the file holds no plain ones" in told.notes[0]
    assert same(loaded(tmp_path / "w.pt", which="ema")[0], net.state_dict())


def test_averaged_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="nothing is called like averaged"):
        loaded(saved(tmp_path / "w.pt", {"state_dict": state()}), which="ema")


@pytest.mark.parametrize(
    "name", ["w.pth.tar", "w.ckpt", "w.bin", "w.pth", "w.pt", "weights", "w.x"]
)
def test_the_name_of_a_file_decides_nothing(tmp_path: Path, name: str) -> None:
    assert same(loaded(saved(tmp_path / name, state()))[0], state())
    save_file(state(2), tmp_path / name)
    net, told = loaded(tmp_path / name)
    assert same(net, state(2))
    assert told.notes == (f"{name} is safetensors, by its content",)


def test_a_file_of_torch_save_that_is_called_safetensors_is_read(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    net, told = loaded(saved(path, state()))
    assert same(net, state())
    assert told.notes == ("w.safetensors is a file of torch.save, by its content",)


def test_a_checkpoint_with_its_arguments_is_refused_with_how_to_convert_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pth", {"state_dict": state(), "args": argparse.Namespace(lr=0.1)})
    with pytest.raises(UnsafePickleError) as raised:
        loaded(path)
    said = str(raised.value)
    assert "argparse.Namespace" in said
    assert "torch.save(torch.load('w.pth', weights_only=False)['state_dict'], 'weights.pt')" in said
    converted = torch.load(path, weights_only=False)["state_dict"]
    assert same(loaded(saved(tmp_path / "weights.pt", converted))[0], state())


def test_a_whole_network_is_refused_with_how_to_convert_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pth", nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(UnsafePickleError, match=r"weights_only=False\)\.state_dict\(\)"):
        loaded(path)


def a_scripted_network(path: Path) -> None:
    torch.jit.script(Net()).save(path)


def an_archive_of_arrays(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, kernel=np.ones(2))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: path.write_bytes(b""), r"it is empty, 0 bytes"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600)), "Keras"),
        (lambda path: path.write_bytes(gzip.compress(b"weights")), "gunzip"),
        (lambda path: path.write_text("version https://git-lfs.github.com/spec/"), "git lfs pull"),
        (lambda path: path.write_text("\n<!DOCTYPE html>"), "web page"),
        (lambda path: path.write_bytes(pickle.dumps({"a": 1}, 4)), "torch.save did not write"),
        (lambda path: path.write_bytes(pickle.dumps({"a": 1}, 2)), "torch.save did not write"),
        (lambda path: np.save(path.open("wb"), np.ones(2)), "NumPy"),
        (a_scripted_network, r"torch\.jit\.load"),
        (an_archive_of_arrays, r"zip archive of kernel\.npy"),
        (lambda path: saved(path, torch.optim.Adam(Net().parameters()).state_dict()), "optimizer"),
        (lambda path: saved(path, {"optimizer": {"state": {}, "param_groups": []}}), "optimizer"),
        (lambda path: saved(path, torch.ones(3)), "holds a Tensor"),
    ],
)
def test_what_is_no_file_of_weights_is_called_by_its_name(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "w.pt"
    write(path)
    with pytest.raises(DataFormatError, match=words) as raised:
        loaded(path)
    assert "\n" not in str(raised.value)


def test_a_folder_is_refused_with_the_files_in_it(tmp_path: Path) -> None:
    saved(tmp_path / "w.pt", state())
    with pytest.raises(DataFormatError, match=r"a folder; .*those in it: w\.pt"):
        loaded(tmp_path)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_by_name(tmp_path: Path, bad: float) -> None:
    content = state()
    content["stem.1.running_var"][1] = bad
    with pytest.raises(
        NotFiniteError, match=r"1 number NaN or infinite: stem\.1\.running_var \(1\)"
    ):
        loaded(saved(tmp_path / "w.pt", content))


def test_a_number_too_large_for_the_network_is_not_finite_either(tmp_path: Path) -> None:
    content = {n: t.double() if t.is_floating_point() else t for n, t in state().items()}
    content["head.bias"][0] = 1e300
    with pytest.raises(NotFiniteError, match=r"head\.bias"):
        loaded(saved(tmp_path / "w.pt", content))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_kinds_of_numbers_are_converted_and_that_is_said(
    tmp_path: Path, kind: torch.dtype
) -> None:
    content = {n: t.to(kind) if t.is_floating_point() else t for n, t in state().items()}
    net, told = loaded(saved(tmp_path / "w.pt", content))
    torch.testing.assert_close(net.head.weight.data, content["head.weight"].float())
    assert told.notes == (f"numbers converted from {str(kind)[6:]} to float32",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.to("meta"), "float32 without any numbers"),
        (lambda t: t.to_sparse(), "sparse float32"),
        (lambda t: (t * 9).to(torch.int8), "int8"),
        (lambda t: t.to(torch.complex64), "complex64"),
    ],
)
def test_tensors_that_are_no_plain_numbers_are_refused_as_what_they_are(
    tmp_path: Path, change: Callable[[Tensor], Tensor], words: str
) -> None:
    content = state()
    content["head.weight"] = change(content["head.weight"])
    with pytest.raises(WeightsError, match=rf"head\.weight {words}.* in the file, float32 in the"):
        loaded(saved(tmp_path / "w.pt", content))


def test_averaged_weights_without_names_are_said_not_to_be_read(tmp_path: Path) -> None:
    content = {"model": state(), "ema": {"decay": 0.9, "shadow_params": [torch.ones(2)]}}
    _, told = loaded(saved(tmp_path / "w.pt", content))
    assert told.notes[-1] == "what lies under ema has no names of tensors, and is not read"


def sharded(folder: Path, tensors: Tensors) -> Path:
    names = list(tensors)
    places = {n: f"model-0000{1 + (i % 2)}-of-00002.safetensors" for i, n in enumerate(names)}
    for file in set(places.values()):
        save_file({n: tensors[n] for n in names if places[n] == file}, folder / file)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return index


def test_weights_in_pieces_are_read_by_their_index(tmp_path: Path) -> None:
    net, told = loaded(sharded(tmp_path, state()))
    assert same(net, state())
    assert told.notes == ("read from 2 pieces",)


def test_the_checksum_of_weights_in_pieces_is_that_of_all(tmp_path: Path) -> None:
    index = sharded(tmp_path, state())
    before = read_weights(index).sha256
    other = sharded(tmp_path, state(2))
    assert before != read_weights(other).sha256


def test_one_piece_is_refused_with_the_name_of_the_index(tmp_path: Path) -> None:
    sharded(tmp_path, state())
    with pytest.raises(DataFormatError, match=r"piece 1 of 2; .*model\.safetensors\.index\.json"):
        loaded(tmp_path / "model-00001-of-00002.safetensors")


def test_a_piece_that_is_not_there_is_named(tmp_path: Path) -> None:
    index = sharded(tmp_path, state())
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(DataNotFoundError, match=r"no piece 'model-00002"):
        loaded(index)


def test_an_index_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "w.safetensors")
    inside = tmp_path / "inside"
    inside.mkdir()
    index = inside / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": dict.fromkeys(state(), "../w.safetensors")}))
    with pytest.raises(DataNotFoundError, match=r"no piece '\.\./w"):
        loaded(index)
