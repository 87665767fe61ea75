"""What `weights` stands for: size, interpolation and statistics of the published weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.errors import RecipeValueError
from grevy.models.transfer import preprocessing
from grevy.models.transfer.preprocessing import (
    builder_arguments,
    input_side_of,
    pictures_as_read,
    statistics_as_published,
)
from grevy.models.transfer.published import published_preprocessing
from grevy.recipes.load import load_recipe
from grevy.training.listeners.listener import Listener

FOLLOWS = {"resize": "weights", "interpolation": "weights"}


@pytest.mark.parametrize(
    ("name", "side", "interpolation", "mean"),
    [
        ("resnet18", 224, "bilinear", 0.485),
        ("timm:tf_efficientnet_lite0", 224, "bicubic", 127 / 255),
        ("timm:tf_efficientnet_b3", 300, "bicubic", 0.485),
        ("torchvision:efficientnet_b3", 300, "bicubic", 0.485),
        ("torchvision:resnet18", 224, "bilinear", 0.485),
    ],
)
def test_it_is_what_the_publisher_says(
    name: str, side: int, interpolation: str, mean: float
) -> None:
    recipe = load_recipe({"model": {"name": name, **FOLLOWS}, "pictures": {"mean": "weights"}})
    assert builder_arguments(recipe.model) == {"resize": side, "interpolation": interpolation}
    assert pictures_as_read(recipe).auto_side == side
    means, deviation = statistics_as_published(recipe)
    assert means[0] == pytest.approx(mean)
    assert deviation == (0.25,)


def test_numbers_of_the_recipe_stay_as_they_are() -> None:
    recipe = load_recipe({"model": {"name": "resnet18", "resize": 96}})
    assert builder_arguments(recipe.model) == {"resize": 96, "interpolation": "bicubic"}
    assert input_side_of(recipe.model) == 96
    plain = load_recipe("base")
    assert pictures_as_read(plain) == plain.pictures
    assert builder_arguments(plain.model) == {}


def test_an_interpolation_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    other = replace(published_preprocessing("resnet18"), interpolation="lanczos")
    monkeypatch.setattr(preprocessing, "published_preprocessing", lambda _: other)
    recipe = load_recipe({"model": {"name": "resnet18", **FOLLOWS}})
    with pytest.raises(RecipeValueError, match=r"lanczos.*bilinear or bicubic"):
        builder_arguments(recipe.model)


def test_photographs_are_decoded_at_the_side_that_the_network_wants(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(24):
        folder = tmp_path / "photos" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        size = (int(random.integers(120, 160)), 140, 3)
        pixels = random.integers(0, 255, size, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    recipe = {
        "model": {"name": "resnet18", "resize": 48},
        "transfer": {"train": "head"},
        "batch_size": 4,
        "epochs": 1,
    }
    run = grevy.train(str(tmp_path / "photos"), recipe, out=tmp_path / "run", listener=Listener())
    assert run.record.preprocessing.height == run.record.preprocessing.width == 48
    assert run.record.preprocessing.interpolation is None  # the network got them at its size
    assert grevy.predict(run, [tmp_path / "photos" / "a" / "0.jpg"])[0].class_name in ("a", "b")
    assert grevy.evaluate(run, split="validation")["n"] == 2
