"""Every field of a recipe is a flag; what is given is a change, the rest stays."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from grevy.cli.train import parsed
from grevy.errors import RecipeError, UnreadFieldError
from grevy.recipes.fields import all_fields
from grevy.recipes.load import load_recipe


def recipe_of(*words: str, named: str = "base") -> Any:
    return parsed(["digits", *words], load_recipe(named))[1]


def test_without_flags_the_recipe_is_the_named_one() -> None:
    assert recipe_of(named="speed-96") == load_recipe("speed-96")


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("--augment.translate 2", {"augment": {"translate": 2}}),
        (
            "--augment.flip random --augment.sizes 24 28",
            {"augment": {"flip": True, "sizes": [24, 28]}},
        ),
        (
            "--optimizer.momentum 0.9 --optimizer.nesterov",
            {"optimizer": {"momentum": 0.9, "nesterov": True}},
        ),
        ("--optimizer.weight_decay=0.1", {"optimizer": {"weight_decay": 0.1}}),
        (
            "--optimizer.name adam --optimizer.betas 0.8 0.9",
            {"optimizer": {"name": "adam", "betas": [0.8, 0.9]}},
        ),
        ("--label-smoothing 0.2", {"label_smoothing": 0.2}),
        ("--loss.label-smoothing 0.2", {"label_smoothing": 0.2}),
        ("--loss.name focal --loss.gamma 1", {"loss": {"name": "focal", "gamma": 1}}),
        ("--loss.class-weights balanced", {"loss": {"class_weights": "balanced"}}),
        ("--loss.class-weights cat 2 dog 0.5", {"loss": {"class_weights": {"cat": 2, "dog": 0.5}}}),
        ("--lookahead 5 --lookahead-decay 0.5", {"lookahead": 5, "lookahead_decay": 0.5}),
        (
            "--model.convnet.widths 8 16 --model.arguments a 3",
            {"model": {"convnet": {"widths": [8, 16]}, "arguments": {"a": 3}}},
        ),
    ],
)
def test_flags_say_what_fields_say(words: str, fields: dict[str, Any]) -> None:
    ours, theirs = recipe_of(*words.split()).effective(), load_recipe(fields).effective()
    for what in (ours, theirs):  # those of the file base.yaml
        for name in ("name", "description"):
            what.pop(name)
        what["model"].pop("name")
    assert ours == theirs


def test_a_flag_may_turn_off_what_the_recipe_turned_on() -> None:
    assert recipe_of("--no-test-time-flip", named="best").test_time_flip is False
    assert recipe_of("--optimizer.no-nesterov", named="best").optimizer.nesterov is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "--optimizer.name adam --optimizer.momentum 0.9",
            r"momentum = 0\.9 for adam: it is read by",
        ),
        ("--schedule.every 5", r"every = 5\.0 for constant: it is read by step"),
        ("--lookahead-decay 0.5", "only with lookahead above 0"),
    ],
)
def test_a_flag_that_nothing_reads_is_refused(words: str, said: str) -> None:
    with pytest.raises(UnreadFieldError, match=said) as caught:
        recipe_of(*words.split())
    assert "\n" not in str(caught.value)


def test_shortcuts_come_first() -> None:
    frozen = recipe_of("--train", "head", "--transfer.cache-limit", "5")
    assert frozen.effective()["transfer"]["cache_limit"] == 5
    pretrained = recipe_of("--pretrained", "--model.resize", "64").effective()["model"]
    assert (pretrained["resize"], pretrained["interpolation"]) == (64, "weights")


def test_another_optimizer_leaves_behind_what_the_recipe_had_for_its_own() -> None:
    adam = recipe_of("--optimizer.name", "adam", named="best")
    assert adam.effective()["optimizer"].keys() == {
        "name", "lr", "bias_factor", "betas", "weight_decay",
    }  # fmt: skip
    assert adam.optimizer.weight_decay == 0.0005


@pytest.mark.parametrize("words", ["--optimizer.nmae adam", "--loss.gamme 2", "--optimizer.lr x"])
def test_a_wrong_flag_is_one_line(words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_of(*words.split())
    assert "\n" not in str(caught.value)


def test_every_field_has_a_text_and_says_who_reads_it() -> None:
    fields = all_fields()
    assert all(field.help for field in fields.values())
    assert "Of sgd and muon." in fields["optimizer.momentum"].help
    assert "Read with lookahead above 0." in fields["lookahead_decay"].help


def test_the_help_loads_no_torch_and_says_who_reads_a_field() -> None:
    code = "import sys; from grevy.cli.main import main\n"
    code += "try: main(['train', '--help'])\nfinally: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "False"
    said = " ".join(done.stdout.replace("│", " ").split())
    assert "Of sgd and muon." in said
    assert "--loss.gamma FLOAT" in said
