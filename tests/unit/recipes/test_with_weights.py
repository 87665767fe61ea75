"""A recipe that begins with weights from elsewhere, by one word."""

from __future__ import annotations

import pytest

import grevy
from grevy.errors import UsageError


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
