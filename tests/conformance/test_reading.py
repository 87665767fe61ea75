"""What a training reads of its recipe is what the recipe says is read: no more, no less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grevy
from grevy.recipes.config import Config
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe
from grevy.training.listeners.listener import Listener

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUICK: dict[str, Any] = {"batch_size": 36, "epochs": 1, "precision": "fp32"}
NETWORK = {"convnet": {"widths": [4, 4], "kernel": 3, "global_pooling": "max"}}

RECIPES: dict[str, dict[str, Any]] = {
    "base": {},
    "everything on": {
        "model": {**NETWORK, "convnet": {**NETWORK["convnet"], "whitening": 2, "norm": "batch"}},
        "selection": {"keep": 0.5, "train_every": 2, "proxy": {"convnet": {"widths": [3, 3]}}},
        "augment": {"flip": "random", "randaugment": 1, "cutout": 2, "mixup": 0.2, "sizes": [12]},
        "optimizer": {"name": "muon", "momentum": 0.6, "nesterov": True, "others": "sgd"},
        "schedule": {"name": "one-cycle"},
        "loss": {"name": "focal", "label_smoothing": 0.1},
        "lookahead": 2,
        "test_time_flip": True,
        "test_time_part": 0.5,
    },
    "frozen": {"transfer": {"train": "head"}, "model": NETWORK, "optimizer": {"name": "adam"}},
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[Any]:
    """Notes every field of every config that anybody asks for, by the config's type."""
    seen: set[Any] = set()

    def noting(self: Config, name: str) -> Any:
        if name in type(self).model_fields:
            seen.add((type(self).__name__, name))
        return object.__getattribute__(self, name)

    monkeypatch.setattr(Config, "__getattribute__", noting)
    return seen


def by_type(config: Config, unread: set[str], prefix: str = "") -> tuple[set[Any], set[Any]]:
    """(type, field) of what the config says is read, and of what it says is not."""
    yes: set[Any] = set()
    no: set[Any] = set()
    for name, value in config:
        path = f"{prefix}{name}"
        off = any(path == u or path.startswith(f"{u}.") for u in unread)
        (no if off else yes).add((type(config).__name__, name))
        if isinstance(value, Config) and not off:
            inner = by_type(value, unread, f"{path}.")
            yes, no = yes | inner[0], no | inner[1]
    return yes, no


SEEN_ELSEWHERE = {
    "AugmentConfig": "each augmentation is held to its fields in test_parts.py",
    "ConvNetConfig": "the builder takes all of them at once",
}
"""Configs whose fields are not asked for one by one, and why that is right."""

ONLY_FOR_SOME = {
    ("Recipe", "name"),  # for people
    ("Recipe", "description"),
    ("PicturesConfig", "unreadable"),  # where a picture can't be read
}

ASKED_IF_EMPTY = {
    *(("PicturesConfig", name) for name in ("splits", "split_column", "bits")),
    ("ModelConfig", "which"),
    ("SGDConfig", "nesterov"),
}
"""Empty, 16, plain or off, they say nothing and stay out of recipes; whether must be asked."""


@pytest.mark.parametrize("name", RECIPES)
def test_a_training_reads_what_its_recipe_says_is_read(
    name: str, stripes: Stripes, tmp_path: Path, read: set[Any]
) -> None:
    recipe: Recipe = load_recipe({**QUICK, **RECIPES[name]})
    yes, no = by_type(recipe, set(recipe.all_unread()))
    read.clear()
    grevy.train(stripes, recipe, out=tmp_path / "run", listener=Listener())
    expected = {one for one in yes if one[0] not in SEEN_ELSEWHERE} - ONLY_FOR_SOME
    assert expected - read == set()
    surplus = {one for one in no & read if one[0] not in SEEN_ELSEWHERE}
    assert surplus - ASKED_IF_EMPTY == set()
