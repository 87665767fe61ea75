"""The fields of a recipe as flags: those of every part, of plugins and installed packages too.

A flag has a place in a dataclass that is made anew for each command line, since plugins bring
fields along. What is not given stays as the recipe has it: so only the given ones are changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass
from functools import partial
from typing import Annotated, Any, Literal

import tyro

from grevy.errors import UsageError
from grevy.recipes.fields import SECTIONS, RecipeField, all_fields
from grevy.recipes.parts import known_parts
from grevy.recipes.schema import Recipe

ALONE = {"label_smoothing": "loss.label_smoothing"}
"""Flags without a room, and the fields that they mean."""

_ANNOTATED: Any = Annotated  # of types that are known only when the program runs


@dataclass(frozen=True)
class Flag:
    """One flag: a type for tyro, and what the recipe has."""

    kind: Any
    value: Any
    help: str


def flags_of(recipe: Recipe) -> Any:
    """A dataclass of all fields, a room within a room, with the values that `recipe` has."""
    tree: dict[str, Any] = {}
    values, known_fields = recipe.values(), all_fields()
    for name, known in known_fields.items():
        *rooms, last = name.split(".")
        place = tree
        for room in rooms:
            place = place.setdefault(room, {})
        place[last] = _flag(known, values)
    for alone, name in ALONE.items():
        known = known_fields[name]
        tree[alone] = Flag(known.info.annotation, values.get(name, 0.0), f"--{_word(name)}.")
    return _dataclass("recipe", tree, Recipe)()


def given(words: Sequence[str], parsed: Any) -> dict[str, Any]:
    """The recipe's fields that the words of a command line name, with their values.

    Args:
        words: of the command line.
        parsed: what tyro made of them, of the kind of `flags_of`.
    """
    found: dict[str, Any] = {}
    written = {word.partition("=")[0].replace("_", "-") for word in words if word[:2] == "--"}
    for name, value in _leaves(parsed):
        *rooms, last = _word(name).split(".")
        spellings = {".".join([*rooms, last]), ".".join([*rooms, f"no-{last}"])}
        if written & {f"--{spelling}" for spelling in spellings}:
            full = ALONE.get(name, name)
            if found.get(full, value) != value:
                raise UsageError(
                    f"--{_word(name)} and --{_word(full)} with two values",
                    "one of them: they are the same field",
                    "leave one out",
                )
            found[full] = value
    return found


def _flag(known: RecipeField, values: Mapping[str, Any]) -> Flag:
    kind: Any = known.info.annotation
    room, _, last = known.name.partition(".")
    said = known.help
    if room in SECTIONS and last == "name":
        names = tuple(known_parts(next(kind for kind in SECTIONS if kind == room)))
        kind = Literal[names]
    default = known.info.get_default(call_default_factory=True)
    return Flag(kind, values.get(known.name, default), said)


def _dataclass(name: str, tree: Mapping[str, Any], config: Any = None) -> Any:
    rows: list[Any] = []
    for key, what in tree.items():
        if isinstance(what, Flag):
            kind = _ANNOTATED[what.kind, tyro.conf.arg(help=what.help)]
            rows.append((key, kind, field(default_factory=partial(_same, what.value))))
        else:
            inner = _inner(config, key)
            room = _dataclass(key, what, inner)
            rows.append((key, room, field(default_factory=room)))
    rows.sort(key=lambda row: is_dataclass(row[1]))
    made = make_dataclass(name, rows, frozen=True)
    made.__doc__ = (config.__doc__ if config else None) or " "
    return made


def _same(value: Any) -> Any:
    return value


def _inner(config: Any, room: str) -> Any:
    """The config of a room, for its text."""
    known = getattr(config, "model_fields", {}).get(room)
    inner = known.annotation if known else None
    return inner if hasattr(inner, "model_fields") else None


def _leaves(parsed: Any, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for one in fields(parsed):
        value = getattr(parsed, one.name)
        name = f"{prefix}{one.name}"
        found += _leaves(value, f"{name}.") if is_dataclass(value) else [(name, value)]
    return found


def _word(name: str) -> str:
    return name.replace("_", "-")
