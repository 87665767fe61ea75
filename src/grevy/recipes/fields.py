"""Every field that a recipe can have and who reads it: for flags, help, short names, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic.fields import FieldInfo

from grevy.recipes.config import Config, ReadWhen
from grevy.recipes.kinds import BASES, AugmentationConfig
from grevy.recipes.parts import FIRST, Kind, Part, all_parts, known_parts
from grevy.recipes.ranges import ranges_in
from grevy.recipes.schema import Recipe

SECTIONS: tuple[Kind, ...] = ("optimizer", "schedule", "loss")
"""Rooms of a recipe that hold one part each, by the name of its kind."""


@dataclass(frozen=True)
class RecipeField:
    """One field of a recipe.

    Attributes:
        name: dotted, as in "optimizer.momentum".
        info: type, range and help.
        readers: of a part's own field, the parts that read it; empty where all do.
        conditions: what must hold for it to be read.
    """

    name: str
    info: FieldInfo
    readers: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        """What it means, who reads it, and when."""
        said = " ".join((self.info.description or "").split())
        read = [f"Of {listed(self.readers)}."] if self.readers else []
        ranges = [
            f"{text[0].upper()}{text[1:]}."
            for text in ranges_in(self.info.annotation, self.info.metadata)
        ]
        rules = [rule for rule in self.info.metadata if isinstance(rule, ReadWhen)]
        return " ".join([said, *ranges, *read, *(f"Read with {rule.condition}." for rule in rules)])


def all_fields() -> dict[str, RecipeField]:
    """Every field by its dotted name, also those of plugins and installed packages."""
    return {field.name: field for field in _of_recipe(all_parts)}


def field_names() -> list[str]:
    """Dotted names of all fields, as they are written on the command line."""
    return list(all_fields())


def find_field(name: str) -> RecipeField | None:
    """The field of this dotted name, among Grevy's own and of what is loaded already."""
    return next((field for field in _of_recipe(known_parts) if field.name == name), None)


def defaults_of(recipe: Recipe) -> dict[str, Any]:
    """What every field has that is not given, the parts being those of `recipe`."""
    found = Recipe().values()
    for room in SECTIONS:
        for name, info in type(getattr(recipe, room)).model_fields.items():
            if name != "name":
                found[f"{room}.{name}"] = info.get_default(call_default_factory=True)
    return found


def default_of(recipe: Recipe, name: str) -> Any:
    """What a field has that is not given, the parts being those of `recipe`."""
    return defaults_of(recipe).get(name)


def unread_by_kind(fields: Mapping[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Given fields that the part which is named beside them does not read, but others do.

    Returns:
        By dotted name: the part, and those that read the field.
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for kind in SECTIONS:
        given = fields.get(kind)
        parts = known_parts(kind)
        if not isinstance(given, Mapping):
            continue
        name = given.get("name", FIRST[kind])
        if not isinstance(name, str) or name not in parts:
            continue
        for field in given:
            if field != "name" and field not in parts[name].config.model_fields:
                readers = _readers(kind, field)
                if readers:
                    found[f"{kind}.{field}"] = name, readers
    return found


def _readers(kind: Kind, field: str) -> tuple[str, ...]:
    """The parts that read a field, the one that a recipe has first."""
    parts = known_parts(kind).values()
    names = [part.name for part in parts if field in part.config.model_fields]
    return tuple(sorted(names, key=lambda name: (name != FIRST[kind], name)))


def listed(names: tuple[str, ...], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, final = names
    return f"{', '.join(others)} {last} {final}" if others else final


_Parts = Callable[[Kind], dict[str, Part]]


def _of_recipe(parts: _Parts) -> Iterator[RecipeField]:
    for name, info in Recipe.model_fields.items():
        if name in SECTIONS:
            yield from _of_section(name, parts(name))
        elif name == "augment":
            yield from _of_augment(cast(type[Config], info.annotation), parts("augmentation"))
        else:
            yield from _of_field(name, info)


def _of_field(name: str, info: FieldInfo) -> Iterator[RecipeField]:
    kind = info.annotation
    if isinstance(kind, type) and issubclass(kind, Config):
        for inner, field in kind.model_fields.items():
            yield from _of_field(f"{name}.{inner}", field)
    else:
        yield RecipeField(name, info)


def _of_section(kind: Kind, parts: Mapping[str, Part]) -> Iterator[RecipeField]:
    """Fields of all parts of a kind, each once; those of the base first."""
    found = dict[str, RecipeField]()
    for part in parts.values():
        for name, info in part.config.model_fields.items():
            if name in BASES[kind].model_fields:
                found.setdefault(name, RecipeField(f"{kind}.{name}", info))
            else:
                readers = _readers(kind, name)
                found.setdefault(name, RecipeField(f"{kind}.{name}", info, readers))
    yield from sorted(found.values(), key=lambda field: bool(field.readers))


def _of_augment(config: type[Config], parts: Mapping[str, Part]) -> Iterator[RecipeField]:
    for part in sorted(parts.values(), key=_place):
        room = "augment" if _is_among(part) else f"augment.{part.name}"
        for name, info in part.config.model_fields.items():
            yield RecipeField(f"{room}.{name}", info)
    for name, info in config.model_fields.items():
        yield RecipeField(f"augment.{name}", info)


def _place(part: Part) -> tuple[bool, int, str]:
    return not _is_among(part), cast(type[AugmentationConfig], part.config).order, part.name


def _is_among(part: Part) -> bool:
    return cast(type[AugmentationConfig], part.config).among
