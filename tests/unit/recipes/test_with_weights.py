"""A recipe that begins with weights from elsewhere, by one word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import grevy
from grevy.cli.train import parsed
from grevy.errors import UsageError
from grevy.models.transfer.published import published_names
from grevy.recipes.beside_weights import preprocessing_beside
from grevy.recipes.with_weights import PUBLISHED


def test_pretrained_brings_what_belongs_to_the_weights_where_the_recipe_has_defaults() -> None:
    plain = grevy.load_recipe("base").model_copy(update={"name": "mine"})
    recipe = grevy.with_weights(plain, pretrained=True)
    assert recipe.model.weights == "pretrained"
    assert (recipe.model.resize, recipe.model.interpolation) == ("weights", "weights")
    assert (recipe.pictures.mean, recipe.pictures.standard_deviation) == ("weights", "weights")
    own = grevy.load_recipe({"model": {"resize": 96}, "pictures": {"mean": [0.4]}})
    kept = grevy.with_weights(own, pretrained=True)
    assert (kept.model.resize, kept.pictures.mean) == (96, (0.4,))


def test_a_file_brings_nothing_but_itself_and_the_layers_that_are_named() -> None:
    recipe = grevy.with_weights("net1", weights="mine.safetensors", layers="last:2")
    assert recipe.model.weights == "mine.safetensors"
    assert recipe.transfer.train == "last:2"
    assert recipe.pictures == grevy.load_recipe("net1").pictures


def test_two_sources_are_refused() -> None:
    with pytest.raises(UsageError, match="one of them"):
        grevy.with_weights("base", pretrained=True, weights="mine.safetensors")


def test_nothing_asked_changes_nothing() -> None:
    assert grevy.with_weights("net2") == grevy.load_recipe("net2")


@pytest.mark.parametrize("name", ["timm:vit_tiny_patch16_224", "torchvision:vgg11", "resnet18"])
def test_a_file_of_a_published_network_brings_what_pretrained_brings(name: str) -> None:
    plain = {"model": {"name": name}}
    by_file = grevy.with_weights(plain, weights="mine.pth")
    published = grevy.with_weights(plain, pretrained=True)
    assert by_file.pictures == published.pictures
    assert by_file.model == published.model.model_copy(update={"weights": "mine.pth"})


def test_the_network_may_be_named_later_than_the_recipe() -> None:
    recipe = grevy.with_weights("base", weights="mine.pth", model="timm:vit_tiny_patch16_224")
    assert recipe.pictures.mean == "weights"


def test_the_networks_that_are_known_here_are_those_that_are_published() -> None:
    assert published_names() == PUBLISHED


RUN = {
    "preprocessing": {
        **{"channels": 3, "height": 40, "width": 40, "fit": "crop"},
        **{"mean": [0.3, 0.4, 0.5], "standard_deviation": [0.1, 0.2, 0.3]},
    },
    "data": {"classes": ["a", "b"]},
}
TIMM = {
    "architecture": "resnet18",
    "pretrained_cfg": {
        **{"input_size": [3, 40, 40], "interpolation": "bilinear"},
        **{"mean": [0.3, 0.4, 0.5], "std": [0.1, 0.2, 0.3]},
    },
}


@pytest.mark.parametrize(("name", "content"), [("run.json", RUN), ("config.json", TIMM)])
@pytest.mark.parametrize("recipe", ["base", "resnet18-transfer"])
def test_what_lies_beside_a_file_says_how_its_pictures_looked(
    tmp_path: Path, name: str, content: object, recipe: str
) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"")
    (tmp_path / name).write_text(json.dumps(content))
    found = grevy.with_weights(recipe, weights=str(weights))
    assert found.pictures.mean == (0.3, 0.4, 0.5)
    assert found.pictures.standard_deviation == (0.1, 0.2, 0.3)
    assert found.model.resize == (40 if recipe == "base" else 224)  # that recipe says 224 itself
    assert found.model.interpolation == "bilinear"


def test_what_the_recipe_says_itself_stays(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    (tmp_path / "model.safetensors").write_bytes(b"")
    own = {"pictures": {"mean": [0.7]}, "model": {"resize": 96}}
    found = grevy.with_weights(own, weights=str(tmp_path / "model.safetensors"))
    assert (found.pictures.mean, found.model.resize) == ((0.7,), 96)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"preprocessing": {"mean": []}}', '{"a": 1}'])
def test_other_files_of_these_names_say_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "w.pt").write_bytes(b"")
    for name in ("run.json", "config.json"):
        (tmp_path / name).write_text(content)
    assert preprocessing_beside(tmp_path / "w.pt") is None


def test_averaged_weights_are_asked_for_by_one_word() -> None:
    assert grevy.with_weights("base", weights="w.pt", which="ema").model.which == "ema"
    for wrong in ({"pretrained": True}, {}):
        with pytest.raises(UsageError, match="--which ema without a file"):
            grevy.with_weights("base", which="ema", **wrong)


def test_the_words_of_the_command_line_are_the_same() -> None:
    words = ["data", "--model", "timm:vit_tiny_patch16_224", "--weights", "w.pt", "--which", "ema"]
    _, recipe = parsed([*words, "--pictures.standard-deviation", "0.25"], grevy.load_recipe("base"))
    assert recipe.model.which == "ema"
    assert recipe.model.weights == "w.pt"
    assert (recipe.pictures.mean, recipe.model.resize) == ("weights", "weights")
    assert recipe.pictures.standard_deviation == (0.25,)  # said, though it is the default
    named = ["data", "--model.name", "torchvision:vgg11", "--weights", "w.pt"]
    assert parsed(named, grevy.load_recipe("base"))[1].pictures.mean == "weights"
