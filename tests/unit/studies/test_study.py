"""What a study may say, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grevy.errors import (
    AmbiguousFieldError,
    RecipeFieldError,
    RecipeValueError,
    SameArmsError,
    StudyFileError,
)
from grevy.recipes import short_names as fields
from grevy.recipes.changes import changed, differences, parse_changes
from grevy.recipes.load import load_recipe
from grevy.recipes.short_names import full_field
from grevy.studies.study import load_study


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("norm", "model.convnet.norm"),
        ("augment.flip", "augment.flip"),
        ("flip", "augment.flip"),
        ("optimizer", "optimizer.name"),
        ("batch-size", "batch_size"),
        ("widths", "model.convnet.widths"),
        ("test_time_flip", "test_time_flip"),
    ],
)
def test_short_names_mean_one_field(short: str, full: str) -> None:
    assert full_field(short) == full


def test_a_short_name_of_several_fields_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "field_names", lambda: ["first.every", "second.every"])
    with pytest.raises(AmbiguousFieldError, match=r"first\.every, second\.every"):
        full_field("every")


def test_changes_are_yaml_and_may_have_a_name() -> None:
    assert parse_changes("Adam: optimizer=adam,lr=0.001") == (
        "Adam",
        {"optimizer.name": "adam", "optimizer.lr": 0.001},
    )
    assert parse_changes("widths=[16, 32],flip=true") == (
        "widths=[16, 32],flip=true",
        {"model.convnet.widths": [16, 32], "augment.flip": True},
    )
    with pytest.raises(StudyFileError, match="norm"):
        parse_changes("norm")


def test_a_changed_recipe_differs_in_what_was_changed_and_nothing_else() -> None:
    base = load_recipe("base")
    other = changed(base, {"norm": "batch", "augment.flip": True}, "here")
    assert differences(base, other) == {"model.convnet.norm": "batch", "augment.flip": "random"}
    assert differences(base, base.model_copy(update={"name": "other"})) == {}


def test_every_way_to_ask_for_arms() -> None:
    study = load_study(
        {
            "where": "digits",
            "base": "net2",
            "arms": {"whole": "net1", "two": {"norm": "batch", "lr": 0.1}},
            "vary": ["activation=elu"],
            "drop": ["augment.flip"],
            "grid": {"batch_size": [32, 64], "lr": [0.05, 0.2]},
            "seeds": [3, 1, 3],
        }
    )
    assert [arm.name for arm in study.arms] == [
        "baseline", "whole", "two", "activation=elu", "without augment.flip",
        "batch_size=32, lr=0.05", "batch_size=32, lr=0.2", "batch_size=64, lr=0.2",
    ]  # fmt: skip
    assert study.seeds == (3, 1)
    assert study.arms[4].recipe.augment.flip == "none"
    assert study.arms[2].recipe.optimizer.lr == 0.1


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"vary": ["nrom=batch"]}, RecipeFieldError, "nrom"),
        ({"vary": ["norm=bach"]}, RecipeValueError, "bach"),
        ({"vary": ["lr=0.05"]}, SameArmsError, "same as the baseline"),
        ({"vary": ["lr=0.1", "optimizer.lr=0.1"]}, SameArmsError, "same as the arm 'lr=0.1'"),
        ({"vary": ["a: lr=0.1", "a: lr=0.2"]}, SameArmsError, "2 arms with the name 'a'"),
        ({"arms": {"baseline": {"lr": 0.1}}}, SameArmsError, "name 'baseline'"),
        ({"drop": ["augment.flip"]}, SameArmsError, "without augment.flip"),
        ({}, StudyFileError, "baseline alone"),
        ({"arm": {}}, StudyFileError, "'arm'.*arms"),
        ({"vary": ["lr=0.1"], "seeds": 0}, StudyFileError, "seeds = 0"),
        ({"vary": ["lr=0.1"], "margin": 2}, StudyFileError, "margin"),
    ],
)
def test_what_is_refused_is_named(
    fields: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        load_study({"where": "digits", **fields})


def test_a_study_without_data_and_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="without 'where'"):
        load_study({"vary": ["lr=0.1"]})
    with pytest.raises(StudyFileError, match="can't be read"):
        load_study(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("[1, 2]")
    with pytest.raises(StudyFileError, match="no fields"):
        load_study(tmp_path / "list.yaml")
