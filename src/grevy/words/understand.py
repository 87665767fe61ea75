"""From the words of a command line to words that are all understood: each flag in full, once.

What is wrong with them is said here, in one line, before any parser sees them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from grevy.errors import AmbiguousFieldError, RecipeFieldError
from grevy.recipes.plain import is_number
from grevy.words import wrong
from grevy.words.places import too_long
from grevy.words.table import Table, Word, table_of
from grevy.words.values import as_read, count, fits, in_range, is_switch, may_be_alone

HELP = ("-h", "--help")
END = "--"
"""After it no word is a flag."""


def understood(words: Sequence[str], kind: type[Any], command: str) -> list[str]:
    """The same words, short names of fields written in full; for help, the word for help alone.

    Args:
        words: what follows the command's name.
        kind: the command's dataclass.
        command: its name.

    Raises:
        UsageError: a flag that the command does not have, or twice, without a value, or with one
            of another kind; a word too many, or one that is missing.
        RecipeFieldError, RecipeValueError: the same, of a field of a recipe.
        AmbiguousFieldError: a short name of several fields.
    """
    for word in words:
        if "\0" in word:
            raise wrong.with_nul(word)
    before = list(words[: words.index(END)] if END in words else words)
    if any(word in HELP for word in before):
        return [HELP[1]]
    return _Reader(table_of(cast(Hashable, kind)), command).read(list(words))


@dataclass
class _Reader:
    """Reads one command line from left to right."""

    table: Table
    command: str
    given: dict[str, str] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)

    def read(self, words: list[str]) -> list[str]:
        """The words for the parser: the flags, then the places."""
        flags: list[str] = []
        while words:
            word = words.pop(0)
            if word == END:
                self.placed += words
                break
            if is_flag(word):
                flags += self._flag(word, words)
            else:
                self._place(word, flags)
        self._check_places()
        self._check_missing()
        return [*flags, *([END, *self.placed] if self.placed else [])]

    def _flag(self, word: str, rest: list[str]) -> list[str]:
        """The flag with its value; `rest` loses what belongs to it."""
        name, equals, joined = word.partition("=")
        full, known = self._known(name, word)
        if is_switch(known.kind):
            if equals:
                raise wrong.value_of_a_switch(full, joined, self.command)
            self._once(full, known, "")
            return [full]
        values = [joined] if equals else []
        wanted = 1 if known.repeats else count(known.kind)
        while rest and not is_flag(rest[0]) and rest[0] != END:
            if wanted is not None and len(values) >= wanted:
                break
            values.append(rest.pop(0))
        if not values and not may_be_alone(known.kind):
            raise wrong.no_value(full, known, rest[:1], self.table, self.command)
        self._once(full, known, " ".join(values))
        values = as_read(known.kind, values)
        if not known.repeats and not fits(known.kind, values):
            raise wrong.value(full, known, values, self.command)
        self._check(full, known, values)
        return [f"{full}={values[0]}", *values[1:]] if values else [full]

    def _known(self, name: str, word: str) -> tuple[str, Word]:
        """The flag in full, and what it is."""
        table = {**self.table.flags, **self.table.switches}
        for spelled in self._spellings(name):
            if spelled in table:
                return spelled, table[spelled]
        raise wrong.unknown(word, self.table, self.command)

    def _spellings(self, name: str) -> Iterator[str]:
        """As it is; and the field of a recipe that it is short for, where the command has some."""
        plain = name.replace("_", "-")
        yield plain
        if not any(word.of_recipe for word in self.table.flags.values()):
            return
        from grevy.recipes.short_names import full_field

        for beginning, no in (("--", ""), ("--no-", "no-")):
            if plain.startswith(beginning):
                try:
                    full = full_field(plain.removeprefix(beginning), "the command line")
                except RecipeFieldError:
                    continue
                except AmbiguousFieldError as error:
                    raise wrong.ambiguous(name, error) from None
                rooms, dot, last = full.replace("_", "-").rpartition(".")
                yield f"--{rooms}{dot}{no}{last}"

    def _once(self, full: str, known: Word, value: str) -> None:
        if known.name in self.given and not known.repeats:
            raise wrong.twice(full, self.given[known.name], value)
        self.given[known.name] = value

    def _place(self, word: str, flags: list[str]) -> None:
        if len(self.placed) >= len(self.table.places) and not self._takes_all():
            raise wrong.too_many(word, flags, self.table, self.given, self.command)
        self.placed.append(word)

    def _takes_all(self) -> bool:
        places = self.table.places
        return bool(places) and count(places[-1].kind) is None

    def _check_places(self) -> None:
        places = self.table.places
        for number, word in enumerate(self.placed):
            place = places[min(number, len(places) - 1)] if places else None
            if place is None or (number >= len(places) and not self._takes_all()):
                raise wrong.too_many(word, [], self.table, self.given, self.command)
            if count(place.kind) is not None and not fits(place.kind, [word]):
                raise wrong.value(place.name, place, [word], self.command)
            self._check(place.name, place, [word])

    def _check(self, name: str, known: Word, values: list[str]) -> None:
        """Numbers in their ranges, and no path that is longer than paths are."""
        for value in values:
            if not in_range(known.kind, known.marks, value):
                raise wrong.value(name, known, [value], self.command)
            if known.is_place and (why := too_long(value)):
                raise wrong.too_long(name, value, why)

    def _check_missing(self) -> None:
        for number, place in enumerate(self.table.places):
            if place.required and number >= len(self.placed):
                raise wrong.missing(place, self.command)
        for flag, known in self.table.flags.items():
            if known.required and flag not in self.given:
                raise wrong.missing(known, self.command)


def is_flag(word: str) -> bool:
    """Whether a word is written as a flag: a minus or two, and a letter; `-1` is a number."""
    return word[:1] == "-" and word.lstrip("-")[:1].isalpha() and not is_number(word)
