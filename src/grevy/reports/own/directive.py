"""A directive: what stands between double braces, and where."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from grevy.errors import DirectiveError, GrevyError, InputError
from grevy.reports.sources.source import nearest

_RAW = re.compile(r'(?:"(?:\\.|[^"\\])*+"|[^\s"])++', re.DOTALL)


FEW = 6
"""So many names are all listed where one is not known; of more, the nearest."""


@dataclass(frozen=True)
class Directive:
    """As it stands in the author's file.

    Attributes:
        text: between the braces.
        place: "report.md, line 12".
        alone: it has its line to itself, so that it can become blocks.
    """

    text: str
    place: str
    alone: bool

    @property
    def word(self) -> str:
        """What it is called; "" of an empty one."""
        return next(iter(self.text.split()), "")

    @property
    def raw(self) -> list[str]:
        """The words after the first; quotes are kept, as names of fields need them."""
        return _RAW.findall(self.text)[1:]

    @property
    def words(self) -> list[str]:
        """The words after the first, as a shell would part them.

        Raises:
            DirectiveError: a quote that does not end.
        """
        try:
            return shlex.split(self.text)[1:]
        except ValueError:
            raise self.error("a quote that does not end", "two of each", "add one") from None

    def error(self, received: str, expected: str, mend: str) -> DirectiveError:
        """What is wrong with it, with its place."""
        return DirectiveError(f"{self.place}: {received}", expected, mend)

    def unknown(self, what: str, name: str, known: Iterable[str]) -> DirectiveError:
        """A name that is not known, with the nearest that are."""
        names = list(known)
        few = names if len(names) <= FEW else nearest(name, names)
        return self.error(f"unknown {what} '{name}'", " or ".join(few), "see docs/report.md")


@contextmanager
def told_with(place: str) -> Iterator[None]:
    """Errors inside name the line.

    Raises:
        DirectiveError: for any wrong input; a job that fails keeps its own kind of error.
    """
    try:
        yield
    except DirectiveError:
        raise
    except GrevyError as error:
        kind = DirectiveError if isinstance(error, InputError) else type(error)
        raise kind(f"{place}: {error.received}", error.expected, error.mend) from error
