"""What is said of words that a command does not take: one line each."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from grevy.errors import (
    AmbiguousFieldError,
    GrevyError,
    RecipeFieldError,
    RecipeValueError,
    UsageError,
)
from grevy.recipes.nearest import CLOSER, nearest
from grevy.recipes.said import choices, said
from grevy.recipes.shown import LONGEST, cut, shown
from grevy.words.table import Table, Word, off
from grevy.words.values import count, fits, is_switch, one_of_several

CALLED = {
    **dict.fromkeys(("gpu", "cpu", "cuda"), "--device"),
    **dict.fromkeys(("o", "output", "output-dir", "out-dir", "save", "format"), "--out"),
    **dict.fromkeys(("i", "in"), "--input"),
    **dict.fromkeys(("k", "kernel-size"), "--kernel"),
    **dict.fromkeys(("s", "strides"), "--stride"),
    **dict.fromkeys(("p", "pad"), "--padding"),
    **dict.fromkeys(("repeats", "n-seeds", "num-seeds"), "--seeds"),
    "random-seed": "--seed",
}
"""What other programs call flags of commands: an error names ours."""


def unknown(word: str, table: Table, command: str) -> GrevyError:
    """A flag that the command does not have, with what was probably meant."""
    flag, _, value = word.partition("=")
    plain = cut(flag.strip("-").replace("_", "-"))
    place = next((p.name for p in table.places if p.name == plain.upper()), None)
    if place:
        return UsageError(
            f"'{flag}', which is no flag of grevy {command}",
            "its value alone",
            f"write: grevy {command} {' '.join(p.name for p in table.places)}",
        )
    near = _near(plain, table)
    has_recipe = any(each.of_recipe for each in table.flags.values())
    field = None if near[:1] == [f"--{plain}"] else _field_elsewhere(plain)
    if field and not near and f"--{field}".replace("_", "-") not in table.flags:
        return _of_a_recipe(flag, value, field, command)
    kind = RecipeFieldError if has_recipe else UsageError
    return kind(
        f"unknown flag '{cut(flag)}'",
        " or ".join(near) if near else f"a flag of grevy {command}",
        f"see grevy {command} --help",
    )


def ambiguous(flag: str, error: AmbiguousFieldError) -> AmbiguousFieldError:
    """A short name of several fields."""
    return AmbiguousFieldError(f"flag '{flag}'", error.expected, "write it in full")


def no_value(flag: str, word: Word, after: Sequence[str], table: Table, command: str) -> GrevyError:
    """A flag with nothing behind it, or with what looks like the next flag."""
    follows = cut(shlex.join(after))
    is_known = any(each.partition("=")[0].replace("_", "-") in table.flags for each in after)
    ask = not is_known and fits(word.kind, after)
    joined = f"write {flag}={follows} if that is its value, or " if ask else ""
    return _of(word, UsageError)(
        f"{flag} without a value{f', before {follows}' if follows else ''}",
        said(one_of_several(word.kind) if word.repeats else word.kind),
        f"{joined}see grevy {command} --help",
    )


def value(flag: str, word: Word, values: Sequence[str], command: str) -> GrevyError:
    """A value of another kind than the flag takes."""
    near = nearest(cut(values[0]), choices(word.kind), 1) if len(values) == 1 else []
    given = shlex.join(values) if any(values) else "with an empty value"
    return _of(word, UsageError)(
        f"{flag} {cut(given, 2 * LONGEST)}",
        said(word.kind, word.marks),
        f"did you mean {near[0]}?" if near else f"change it; see grevy {command} --help",
    )


def value_of_a_switch(flag: str, joined: str, command: str) -> UsageError:
    """`--json=true`: there is nothing to say behind it."""
    return UsageError(
        f"{flag}={cut(joined)}",
        f"{flag} alone, which takes no value",
        _switched(flag, joined),
    )


def twice(flag: str, before: str, now: str) -> UsageError:
    """One flag with two values, of which one would be read."""
    both = f": {cut(before)} and {cut(now)}" if before or now else ""
    return UsageError(f"{flag} twice{both}", "it once", "leave one out")


def too_many(
    word: str, flags: Sequence[str], table: Table, given: Mapping[str, str], command: str
) -> UsageError:
    """A word for which there is no place, and where it may have belonged."""
    last = next(reversed(list(given)), None)
    known = table.flags.get(last) if last else None
    if last and known and flags and is_switch(known.kind):
        return UsageError(
            f"'{cut(word)}' after {last}, which takes no value", "", _switched(last, word)
        )
    if last and known and flags and count(known.kind) == 1 and not known.repeats:
        return UsageError(
            f"'{cut(word)}' after {last} {cut(given[last])}",
            "one value",
            "put quotes around a value with spaces, or leave it out",
        )
    missing = next((each for each in table.flags.values() if each.required), None)
    if missing and missing.name not in given:
        return UsageError(
            f"'{cut(word)}' without a flag", missing.name, f"write {missing.name} in front of it"
        )
    places = " and ".join(place.name for place in table.places)
    return UsageError(
        f"'{cut(word)}', which grevy {command} has no place for",
        f"{places}, and flags" if places else "flags alone",
        f"put quotes around names with spaces; see grevy {command} --help",
    )


def with_nul(word: str) -> UsageError:
    """A NUL character, which no name and no number has."""
    return UsageError(f"{shown(word)}, with a NUL character", "text without", "leave it out")


def too_long(name: str, value: str, why: str) -> UsageError:
    """A path that no file system takes."""
    return UsageError(f"{name} {cut(value)}, {why}", "", "shorten it")


def missing(word: Word, command: str) -> UsageError:
    """A place or a flag without which there is nothing to do."""
    what = word.text or word.name
    name = word.name if word.name.startswith("--") else f"{what[0].lower()}{what[1:]}"
    one = "one" if count(word.kind) == 1 else "one or more"
    return UsageError(f"grevy {command} without {name}", one, f"see grevy {command} --help")


def _near(plain: str, table: Table) -> list[str]:
    """Flags that are spelled nearly so, or mean what others call so."""
    if plain in CALLED and CALLED[plain] in table.flags:
        return [CALLED[plain]]
    recipe = {flag for flag, word in table.flags.items() if word.of_recipe}
    fields = _near_fields(plain, recipe) if recipe else []
    if len(fields) == 1 and plain.replace("-", "_") in _elsewhere():
        return fields
    own = {flag.strip("-"): flag for flag in table.flags if flag not in recipe}
    offs = {flag.strip("-"): flag for flag in table.switches} if plain.startswith("no-") else {}
    near = nearest(plain, {**own, **offs}, close=CLOSER)
    return list(dict.fromkeys([*near, *fields]))[:3]


def _near_fields(plain: str, flags: set[str]) -> list[str]:
    from grevy.recipes.short_names import fields_like

    written = [f"--{field}".replace("_", "-") for field in fields_like(plain)]
    return [flag for flag in written if flag in flags]


def _elsewhere() -> Mapping[str, str]:
    from grevy.recipes.short_names import ELSEWHERE

    return ELSEWHERE


def _field_elsewhere(plain: str) -> str | None:
    """The field of a recipe that is meant for sure, for a command that has none."""
    from grevy.recipes.short_names import full_field

    try:
        return full_field(plain, "the command line")
    except (AmbiguousFieldError, RecipeFieldError):
        return _elsewhere().get(plain.replace("-", "_"))


def _of_a_recipe(flag: str, value: str, field: str, command: str) -> UsageError:
    written = f"--{field}".replace("_", "-")
    mend = f"give it to grevy train as {written}"
    if command == "study":
        mend = f"an arm: --vary {field}={value or 'VALUE'}; for all arms: a recipe, --base FILE"
    return UsageError(f"'{flag}', which is a field of a recipe", f"a flag of grevy {command}", mend)


def _switched(flag: str, word: str) -> str:
    no = word.lower() in ("false", "no", "off", "0")
    return f"write {off(flag)} to turn it off" if no else "leave it out"


def _of(word: Word, other: type[GrevyError]) -> type[GrevyError]:
    return RecipeValueError if word.of_recipe else other
