"""The words that a command knows, read off its dataclass: its places and its flags."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import tyro

from grevy.words.places import is_place
from grevy.words.values import is_switch


@dataclass(frozen=True)
class Word:
    """A place or a flag of a command.

    Attributes:
        name: a flag as it is written, `--optimizer.lr`; of a place in capitals, `WHERE`.
        kind: the type of its value.
        required: whether the command does nothing without it.
        repeats: whether it may be given several times, one value each.
        of_recipe: whether it is a field of a recipe.
        home: the dataclass that has it, and under which name, for its text.
        marks: what else its annotation says: a range, or that it is a place.
    """

    name: str
    kind: Any
    required: bool = False
    repeats: bool = False
    of_recipe: bool = False
    home: tuple[Any, str] = (None, "")
    marks: tuple[Any, ...] = ()

    @property
    def is_place(self) -> bool:
        """Whether its value may be a path."""
        return is_place(self.kind, self.marks)

    @property
    def text(self) -> str:
        """The first sentence of what its dataclass says about it; "" where it says nothing."""
        home, name = self.home
        found = next((t for base in home.__mro__ for n, t in _texts(base) if n == name), "")
        return " ".join(found.split()).partition(". ")[0].rstrip(".")


@dataclass(frozen=True)
class Table:
    """All words of a command: `places` in their order, `flags` by how they are written."""

    places: tuple[Word, ...]
    flags: dict[str, Word]

    @cached_property
    def switches(self) -> dict[str, Word]:
        """Spellings that turn a switch off: `--no-json`, `--optimizer.no-nesterov`."""
        return {off(flag): word for flag, word in self.flags.items() if is_switch(word.kind)}


def off(flag: str) -> str:
    """How a switch is turned off."""
    rooms, dot, last = flag.removeprefix("--").rpartition(".")
    return f"--{rooms}{dot}no-{last}"


@cache
def table_of(kind: type[Any]) -> Table:
    """The words of a command.

    Args:
        kind: its dataclass, with the marks that tyro reads.
    """
    words = list(_words(kind, "", False))
    places = tuple(word for word in words if not word.name.startswith("--"))
    return Table(places, {word.name: word for word in words if word.name.startswith("--")})


def _words(kind: type[Any], prefix: str, of_recipe: bool) -> Iterator[Word]:
    hints = get_type_hints(kind, include_extras=True)
    required = {f.name for f in fields(kind) if _is_required(f)} if is_dataclass(kind) else set()
    for name, hint in hints.items():
        plain, marks = (get_args(hint)[0], get_args(hint)[1:]) if _is_marked(hint) else (hint, ())
        renamed = next((m.name for m in marks if getattr(m, "name", None) is not None), None)
        inner = _room(plain)
        if inner is not None:
            rest = f"{prefix}{name}." if renamed is None else renamed
            yield from _words_of_room(inner, rest)
        elif tyro.conf.Positional in marks:
            place = name.replace("_", "-").upper()
            yield Word(place, plain, name in required, home=(kind, name), marks=marks)
        elif name in _public(kind, hints):
            written = f"--{prefix}{renamed or name}".replace("_", "-")
            repeats = tyro.conf.UseAppendAction in marks
            home = (kind, name)
            yield Word(written, plain, name in required, repeats, of_recipe, home, marks)


def _words_of_room(kind: type[Any], prefix: str) -> Iterator[Word]:
    """A room of a recipe: a dataclass, or a model of pydantic's."""
    if is_dataclass(kind):
        yield from _words(kind, prefix, True)
        return
    for name, info in getattr(kind, "model_fields", {}).items():
        inner = _room(info.annotation)
        if inner is not None:
            yield from _words_of_room(inner, f"{prefix}{name}.")
        else:
            written = f"--{prefix}{name}".replace("_", "-")
            yield Word(written, info.annotation, of_recipe=True, home=(kind, name))


def _room(kind: Any) -> type[Any] | None:
    """The type that has flags of its own, if it is one."""
    known = isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "model_fields"))
    return kind if known else None


def _is_marked(hint: Any) -> bool:
    return get_origin(hint) is Annotated


def _public(kind: Any, hints: dict[str, Any]) -> set[str]:
    """Fields, and no class variables."""
    return {f.name for f in fields(kind)} if is_dataclass(kind) else set(hints)


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _texts(kind: type[Any]) -> Iterator[tuple[str, str]]:
    """Fields of a class and the texts under them in its source, as far as there is one."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError, SyntaxError):
        return
    for field, text in pairwise(getattr(body, "body", [])):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=said)):
                yield name, str(said)
