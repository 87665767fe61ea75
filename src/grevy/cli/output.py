"""What a command prints: lines and tables for people, or one JSON object for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grevy.cleaning import as_json, clean
from grevy.printing import console, on_stderr, on_stdout

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_PERCENT = 25
"""Off a terminal, progress is a plain line every so many percent."""

WIDE = 200
"""Columns off a terminal, so that a table in a file or a pipe is not folded."""


class Output:
    """Standard output belongs to the result; progress goes to standard error."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def line(self, text: str = "") -> None:
        """A line for people."""
        if not self.as_json:
            on_stdout(text)

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None
    ) -> None:
        """A table for people; numbers are set to the right."""
        if self.as_json:
            return
        from rich.table import Table
        from rich.text import Text

        heading = None if title is None else clean(title)
        table = Table(
            title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold"
        )
        for index, name in enumerate(columns):
            number = all(isinstance(row[index], int | float | None) for row in rows)
            table.add_column(clean(name), justify="right" if number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean(shown(value))) for value in row))
        self._console.print(table, soft_wrap=False)

    def result(self, value: Any) -> None:
        """The one JSON object, if it was asked for."""
        if self.as_json:
            on_stdout(as_json(value))

    @contextmanager
    def progress(self, description: str, total: int | None = None) -> Iterator[ProgressBar]:
        """A bar on a terminal, a few plain lines elsewhere."""
        if not sys.stderr.isatty():
            yield ProgressBar(self._plain(description))
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=self._errors, transient=True) as bar:
            task = bar.add_task(description, total=total)
            yield ProgressBar(lambda done, of: bar.update(task, completed=done, total=of), total)

    @cached_property
    def _console(self) -> Console:
        return console(width=None if sys.stdout.isatty() else WIDE)

    @cached_property
    def _errors(self) -> Console:
        return console(stderr=True)

    def _plain(self, description: str) -> Callable[[int, int | None], None]:
        told = 0

        def tell(done: int, total: int | None) -> None:
            nonlocal told
            percent = 100 * done // total if total else 0
            if percent // PLAIN_PERCENT > told // PLAIN_PERCENT and percent < 100:
                told = percent
                on_stderr(f"{description}: {done:,} of {total:,}")

        return tell


class ProgressBar:
    """How far a part of the work is."""

    def __init__(self, show: Callable[[int, int | None], None], total: int | None = None) -> None:
        self._show = show
        self._total = total

    def advance_to(self, done: int, total: int | None = None) -> None:
        """`done` of `total` pieces are finished."""
        self._total = total or self._total
        self._show(done, self._total)


def shown(value: object) -> str:
    """A cell of a table: a dash for what is not known, four digits of a fraction."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
