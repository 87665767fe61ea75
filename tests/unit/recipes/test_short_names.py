"""One table of short names: on the command line, in studies, in YAML and in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from grevy.errors import RecipeFieldError, RecipeValueError
from grevy.recipes.changes import changed
from grevy.recipes.fields import field_names
from grevy.recipes.load import load_recipe
from grevy.recipes.nearest import nearest
from grevy.recipes.short_names import ELSEWHERE, SHORT, fields_like, full_field


def test_no_short_name_and_no_name_from_elsewhere_is_a_field_or_the_end_of_one() -> None:
    names = field_names()
    ends = {field.rpartition(".")[2] for field in names}
    rooms = {field.partition(".")[0] for field in names if "." in field}
    assert not {*SHORT, *ELSEWHERE} & {*names, *ends, *rooms}
    assert {*SHORT.values(), *ELSEWHERE.values()} <= set(names)


def test_a_mapping_and_yaml_take_short_names(tmp_path: Path) -> None:
    full = {"optimizer": {"name": "adam", "lr": 0.1}, "batch_size": 32, "model": {"name": "net1"}}
    short = {"optimizer": "adam", "lr": 0.1, "batch": 32, "model": "net1"}
    assert load_recipe(short) == load_recipe(full)
    (tmp_path / "mine.yaml").write_text("optimizer: adam\nlr: 0.1\nbatch: 32\nmodel: net1\n")
    assert load_recipe(tmp_path / "mine.yaml") == load_recipe(full)
    assert load_recipe({"optimizer.lr": 0.2}).optimizer.lr == 0.2


def test_what_is_given_stays_as_it_is() -> None:
    given = {"optimizer": {"momentum": 0.9}, "lr": 0.1}
    load_recipe(given)
    assert given == {"optimizer": {"momentum": 0.9}, "lr": 0.1}


def test_one_field_under_two_names_is_refused_unless_they_agree() -> None:
    with pytest.raises(RecipeValueError, match=r"lr = 0\.1 and optimizer\.lr = 0\.2"):
        load_recipe({"lr": 0.1, "optimizer": {"lr": 0.2}})
    assert load_recipe({"lr": 0.2, "optimizer": {"lr": 0.2}}).optimizer.lr == 0.2
    with pytest.raises(RecipeValueError, match=r"optimizer\.lr twice"):
        changed(load_recipe("base"), {"lr": 0.1, "optimizer.lr": 0.2}, "here")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("learning_rate", "optimizer.lr"),
        ("learn_rate", "optimizer.lr"),
        ("num-epochs", "epochs"),
        ("wieght_decay", "optimizer.weight_decay"),
        ("dropuot", "model.convnet.dropout"),
        ("optimzer", "optimizer.name"),
        ("bach_size", "batch_size"),
    ],
)
def test_a_mistaken_name_is_told_its_field_first(name: str, field: str) -> None:
    assert fields_like(name)[0] == field
    with pytest.raises(RecipeFieldError, match=field):
        load_recipe({name: 1})
    with pytest.raises(RecipeFieldError, match=field):
        full_field(name)


def test_a_name_that_nothing_is_near_gets_no_suggestion() -> None:
    assert fields_like("zzzzqq") == []


def test_nearest_takes_beginnings_then_likeness_and_what_is_the_same_alone() -> None:
    assert nearest("bse", ["base", "best", "net1"]) == ["base", "best"]
    assert nearest("epo", ["epochs", "checks_per_epoch"]) == ["epochs"]
    assert nearest("Batch-Size", ["batch_size", "batch_sizes"]) == ["batch_size"]
