"""What a run is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grevy.recipes.changes import changed
from grevy.recipes.fields import field_names
from grevy.recipes.load import load_recipe, named_recipes
from grevy.recipes.own_changes import own_changes, short_field
from grevy.recipes.schema import Recipe
from grevy.recipes.short_names import full_field
from grevy.records.run_name import LONGEST, run_name, slug


def recipe(name: str = "base", **changes: Any) -> Recipe:
    """A named recipe with changes; `__` is a dot."""
    dotted = {field.replace("__", "."): value for field, value in changes.items()}
    return changed(load_recipe(name), dotted, "here")


@pytest.mark.parametrize("name", named_recipes())
def test_a_named_recipe_is_called_by_its_name_alone(name: str) -> None:
    assert run_name("digits", load_recipe(name), 0) == f"digits-{name}-seed0"


@pytest.mark.parametrize(
    ("data", "own", "seed", "name"),
    [
        ("animals", recipe(lr=0.1), 0, "animals-base-lr0.1-seed0"),
        ("animals", recipe("best", lr=0.1, epochs=3), 7, "animals-best-lr0.1-epochs3-seed7"),
        ("animals", recipe(flip="random"), 0, "animals-base-flip-random-seed0"),
        ("animals", recipe(norm="batch"), 0, "animals-base-norm-batch-seed0"),
        ("animals", recipe(widths=[8, 16]), 0, "animals-base-widths-8-16-seed0"),
        ("animals", recipe(optimizer="adam"), 0, "animals-base-optimizer-adam-seed0"),
        ("animals", recipe(test_time_flip=True), 0, "animals-base-test-time-flip-seed0"),
        ("animals", recipe("best", model__name="net1"), 0, "animals-best-net1-seed0"),
        ("animals", recipe(model__name="net1"), 0, "animals-net1-seed0"),
        ("animals", recipe("net1", model__name="resnet18"), 0, "animals-net1-resnet18-seed0"),
        ("animals", recipe(model__name="mynet"), 0, "animals-mynet-seed0"),
        ("animals", recipe(model__name="mynet.py:Net"), 0, "animals-mynet-seed0"),
        ("animals", recipe(model__name="/home/me/nets.py:Small"), 0, "animals-Small-seed0"),
        ("animals", recipe(model__name="timm:resnet50"), 0, "animals-timm-resnet50-seed0"),
        ("animals", recipe(model__name="mynet", lr=0.1), 0, "animals-mynet-lr0.1-seed0"),
        ("my pictures", recipe(), 0, "my-pictures-base-seed0"),
        ("../../etc", recipe(), 0, "etc-base-seed0"),
        ("猫と犬", recipe(), 0, "猫と犬-base-seed0"),
        ("\x1b[31m\n", recipe(), 0, "31m-base-seed0"),
        ("...", recipe(), 0, "data-base-seed0"),
    ],
)
def test_names(data: str, own: Recipe, seed: int, name: str) -> None:
    assert run_name(data, own, seed) == name


def test_a_recipe_of_the_users_own_is_called_as_it_is() -> None:
    own = load_recipe({"name": "mine", "epochs": 3, "model": {"name": "mynet"}})
    assert run_name("digits", own, 0) == "digits-mine-mynet-seed0"
    same = load_recipe({"name": "mynet", "model": {"name": "mynet"}})
    assert run_name("digits", same, 0) == "digits-mynet-seed0"


def test_three_changes_are_spelled_out_and_a_digest_tells_more_apart() -> None:
    three = {"lr": 0.1, "epochs": 3, "batch_size": 32}
    assert run_name("d", recipe(**three), 0) == "d-base-lr0.1-batch-size32-epochs3-seed0"
    four = run_name("d", recipe(**three, patience=1), 0)
    other = run_name("d", recipe(**three, patience=2), 0)
    assert four.startswith("d-base-lr0.1-batch-size32-epochs3-")
    assert four != other
    assert four == run_name("d", recipe(**three, patience=1), 0)


@pytest.mark.parametrize("letter", ["a", "é", "猫", "🐱"])
def test_a_name_is_never_too_long_for_a_file_system(tmp_path: Path, letter: str) -> None:
    own = recipe(model__name=200 * letter, model__weights=f"/{200 * letter}.safetensors", lr=0.1)
    own = own.model_copy(update={"name": 200 * letter})
    for data in ("digits", 200 * letter):
        name = run_name(data, own, 2**63)
        assert len(name.removesuffix(f"-seed{2**63}").encode()) <= LONGEST
        (tmp_path / name).mkdir()  # the file system takes it


def test_long_names_that_differ_at_their_ends_stay_apart() -> None:
    one, other = (run_name(100 * "x" + end, recipe(), 0) for end in "ab")
    assert one != other


def test_a_slug_is_never_empty_hidden_or_a_flag() -> None:
    for text in ("", ".", "..", "-", "--help", ".hidden", "/", "\0"):
        found = slug(text, "arm")
        assert found
        assert found[0] not in ".-"
        assert "/" not in found


def test_short_fields_mean_their_fields() -> None:
    for field in field_names():
        if field not in ("name", "description"):
            assert full_field(short_field(field)) == field
    assert short_field("optimizer.lr") == "lr"
    assert short_field("optimizer.name") == "optimizer"
    assert short_field("model.convnet.norm") == "norm"
    assert short_field("selection.proxy.convnet.norm") == "proxy.convnet.norm"


def test_what_a_recipe_changes_is_against_the_one_of_its_name() -> None:
    assert own_changes(recipe("net2", lr=0.1)) == {"lr": 0.1}
    assert own_changes(recipe(model__name="mynet")) == {}
    assert own_changes(load_recipe({"name": "mine", "epochs": 3})) == {}
