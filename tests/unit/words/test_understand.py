"""Words of a command line: what is understood, and one line about each that is not."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from grevy.cli.data import DataArguments
from grevy.cli.evaluate import EvaluateArguments
from grevy.cli.main import COMMANDS, main
from grevy.cli.predict import PredictArguments
from grevy.cli.runs import RunsArguments
from grevy.cli.study import StudyArguments
from grevy.cli.train import TrainArguments, parsed
from grevy.errors import GrevyError, InputError
from grevy.recipes.load import load_recipe
from grevy.words.convolve import ConvolveArguments
from grevy.words.parse import parse
from grevy.words.size import SizeArguments
from grevy.words.table import table_of
from grevy.words.understand import is_flag, understood


def train(*words: str) -> Any:
    return parsed(["digits", *words], load_recipe("base"))[1].effective()


def refused(kind: type, command: str, words: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(kind, command, words.split())
    assert caught.value.exit_status == 2
    line = str(caught.value)
    assert "\n" not in line
    assert not set("│╭╮╰╯─") & set(line)
    return line


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("--lr 0.1", {"optimizer": {"lr": 0.1}}),
        ("--lr=0.1", {"optimizer": {"lr": 0.1}}),
        ("--batch 32", {"batch_size": 32}),
        ("--batch_size 32", {"batch_size": 32}),
        ("--flip random", {"augment": {"flip": "random"}}),
        ("--optimizer adam", {"optimizer": {"name": "adam"}}),
        ("--schedule cosine", {"schedule": {"name": "cosine"}}),
        ("--widths 8 16 32", {"model": {"convnet": {"widths": [8, 16, 32]}}}),
        ("--label-smoothing 0.1", {"loss": {"label_smoothing": 0.1}}),
        ("--residual true --norm batch", {"model": {"convnet": {"residual": True}}}),
    ],
)
def test_train_takes_the_short_names_that_a_study_takes(words: str, field: dict[str, Any]) -> None:
    def holds(inner: Any, outer: Any) -> bool:
        if isinstance(inner, dict):
            return all(holds(value, outer[name]) for name, value in inner.items())
        return bool(inner == outer)

    assert holds(field, train(*words.split()))


def test_a_switch_is_turned_off_by_its_short_name_and_by_no_in_front_of_its_room() -> None:
    for words in ("--no-nesterov", "--optimizer.no-nesterov", "--no-optimizer.nesterov"):
        recipe = parsed(["digits", words], load_recipe("best"))[1]
        assert recipe.effective()["optimizer"]["nesterov"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("D --learning-rate 0.1", "unknown flag '--learning-rate'; expected --optimizer.lr;"),
        ("D --learning_rate=0.1", "expected --optimizer.lr;"),
        ("D --epoch 3", "unknown flag '--epoch'; expected --epochs"),
        ("D --epo 3", "expected --epochs"),
        ("D -epochs 3", "unknown flag '-epochs'; expected --epochs"),
        ("D --epochs", "--epochs without a value; expected a whole number"),
        (
            "D --epochs --lr 1",
            "--epochs without a value, before --lr; expected a whole number; s",
        ),
        ("D --epochs 2.5", "--epochs 2.5; expected a whole number"),
        ("D --epochs 3 --epochs 5", "--epochs twice: 3 and 5; expected it once"),
        ("D --lr 0.1 --optimizer.lr 0.2", "--optimizer.lr twice: 0.1 and 0.2"),
        ("D --epochs=3 7", "'7' after --epochs 3; expected one value"),
        ("D --json=true", "--json=true; expected --json alone, which takes no value"),
        ("D --resume false", "'false' after --resume, which takes no value; write --no-resume"),
        ("D --json --json", "--json twice"),
        ("D --json --no-json", "--no-json twice"),
        ("D --gpu", "unknown flag '--gpu'; expected --device"),
        ("D --workers 3", "unknown flag '--workers'; expected"),
        ("D E", "'E', which grevy train has no place for; expected WHERE"),
        ("D --optimizer.name sdg", "expected sgd, muon, adam or adamw; did you mean sgd?"),
        ("D --widths a b", "--model.convnet.widths a b; expected whole numbers"),
        ("D --pictures.size 1 2 3", "expected auto, a whole number or 2 whole numbers"),
        ("D --model.arguments depth", "expected pairs of a name and"),
        ("-- D --epochs 3", "'--epochs', which grevy train has no place for"),
    ],
)
def test_wrong_words_of_train_are_told_in_one_line(words: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(words.split(), load_recipe("base"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "command", "words", "said"),
    [
        (EvaluateArguments, "evaluate", "R --where X", "write: grevy evaluate RUN WHERE"),
        (EvaluateArguments, "evaluate", "--run R", "no flag of grevy evaluate"),
        (EvaluateArguments, "evaluate", "R --epochs 3", "give it to grevy train as --epochs"),
        (EvaluateArguments, "evaluate", "R --split", "--split without a value; expected a text"),
        (EvaluateArguments, "evaluate", "R A B", "'B', which grevy evaluate has no place for"),
        (PredictArguments, "predict", "R", "grevy predict without pictures"),
        (PredictArguments, "predict", "--pictures a", "write: grevy predict RUN PICTURES"),
        (PredictArguments, "predict", "R a --format xml", "expected table, csv or json"),
        (PredictArguments, "predict", "R a --out=", "--out with an empty value"),
        (StudyArguments, "study", "D --epochs 3", "an arm: --vary epochs="),
        (StudyArguments, "study", "D --seeds three", "--seeds three; expected a whole number"),
        (StudyArguments, "study", "D --seeds 2 3", "'3' after --seeds 2; expected one value"),
        (RunsArguments, "runs", "--sort -test", "write --sort=-test if that is its value"),
        (RunsArguments, "runs", "--where", "--where without a value; expected a text"),
        (ConvolveArguments, "convolve", "3 --kernel 1", "write --image in front of it"),
        (ConvolveArguments, "convolve", "--image 1 --groups two", "expected a whole number"),
        (SizeArguments, "size", "32 3", "'32', which grevy size has no place for"),
        (StudyArguments, "study", "D --arms a", "unknown flag '--arms'"),
        (SizeArguments, "size", "-k 3", "unknown flag '-k'; expected --kernel"),
        (SizeArguments, "size", "--inptu 3", "unknown flag '--inptu'; expected --input"),
        (DataArguments, "data", "D --pictures.fit squash", "expected crop, stretch or pad"),
    ],
)
def test_wrong_words_of_other_commands_say_how_to_mend_them(
    kind: type, command: str, words: str, said: str
) -> None:
    assert said in refused(kind, command, words)


def test_a_command_with_pictures_takes_their_short_names() -> None:
    assert parse(DataArguments, "data", ["D", "--size", "32"]).pictures.size == 32


def test_help_is_given_wherever_it_is_asked_for() -> None:
    for words in (["-h"], ["D", "-h"], ["D", "--epochs", "-h", "x"], ["--wrong", "--help"]):
        assert understood(words, TrainArguments, "train") == ["--help"]
    assert understood(["--", "-h"], TrainArguments, "train") == ["--", "-h"]


def test_a_negative_number_is_a_value_and_a_word_with_a_minus_is_a_flag() -> None:
    assert not any(is_flag(word) for word in ("-1", "-0.5", "-1e3", "-inf", "-", "3", ""))
    assert all(is_flag(word) for word in ("-h", "--lr", "-test", "--lr=1"))


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_word_of_every_command_is_in_its_table_and_is_taken(command: str) -> None:
    if command == "look":
        from grevy.words.look_arguments import look_arguments

        kind: Any = look_arguments()
    else:
        module = import_module(f"grevy.cli.{command}")
        kind = next(
            value
            for name, value in vars(module).items()
            if name == f"{command.capitalize()}Arguments"
        )
    table = table_of(kind)
    assert "--json" in table.flags
    assert all(word.text for word in table.places)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--json", "train", "D"], "write it after: grevy train ... --json"),
        (["trian", "D"], "did you mean grevy train?"),
        (["-v"], "see grevy --help"),
    ],
)
def test_a_wrong_first_word_is_told(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_help_and_a_command_is_the_help_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["help", "size"])
    assert not stop.value.code
    assert "grevy size" in capsys.readouterr().out


def test_no_error_is_a_box_even_where_the_parser_complains(monkeypatch: Any) -> None:
    """A type that the table does not know is left to the parser, whose box is not shown."""
    monkeypatch.setattr("grevy.words.values._fits_word", lambda kind, word: True)
    with pytest.raises(GrevyError, match="see grevy size --help") as caught:
        parse(SizeArguments, "size", ["--first", "x"])
    assert "│" not in str(caught.value)
