"""Recipes and numbers from anywhere: one short line and exit status 2, or a value that is legal.

Nothing here trains: what is wrong is said before the data are read.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_origin

import pytest

from grevy.cli.main import COMMANDS
from grevy.cli.train import kind_of_train
from grevy.errors import InputError
from grevy.inspection.registry import inspectors
from grevy.recipes.changes import changed, parse_changes
from grevy.recipes.fields import RecipeField, all_fields
from grevy.recipes.load import load_recipe
from grevy.recipes.migrate import recorded_recipe
from grevy.recipes.said import alternatives
from grevy.studies.study import load_study
from grevy.words.look_arguments import look_arguments
from grevy.words.table import Word, table_of
from grevy.words.understand import understood

LONGEST_LINE = 1_500
"""Letters that a message may have; the names of all recipes are in some."""

NEVER = (math.nan, math.inf, -math.inf, 1e308, -1e308, 10**400)
"""No number in Grevy may be any of these."""

OFTEN = (-1, 0, True, False, "x", "0.1", "7", [], {}, None, [math.nan], [True], "a" * 1_000_000)
"""Legal for some fields."""


@contextmanager
def one_line(what: object) -> Iterator[list[bool]]:
    """What is refused inside is refused in one short line; the list tells whether it was."""
    refused: list[bool] = []
    try:
        yield refused
    except InputError as error:
        refused.append(True)
        line = str(error)
        assert "\n" not in line
        assert len(line) < LONGEST_LINE, (what, line[:LONGEST_LINE])


def in_rooms(field: RecipeField, value: object) -> dict[str, Any]:
    """A recipe's fields with this one, and with the part that reads it."""
    *rooms, last = field.name.split(".")
    fields: dict[str, Any] = {}
    place = fields
    for room in rooms:
        place = place.setdefault(room, {})
    place[last] = value
    if field.readers:
        fields[rooms[0]].setdefault("name", field.readers[0])
    return fields


def numbers_in(kind: Any) -> bool:
    """Whether a type holds a number somewhere, however deep."""
    inside = list(getattr(kind, "__args__", ()))
    return any(one in (int, float) for one in alternatives(kind)) or any(map(numbers_in, inside))


def leaves(value: object) -> Iterator[object]:
    """All values that are no mappings or lists."""
    if isinstance(value, Mapping):
        for inside in value.values():
            yield from leaves(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from leaves(inside)
    else:
        yield value


ALL = list(all_fields().values())
NUMBERED = [field for field in ALL if set(alternatives(field.info.annotation)) <= {int, float}]


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
def test_a_field_takes_what_it_is_for_or_says_so_in_one_line(field: RecipeField) -> None:
    kinds = alternatives(field.info.annotation)
    for value in (*NEVER, *OFTEN):
        with one_line((field.name, value)) as refused:
            recipe = load_recipe(in_rooms(field, value))
        if refused:
            continue
        had = [one for one in leaves(recipe.effective()) if isinstance(one, float)]
        assert all(map(math.isfinite, had)), (field.name, value)
        assert value not in NEVER, f"{field.name} takes {value!r}"
        if isinstance(value, bool) and field.name != "augment.flip":
            assert bool in kinds, f"{field.name} takes {value} for a number"
        if kinds == [bool]:
            assert value is None or isinstance(value, bool), f"{field.name} takes {value!r}"
        if value in ("0.1", "7"):
            assert not {int, float} & set(kinds), f"{field.name} takes a text for a number"


@pytest.mark.parametrize("field", NUMBERED, ids=lambda field: field.name)
def test_the_same_in_the_arm_of_a_study(field: RecipeField) -> None:
    base = load_recipe(in_rooms(field, field.info.get_default(call_default_factory=True)))
    for text in (".nan", "1e400", "1e308", "-1", "true", "'0.1'", "9" * 5_000):
        with one_line((field.name, text)) as refused:
            changed(base, parse_changes(f"{field.name}={text}")[1], "an arm")
        numeric = set(alternatives(field.info.annotation)) <= {int, float}
        if numeric and text not in ("-1", "0"):
            assert refused, f"{field.name} takes {text}"


def arguments_of(command: str) -> type[Any]:
    """The dataclass of a command, as its module has it."""
    if command == "look":
        return look_arguments()
    name = f"{command.capitalize()}Arguments"
    in_words = find_spec(f"grevy.words.{command}") is not None
    return getattr(import_module(f"grevy.{'words' if in_words else 'cli'}.{command}"), name)


def required(kind: type[Any]) -> list[str]:
    """The words without which a command does not begin."""
    table = table_of(kind)
    flags = [f"{flag}=1" for flag, word in table.flags.items() if word.required]
    return [*flags, *("digits" for word in table.places if word.required)]


def numbered() -> list[tuple[str, Word]]:
    """Every flag of every command that holds a number; the recipe's fields are not asked twice."""
    return [
        (command, word)
        for command in COMMANDS
        for word in table_of(arguments_of(command)).flags.values()
        if numbers_in(word.kind)
    ]


TEXTS = ("nan", "inf", "-inf", "1e400", "1e308", "-1e308", "9" * 400, "9" * 5_000, "true", "x", "")


@pytest.mark.parametrize(("command", "word"), numbered(), ids=lambda one: getattr(one, "name", one))
def test_a_flag_takes_a_number_in_its_range_or_says_so_in_one_line(
    command: str, word: Word
) -> None:
    kind = arguments_of(command)
    for text in (*TEXTS, "-1", "0"):
        with one_line((word.name, text)) as refused:
            understood([f"{word.name}={text}", *required(kind)], kind, command)
        alone = set(alternatives(word.kind)) <= {int, float}
        assert refused or not alone or word.of_recipe or text not in TEXTS, (word.name, text)


@pytest.fixture(scope="module")
def train() -> type[Any]:
    """The words of `train` with all fields of a recipe."""
    return kind_of_train(load_recipe("base"))


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
def test_the_same_by_a_flag_of_train(field: RecipeField, train: type[Any]) -> None:
    base = load_recipe("base")
    if not numbers_in(field.info.annotation) or dict in map(get_origin, kinds_of(field)):
        return
    room = field.name.split(".")[0]
    part = [f"--{room}.name={field.readers[0]}"] if field.readers else []
    own = {f"{room}.name": field.readers[0]} if field.readers else {}
    flag = f"--{field.name}".replace("_", "-")
    for text in ("nan", "inf", "1e400", "1e308", "-1", "0", "true", "x", "9" * 5_000):
        with one_line((flag, text)) as refused:
            words = understood([*part, f"{flag}={text}"], train, "train")
            changed(base, {**own, field.name: float(words[-1].partition("=")[2])}, "the flags")
        assert refused or text in ("-1", "0"), (flag, text)


def kinds_of(field: RecipeField) -> list[Any]:
    return alternatives(field.info.annotation)


@pytest.mark.parametrize("inspector", inspectors(), ids=lambda inspector: inspector.name)
def test_the_settings_of_look_take_numbers_in_their_ranges(inspector: Any) -> None:
    for name, info in inspector.settings.model_fields.items():
        if not numbers_in(info.annotation) or name in ("class_name", "channels"):
            continue
        for value in (*NEVER, True, "nan", "inf", "1e400", "1e308", "9" * 5_000, "x", -1, 0):
            with one_line((name, value)) as refused:
                inspector.read({"layer": "c", "channel": 0, name: value})
            assert refused or value in (-1, 0), (inspector.name, name, value)


YAML = {
    "an empty file": (b"", "no fields"),
    "a list": (b"- 1\n", "no fields"),
    "a word": (b"base\n", "no fields"),
    "a key twice": (b"epochs: 3\nepochs: 4\n", "'epochs' twice"),
    "a key twice inside": (b"optimizer: {lr: 0.1, lr: 0.2}\n", "line 1: 'lr' twice"),
    "a key twice in quotes": (b'epochs: 3\n"epochs": 4\n', "'epochs' twice"),
    "a key twice in JSON": (b'{"epochs": 3, "epochs": 4}', "'epochs' twice"),
    "two merges": (b"optimizer: {<<: {lr: 0.1}, <<: {lr: 0.2}}\n", "'<<' twice"),
    "a Python object": (b"name: !!python/object/apply:os.system [ls]\n", "constructor"),
    "a tag": (b"name: !mine 3\n", "constructor"),
    "a binary file": (bytes(range(256)), "no text in UTF-8"),
    "NUL characters": (b"name: a\0b\n", "not YAML"),
    "UTF-16": ("epochs: 3\n".encode("utf-16"), "UTF-16"),
    "a tab": (b"optimizer:\n\tlr: 0.1\n", "line 2"),
    "two documents": (b"epochs: 3\n---\nepochs: 4\n", "line"),
    "an alias of nothing": (b"name: *a\n", "alias"),
    "an alias of itself": (b"name: &a [*a]\n", "alias"),
    "deep": (b"[" * 10_000 + b"]" * 10_000, "levels deep"),
    "deep blocks": (b"".join(b" " * n + b"a:\n" for n in range(100)), "levels deep"),
    "a large file": (b"name: " + b"a" * 2**20, "bytes"),
    "a long line": (b"name: " + b"a" * 400_000, "at most 10000"),
    "a long key": (b"? " + b"a" * 400_000 + b"\n: 3\n", "unknown field"),
    "many values": (b"name: [" + b"1," * 100_000 + b"]", "50,000 values"),
    "a number as key": (b"1: 2\n", "the key 1"),
    "a number as key inside": (b"optimizer: {1: 2}\n", "the key 1"),
    "a list as key": (b"? [1, 2]\n: 3\n", "not YAML"),
    "an infinite number": (b"optimizer: {lr: 1e400}\n", "finite"),
    "a long number": (b"epochs: " + b"9" * 5_000, "5,000 digits"),
    "a number in quotes": (b"epochs: '3'\n", "without quotes"),
}


@pytest.mark.parametrize(("content", "named"), YAML.values(), ids=YAML)
def test_yaml_that_is_no_recipe(tmp_path: Path, content: bytes, named: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    begun = time.process_time()
    with pytest.raises(InputError) as caught:
        load_recipe(file)
    line = str(caught.value)
    assert named in line[:LONGEST_LINE]
    assert "\n" not in line
    assert len(line) < LONGEST_LINE
    with one_line(content[:40]) as refused:
        load_study(file)
    assert refused
    assert time.process_time() - begun < 20


def test_ten_lines_of_aliases_are_counted_in_full(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    file = tmp_path / "bomb.yaml"
    file.write_text("\n".join(lines))
    with pytest.raises(InputError, match="50,000 values, aliases counted in full"):
        load_recipe(file)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for place in (tmp_path / "pipe.yaml", Path("/dev/zero")):
        with pytest.raises(InputError, match="no regular file"):
            load_recipe(place)
        with pytest.raises(InputError, match="no regular file"):
            load_study(place)
    with pytest.raises(InputError, match="which is a folder"):
        load_recipe(tmp_path)
    for name in ("a" * 300, "a/" * 3_000, "a\0b"):
        with one_line(name) as refused:
            load_recipe(name)
        assert refused


def test_mappings_of_python_are_bounded_too() -> None:
    circle: dict[str, Any] = {}
    circle["optimizer"] = circle
    with pytest.raises(InputError, match="levels deep"):
        load_recipe(circle)
    with pytest.raises(InputError, match="levels deep"):
        load_study({"where": "digits", "base": circle})
    many: list[Any] = [1]
    for _ in range(12):
        many = [many] * 9
    with pytest.raises(InputError, match="50,000 values"):
        load_recipe({"name": many})


def test_what_yaml_may_say_is_read_as_it_looks(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(
        b"\xef\xbb\xbfname: 2026-11-28\nepochs: 010\nlr: 1e-3\nleast_steps: 1_000\n"
        b"optimizer: &own {name: adam, weight_decay: 1.5E-2}\n"
    )
    recipe = load_recipe(file)
    assert (recipe.name, recipe.epochs, recipe.least_steps) == ("2026-11-28", 10, 1_000)
    assert (recipe.optimizer.lr, recipe.optimizer.weight_decay) == (1e-3, 1.5e-2)


def test_a_merged_mapping_may_be_said_again(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(
        "where: digits\narms:\n  a: &a {lr: 0.1, epochs: 2}\n  b: {<<: *a, epochs: 3}\n"
    )
    _, first, second = load_study(file).arms
    assert (first.recipe.epochs, second.recipe.epochs) == (2, 3)


@pytest.mark.parametrize(
    "study",
    [
        {"seeds": True},
        {"seeds": 10**9},
        {"seeds": [-1]},
        {"seeds": [2**64]},
        {"seeds": ["1"]},
        {"margin": math.nan},
        {"margin": 1e308},
        {"margin": "0.1"},
        {"grid": {field: list(range(1, 30)) for field in ("epochs", "patience", "batch")}},
    ],
)
def test_numbers_of_a_study(study: dict[str, Any]) -> None:
    with one_line(study) as refused:
        load_study({"where": "digits", "vary": ["lr=0.1"], **study})
    assert refused


def test_a_recorded_recipe_is_read_as_it_was_written() -> None:
    for name in ("base", "best", "speed-96", "transfer"):
        recipe = load_recipe(name)
        assert recorded_recipe(recipe.model_dump(mode="json")) == recipe


PATHS = ("a" * 300, "a/" * 3_000 + "b")


@pytest.mark.parametrize("path", PATHS, ids=("a long name", "a long path"))
@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_is_a_path_that_no_file_system_takes(command: str, path: str) -> None:
    kind = arguments_of(command)
    table = table_of(kind)
    flags = [[f"{flag}={path}"] for flag, word in table.flags.items() if word.is_place]
    places = [[path] for word in table.places[:1] if word.is_place]
    assert flags or places
    for words in (*flags, *places):
        own = required(kind) if words in flags else [*words, *required(kind)[1:]]
        with one_line(words) as refused:
            understood([*(words if words in flags else []), *own], kind, command)
        assert refused, words


@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_holds_a_nul_character(command: str) -> None:
    with pytest.raises(InputError, match="NUL character"):
        understood(["a\0b"], arguments_of(command), command)
