"""Weights from files into networks."""

import hashlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from grevy.errors import DataFormatError, DataNotFoundError, UnsafePickleError, WeightsError
from grevy.models import build_model
from grevy.models.weights import load_weights


class Small(nn.Module):
    """Nine tensors: the names of a convolution, a batch normalisation and a linear layer."""

    def __init__(self, channels: int = 3, classes: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.head = nn.Linear(2, classes)

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(images_BCHW)).mean((2, 3)))


class Foreign:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("never",)


def trained() -> Small:
    torch.manual_seed(5)
    model = Small().eval()
    model.norm.running_mean.uniform_()
    return model


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(t, other.state_dict()[n]) for n, t in one.state_dict().items())


def saved(path: Path, content: object) -> Path:
    save_file(content, path) if path.suffix == ".safetensors" else torch.save(content, path)
    return path


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.pth", "W.PTH"])
def test_all_weights_come_back_from_every_kind_of_file(tmp_path: Path, name: str) -> None:
    path, model = saved(tmp_path / name, trained().state_dict()), Small()
    told = load_weights(model, str(path))
    assert same(model, trained())
    assert told.loaded == tuple(model.state_dict())
    assert (told.missing, told.unexpected, told.mismatched, told.notes) == ((), (), (), ())
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict"])
def test_a_checkpoint_of_a_parallel_training_is_unwrapped_and_says_so(
    tmp_path: Path, key: str
) -> None:
    content = {f"module.{name}": tensor for name, tensor in trained().state_dict().items()}
    path, model = saved(tmp_path / "w.pt", {"epoch": 3, key: content}), Small()
    told = load_weights(model, path)
    assert same(model, trained())
    assert key in told.notes[0]
    assert "module." in told.notes[1]


def test_batch_counters_may_be_absent(tmp_path: Path) -> None:
    content = trained().state_dict()
    del content["norm.num_batches_tracked"]
    told = load_weights(Small(), saved(tmp_path / "w.pt", content))
    assert told.missing == ()
    assert len(told.loaded) == 8


def test_missing_tensors_are_named_with_the_way_out_and_nothing_is_loaded(tmp_path: Path) -> None:
    content = {k: v for k, v in trained().state_dict().items() if k.startswith("conv")}
    model, before = Small(), Small()
    before.load_state_dict(model.state_dict())
    with pytest.raises(WeightsError) as raised:
        load_weights(model, saved(tmp_path / "w.pt", content))
    assert "fit 2 of the model's 9 tensors" in str(raised.value)
    assert "lacks 6 (norm.weight, norm.bias, norm.running_mean and 3 more)" in str(raised.value)
    assert "--partial" in str(raised.value)
    assert same(model, before)


def test_a_head_of_other_classes_is_refused_with_both_shapes(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.safetensors", trained().state_dict())
    shape = r"head.weight \[4, 2\] in the file, \[7, 2\] in the model"
    with pytest.raises(WeightsError, match=shape):
        load_weights(Small(classes=7), path)


def test_partial_leaves_the_head_of_other_classes_as_initialised(tmp_path: Path) -> None:
    path, model = saved(tmp_path / "w.safetensors", trained().state_dict()), Small(classes=7)
    head = model.head.weight.clone()
    told = load_weights(model, path, partial=True)
    assert told.mismatched == ("head.weight", "head.bias")
    assert torch.equal(model.head.weight, head)
    assert torch.equal(model.norm.running_mean, trained().norm.running_mean)
    assert "[4, 2] in the file, [7, 2] in the model" in told.notes[-1]


def test_weights_of_a_deeper_network_that_holds_all_names_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pt", build_model("resnet34", (3, 32, 32), 10).state_dict())
    with pytest.raises(WeightsError, match=r"adds 96 \(layer1\.2\.conv1\.weight"):
        load_weights(build_model("resnet18", (3, 32, 32), 10), path)


def test_partial_weights_of_which_nothing_fits_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pt", {"other": torch.ones(2)})
    with pytest.raises(WeightsError, match="fit 0 of the model's 9"):
        load_weights(Small(), path, partial=True)


def test_integers_do_not_become_weights(tmp_path: Path) -> None:
    content = trained().state_dict() | {"head.bias": torch.ones(4, dtype=torch.int64)}
    with pytest.raises(WeightsError, match=r"head\.bias int64 in the file, float32 in the model"):
        load_weights(Small(), saved(tmp_path / "w.pt", content))


def test_half_precision_is_widened_and_noted(tmp_path: Path) -> None:
    content = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in trained().state_dict().items()
    }
    model = Small()
    told = load_weights(model, saved(tmp_path / "w.safetensors", content))
    assert told.notes == ("numbers converted from float16 to float32",)
    assert torch.equal(model.conv.weight, trained().conv.weight.half().float())


def test_rgb_filters_are_summed_for_a_gray_model_which_then_answers_alike(tmp_path: Path) -> None:
    path, gray = saved(tmp_path / "w.pt", trained().state_dict()), Small(channels=1).eval()
    told = load_weights(gray, path)
    images_B1HW = torch.randn(2, 1, 8, 8)
    repeated_B3HW = images_B1HW.expand(-1, 3, -1, -1)
    torch.testing.assert_close(gray(images_B1HW), trained()(repeated_B3HW))
    assert "conv.weight: summed over its 3 channels" in told.notes[0]


def test_filters_are_not_summed_for_a_model_of_two_channels(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pt", trained().state_dict())
    with pytest.raises(WeightsError, match=r"conv\.weight \[2, 3, 3, 3\] in the file"):
        load_weights(Small(channels=2), path)


def test_the_imagenet_filters_alone_load_partially_into_resnet18(test_data: Path) -> None:
    path = test_data / "resnet18_imagenet_conv1.safetensors"
    model = build_model("resnet18", (3, 64, 64), 10)
    told = load_weights(model, path, partial=True)
    assert told.loaded == ("conv1.weight",)
    assert len(told.missing) == 122 - 1 - 20
    assert model.conv1.weight.abs().max() > 0.5
    with pytest.raises(WeightsError, match="--partial"):
        load_weights(model, path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="check the path"):
        load_weights(Small(), tmp_path / "w.pt")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that fails when read")
def test_a_file_that_the_disk_does_not_give_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "w.pt").symlink_to("/proc/self/mem")
    with pytest.raises(DataFormatError, match=r"can't be read \(OSError"):
        load_weights(Small(), tmp_path / "w.pt")


def test_other_kinds_of_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.onnx").write_bytes(b"1")
    with pytest.raises(DataFormatError, match=r"\.safetensors, \.pt, \.pth"):
        load_weights(Small(), tmp_path / "w.onnx")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("kept", [0, 20, 0.5, -1])
def test_truncated_files_are_refused_in_one_line(tmp_path: Path, suffix: str, kept: float) -> None:
    path = saved(tmp_path / f"w{suffix}", trained().state_dict())
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if kept == 0.5 else int(kept)])
    with pytest.raises(DataFormatError, match=r"can't be read .*get the file again") as raised:
        load_weights(Small(), path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_web_page_under_the_name_of_weights_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    path.write_text("<!DOCTYPE html><html><body>404</body></html>")
    with pytest.raises(DataFormatError, match="can't be read"):
        load_weights(Small(), path)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_wants_to_build_something_is_named_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Foreign()}, "w.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(UnsafePickleError, match=r"ask for (posix|nt)\.mkdir; .*safetensors"):
        load_weights(Small(), "w.pt")
    assert not Path("never").exists()


def test_a_whole_pickled_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafePickleError, match=r"torch\.nn\.modules\.linear\.Linear"):
        load_weights(Small(), saved(tmp_path / "w.pt", nn.Linear(2, 2)))


@pytest.mark.parametrize(
    ("content", "what"),
    [([1, 2], "holds a list"), ({}, "holds no tensor"), ({"epoch": 3}, "int under 'epoch'")],
)
def test_a_file_without_a_state_dict_says_what_it_holds(
    tmp_path: Path, content: object, what: str
) -> None:
    with pytest.raises(DataFormatError, match=what):
        load_weights(Small(), saved(tmp_path / "w.pt", content))
