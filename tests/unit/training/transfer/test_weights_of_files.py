"""Training that begins with a file's weights: on pictures as these were made with, and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import grevy
from grevy.errors import NotFiniteError, RecipeValueError
from grevy.models import build_model
from grevy.models.transfer.initial import begin_with
from grevy.models.transfer.preprocessing import other_statistics, preprocessing_note
from grevy.recipes.load import load_recipe
from grevy.training.listeners.listener import Listener

Arrays = dict[str, tuple[np.ndarray, np.ndarray]]
INCEPTION = "timm:inception_v4"
VIT = "timm:vit_tiny_patch16_224"


class Ears(Listener):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def said(self, text: str) -> None:
        self.heard.append(text)


def resnet(seed: int, classes: int = 9) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return build_model("resnet18", (3, 16, 16), classes).state_dict()


def train(place: Path, data: Arrays, recipe: Any, listener: Listener | None = None) -> grevy.Run:
    short = {"epochs": 1, "batch_size": 20, "precision": "fp32", "checks_per_epoch": 1}
    recipe = load_recipe(recipe).model_copy(update=short)
    return grevy.train(data, recipe, out=place, listener=listener or Listener())


@pytest.mark.parametrize(
    ("name", "mean", "deviation", "side"),
    [(VIT, 0.5, 0.5, 224), (INCEPTION, 0.5, 0.5, 299), ("resnet18", 0.485, 0.229, 224)],
)
def test_the_note_says_what_is_taken_and_from_whom(
    name: str, mean: float, deviation: float, side: int
) -> None:
    by_file = grevy.with_weights({"model": {"name": name}}, weights="mine.pth")
    note = preprocessing_note(by_file)
    assert note is not None
    assert f"mean {mean}" in note
    assert f"standard deviation {deviation}" in note
    assert f"{side} pixels" in note
    assert name.removeprefix("timm:") in note
    assert "say how: pictures.mean" in note
    assert other_statistics(by_file) is None


def test_weights_of_one_network_that_want_different_means_are_told_apart_by_their_tag() -> None:
    def note(name: str) -> str:
        return preprocessing_note(grevy.with_weights({"model": {"name": name}}, weights="w.pth"))

    assert "mean 0.485" in note("timm:tf_efficientnet_b0")
    assert "name the tag, as in timm:tf_efficientnet_b0.ap_in1k" in note("timm:tf_efficientnet_b0")
    assert "mean 0.5, 0.5, 0.5" in note("timm:tf_efficientnet_b0.ap_in1k")
    assert "tag" not in note("timm:tf_efficientnet_b0.ap_in1k")


def test_another_normalisation_than_the_file_was_made_with_is_said() -> None:
    recipe = load_recipe({"model": {"name": VIT, "weights": "mine.pth"}})
    assert "were made with mean 0.5, 0.5, 0.5" in (preprocessing_note(recipe) or "")
    assert "this recipe has 0.5 and 0.25" in (other_statistics(recipe) or "")


def test_where_nothing_is_known_it_is_said_what_was_taken() -> None:
    note = preprocessing_note(grevy.with_weights("net1", weights="mine.pth"))
    assert note is not None
    assert "nothing says how pictures looked" in note
    assert "mean 0.5 and standard deviation 0.25 are the recipe's" in note
    assert preprocessing_note(load_recipe("net1")) is None


def test_the_weights_of_a_run_bring_its_preprocessing(tmp_path: Path, stripes: Arrays) -> None:
    own = {"pictures": {"mean": [0.3], "standard_deviation": [0.7]}, "model": {"name": "base"}}
    first = train(tmp_path / "first", stripes, own)
    path = str(first.path / "model.safetensors")
    ears = Ears()
    second = train(tmp_path / "second", stripes, grevy.with_weights("base", weights=path), ears)
    assert second.record.preprocessing.mean == first.record.preprocessing.mean
    assert second.record.preprocessing.standard_deviation == pytest.approx((0.7,))
    assert any("first/run.json has them" in text for text in ears.heard)
    assert any("run.json has them" in note for note in second.record.weights.notes)
    (first.path / "run.json").unlink()  # the second run does not need it any more
    assert grevy.evaluate(second, stripes)["n"] == len(stripes["test"][1])
    assert grevy.open_run(second.path).record.load_recipe().pictures.mean == pytest.approx((0.3,))


def test_weights_of_a_run_are_not_taken_by_the_name_of_their_network(
    tmp_path: Path, stripes: Arrays
) -> None:
    first = train(tmp_path / "first", stripes, {"model": {"name": "resnet18"}})
    recipe = {
        "model": {"name": "resnet18", "weights": str(first.path / "model.safetensors")},
        "pictures": {"mean": "weights", "standard_deviation": "weights"},
    }
    with pytest.raises(RecipeValueError, match=r"its numbers: resize 16, mean \[0\.5\]"):
        train(tmp_path / "second", stripes, recipe)


def test_what_is_done_to_a_file_is_said_and_recorded(tmp_path: Path, stripes: Arrays) -> None:
    path = tmp_path / "last.ckpt"
    content = {f"net.{name}": tensor for name, tensor in resnet(1).items()}
    torch.save({"state_dict": content, "epoch": 3}, path)
    ears = Ears()
    recipe = {"model": {"name": "resnet18", "weights": str(path)}, "transfer": {"train": "head"}}
    run = train(tmp_path / "run", stripes, recipe, ears)
    assert run.record.weights.notes[:2] == (
        "read from 'state_dict' in the file",
        "took the prefix 'net.' off every name",
    )
    assert "the head fc is new: 2 outputs (9 outputs in the file)" in run.record.weights.notes
    for note in run.record.weights.notes:
        assert f"weights: {note}" in ears.heard


def test_averaged_and_plain_weights_of_one_file_have_features_of_their_own(
    tmp_path: Path, stripes: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREVY_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "w.pt"
    torch.save({"model": resnet(1), "model_ema": resnet(2)}, path)
    runs = {}
    for which, seed in (("plain", 1), ("ema", 2)):
        recipe = {
            "model": {"name": "resnet18", "weights": str(path), "which": which},
            "transfer": {"train": "head"},
        }
        runs[which] = train(tmp_path / which, stripes, recipe)
        begun = load_file(runs[which].path / "model.safetensors")
        torch.testing.assert_close(
            begun["layer4.1.conv2.weight"], resnet(seed)["layer4.1.conv2.weight"]
        )
    first, second = (runs[which].steps[0]["loss"] for which in ("plain", "ema"))
    assert first != second
    assert runs["plain"].record.identity != runs["ema"].record.identity


def test_the_head_of_the_file_may_be_of_any_shape_or_none() -> None:
    from tempfile import TemporaryDirectory

    body = {n: t for n, t in resnet(1).items() if not n.startswith("fc.")}
    heads = {
        "the file has none": {},
        "9 outputs in the file": {"fc.weight": torch.ones(9, 512), "fc.bias": torch.ones(9)},
        "the file has other layers there": {"fc.0.weight": torch.ones(5, 512)},
    }
    for words, head in heads.items():
        with TemporaryDirectory() as folder:
            save_file(body | head, Path(folder) / "w.safetensors")
            network = build_model("resnet18", (3, 16, 16), 3)
            begun = begin_with(network, "resnet18", f"{folder}/w.safetensors")
        assert f"the head fc is new: 3 outputs ({words})" in begun.loaded.notes
        assert len(begun.loaded.loaded) == len(body)


def test_a_norm_behind_the_head_is_new_with_it(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_file(build_model("net1", (3, 32, 32), 7).state_dict(), file)
    begun = begin_with(build_model("net1", (3, 32, 32), 3), "net1", str(file))
    assert begun.to_dict()["fresh"] == ["linear2", "norm5"]
    assert "the head linear2 is new: 3 outputs (7 outputs in the file)" in begun.loaded.notes


def test_a_backbone_with_another_head_beside_it_is_taken(tmp_path: Path) -> None:
    body = {f"backbone.{n}": t for n, t in resnet(1).items() if not n.startswith("fc.")}
    save_file(body | {"head.weight": torch.ones(5, 512)}, tmp_path / "w.safetensors")
    network = build_model("resnet18", (1, 16, 16), 3)
    begun = begin_with(network, "resnet18", str(tmp_path / "w.safetensors"))
    assert "left out what stands beside it: head.weight" in begun.loaded.notes
    assert any("summed over its 3 channels" in note for note in begun.loaded.notes)


def test_weights_that_are_not_finite_begin_nothing(tmp_path: Path) -> None:
    content = resnet(1)
    content["layer2.0.conv1.weight"][0, 0, 0, 0] = float("nan")
    save_file(content, tmp_path / "w.safetensors")
    network = build_model("resnet18", (3, 16, 16), 3)
    before = nn.utils.parameters_to_vector(network.parameters()).clone()
    with pytest.raises(NotFiniteError, match=r"1 number NaN or infinite: layer2\.0\.conv1"):
        begin_with(network, "resnet18", str(tmp_path / "w.safetensors"))
    assert torch.equal(nn.utils.parameters_to_vector(network.parameters()), before)
