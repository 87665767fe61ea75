"""Recipes know what they read: the rest is refused, falls away, or is not in the record."""

from __future__ import annotations

from typing import Any

import pytest

from grevy.errors import GrevyError, RecipeError, RecipeValueError, SameArmsError, UnreadFieldError
from grevy.recipes.changes import changed, differences, same_training
from grevy.recipes.load import load_recipe, named_recipes
from grevy.recipes.migrate import as_today, recorded_recipe
from grevy.recipes.schema import Recipe
from grevy.studies.study import load_study

ADAM: dict[str, Any] = {"optimizer": {"name": "adam", "lr": 0.001}}


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ("optimizer.momentum=0.9", r"optimizer\.momentum = 0\.9 for adam: it is read by sgd and m"),
        ("schedule.every=5", r"schedule\.every = 5 for constant: it is read by step"),
        ("optimizer.iterations=3", r"optimizer\.iterations = 3 for adam: it is read by muon"),
        ("gamma=1", r"loss\.gamma = 1 for cross-entropy: it is read by focal"),
        ("lookahead_decay=0.5", r"lookahead_decay = 0\.5 .* only with lookahead above 0"),
        ("train_every=2", r"selection\.train_every = 2 .* selection\.keep below 1"),
        (
            "selection.proxy.name=net1",
            r"selection\.proxy\.name = 'net1' .*keep below 1",
        ),
        ("test_time_part=0.5", "test_time_flip or test_time_shift on"),
        ("randaugment_magnitude=3", r"augment\.randaugment above 0"),
        ("cache_limit=3", r"transfer\.cache_limit = 3\.0 .* freezes layers"),
        ("whitening_epochs=3", r"model\.convnet\.whitening above 0"),
        ("interpolation=bilinear", r"a model\.resize"),
        ("norm_momentum=0.3", r"a model\.convnet\.norm"),
        ("dropout_place=activation", r"model\.convnet\.dropout above 0"),
        ("optimizer=muon,others_momentum=0.5", r"optimizer\.others sgd"),
        ("optimizer=muon,others=sgd,betas=[0.8, 0.9]", r"optimizer\.others adamw"),
    ],
)
def test_an_arm_of_what_nobody_reads_is_refused(vary: str, words: str) -> None:
    """Each trained an arm that was bit-identical to the baseline, and was called equivalent."""
    with pytest.raises(UnreadFieldError, match=words) as caught:
        load_study({"where": "digits", "base": ADAM, "vary": [vary]})
    assert "\n" not in str(caught.value)


def test_what_a_mapping_gives_in_vain_is_refused_too() -> None:
    with pytest.raises(UnreadFieldError, match="momentum = 0 for adam: it is read by sgd"):
        load_recipe({"optimizer": {"name": "adam", "momentum": 0}})
    with pytest.raises(UnreadFieldError, match=r"lookahead_decay = 0\.5"):
        load_recipe({"lookahead_decay": 0.5})
    assert load_recipe({"lookahead_decay": 0.95}).lookahead == 0  # the default says nothing


def test_with_another_optimizer_what_it_does_not_read_falls_away() -> None:
    base = load_recipe({"optimizer": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}})
    adam = changed(base, {"optimizer": "adam"}, "here")
    assert adam.effective()["optimizer"] == {
        "name": "adam", "lr": 0.05, "bias_factor": 1.0,
        "betas": [0.9, 0.999], "weight_decay": 0.01,
    }  # fmt: skip
    muon = changed(base, {"optimizer": "muon"}, "here")
    assert (muon.optimizer.name, muon.effective()["optimizer"]["momentum"]) == ("muon", 0.9)
    with pytest.raises(UnreadFieldError, match=r"momentum = 0\.5 for adam"):
        changed(base, {"optimizer": "adam", "momentum": 0.5}, "here")


def test_with_a_switch_turned_off_what_it_switches_falls_away() -> None:
    speed = load_recipe("speed-96")
    plain = changed(speed, {"selection.keep": 1, "whitening": 0}, "here")
    assert plain.effective()["selection"] == {"keep": 1.0}
    assert "whitening_epochs" not in plain.effective()["optimizer"]
    assert differences(speed, plain) == {"selection.keep": 1.0, "model.convnet.whitening": 0}


@pytest.mark.parametrize("name", named_recipes())
def test_the_whole_recipe_can_be_made_from_what_is_read_of_it(name: str) -> None:
    recipe = load_recipe(name)
    assert load_recipe(recipe.effective()) == recipe
    assert same_training(recipe, load_recipe(recipe.effective()))


def test_what_is_not_read_is_not_in_the_effective_recipe() -> None:
    effective = load_recipe("base").effective()
    assert effective["optimizer"].keys() == {
        "name", "lr", "bias_factor", "momentum", "weight_decay",
    }  # fmt: skip
    assert effective["schedule"].keys() == {"name", "warmup"}
    assert effective["selection"] == {"keep": 1.0}
    assert not {"lookahead_decay", "test_time_part"} & effective.keys()
    assert "randaugment_magnitude" not in effective["augment"]
    assert not {"cache", "cache_limit"} & effective["transfer"].keys()


def test_differences_name_a_new_kind_and_only_what_it_has_of_its_own() -> None:
    base = load_recipe("base")
    adam = changed(base, {"optimizer": "adam", "lr": 0.001}, "here")
    assert differences(base, adam) == {"optimizer.name": "adam", "optimizer.lr": 0.001}
    assert differences(adam, base) == {"optimizer.name": "sgd", "optimizer.lr": 0.05}


def test_an_arm_that_is_the_baseline_once_unread_fields_are_gone_is_refused() -> None:
    vary = ["lookahead_decay=0.95"]
    with pytest.raises(SameArmsError, match="same as the baseline"):
        load_study({"where": "digits", "base": ADAM, "vary": vary})


def test_label_smoothing_may_stand_alone() -> None:
    alone = load_recipe({"label_smoothing": 0.2})
    assert alone == load_recipe({"loss": {"label_smoothing": 0.2}})
    assert alone.effective()["loss"]["label_smoothing"] == 0.2
    with pytest.raises(RecipeValueError, match="label_smoothing"):
        load_recipe({"label_smoothing": 0.2, "loss": {"label_smoothing": 0.1}})


FLAT: dict[str, Any] = {
    "name": "old",
    "optimizer": {
        "name": "adam", "lr": 0.001, "momentum": 0.0, "nesterov": False, "betas": [0.9, 0.999],
        "weight_decay": 0.0, "bias_factor": 1.0, "whitening_factor": None, "whitening_epochs": 0.0,
        "others": "adamw", "others_lr": None, "others_momentum": None, "renormalise": False,
        "iterations": 5,
    },
    "schedule": {"name": "cosine", "warmup": 0.1, "every": 7.0, "factor": 0.5, "final": 0.1},
    "label_smoothing": 0.1,
    "lookahead": 0,
    "lookahead_decay": 0.5,
    "selection": {"keep": 1.0, "train_every": 2, "proxy": {"name": "net1"}},
}  # fmt: skip
"""As records had it when all kinds shared their fields."""


def test_a_record_with_the_fields_of_all_kinds_is_read() -> None:
    with pytest.raises(RecipeError):
        load_recipe(FLAT)
    recipe = recorded_recipe(FLAT)
    assert recipe == load_recipe(
        {
            "name": "old",
            "optimizer": {"name": "adam", "lr": 0.001},
            "schedule": {"name": "cosine", "warmup": 0.1, "final": 0.1},
            "label_smoothing": 0.1,
        }
    )
    assert FLAT["schedule"]["every"] == 7.0  # what was given is as it was
    assert as_today(recipe.effective()) == recipe.effective()


def test_a_record_of_a_plugin_that_is_not_here_says_so() -> None:
    fields = {"optimizer": {"name": "plugged", "beta": 0.5}}
    assert as_today(fields) == fields
    with pytest.raises(RecipeValueError, match=r"optimizer\.name = 'plugged'.*--plugin"):
        recorded_recipe(fields)


def test_every_condition_can_be_met() -> None:
    """A field that is never read would be none."""
    everything = load_recipe(
        {
            "pictures": {"splits": "train=a,test=b", "split_column": "fold", "bits": 12},
            "augment": {"randaugment": 1, "randaugment_magnitude": 3},
            "model": {"convnet": {"norm": "batch", "dropout": 0.1, "whitening": 2}, "resize": 32}
            | {"weights": "w.pt", "which": "ema"},
            "optimizer": {"name": "sgd", "momentum": 0.9, "whitening_factor": 2},
            "transfer": {"train": "head"},
            "selection": {"keep": 0.5, "train_every": 2},
            "lookahead": 2,
            "test_time_flip": True,
        }
    )
    assert everything.all_unread() == {}
    assert Recipe.model_validate(everything.model_dump()) == everything


def test_the_identity_is_made_of_what_decides_a_training() -> None:
    from grevy.recipes.numerics import NUMERICS
    from grevy.training.describe import run_identity

    base = load_recipe("base")
    own = run_identity(base, "data", 0, None)
    renamed = base.model_copy(update={"name": "mine", "description": "ours"})
    switched = base.model_copy(update={"lookahead_decay": 0.5})  # nothing reads it
    assert own == run_identity(renamed, "data", 0, None)
    assert own == run_identity(switched, "data", 0, None)
    others = [
        run_identity(changed(base, {"lr": 0.1}, "here"), "data", 0, None),
        run_identity(base, "other data", 0, None),
        run_identity(base, "data", 1, None),
        run_identity(base, "data", 0, load_recipe("net1").model),
        run_identity(base, "data", 0, None, {"mine.py": "0" * 64}),
        run_identity(base, "data", 0, None, numerics=NUMERICS + 1),
    ]
    assert len({own, *others}) == 7
    assert own == run_identity(base, "data", 0, None, {})


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ("lr=0.1,lr=0.2", "'optimizer.lr' twice"),
        ("lr=[0.1", "mend its brackets"),
        ("lr=.inf", "finite"),
        ("loss={name: [a]}", "its name"),
    ],
)
def test_an_arm_that_says_two_things_or_nothing_is_one_line(vary: str, words: str) -> None:
    with pytest.raises(GrevyError) as caught:
        load_study({"where": "digits", "vary": [vary]})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
