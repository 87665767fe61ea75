"""Who is told how a training goes on: nobody, the screen, a page, a logbook of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grevy.printing import on_stdout

if TYPE_CHECKING:
    from grevy.classifier.run import Run

Row = Mapping[str, Any]


class Listener:
    """Hears what happens; this one says nothing. Override what you want to hear.

    A listener may only look: it changes neither the network nor the record, nor any random state.
    First comes what is said before there is a record, then `began`, then `stepped` and `checked` as
    their rows are written, at last either `finished` or `failed`. Where several processes train,
    the leading one has listeners and the others have none.
    """

    def said(self, text: str) -> None:
        """A sentence that the user should read."""

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table that the user should see."""

    def advanced(self, task: str, done: int, total: int) -> None:
        """Some of the work is done: `task` is "reading pictures", "training" or the like."""

    def began(self, run: Run, step: int) -> None:
        """There is a record, and the loop begins.

        Args:
            run: its record has everything but results.
            step: after which it goes on; 0: it begins. Rows of later steps may have been heard
                before, by a process that was killed; they come again.
        """

    def stepped(self, row: Row) -> None:
        """A step: its row in steps.jsonl. An accelerator's come a hundred at a time."""

    def checked(self, row: Row, train_loss: float) -> None:
        """A check: its row in checks.jsonl, and the mean train loss since the check before."""

    def finished(self, run: Run) -> None:
        """The record is whole, results and figures included."""

    def failed(self, error: Exception) -> None:
        """It ended before its end; a `RunInterruptedError` if somebody asked to stop."""


class PrintListener(Listener):
    """Plain lines on standard output."""

    def said(self, text: str) -> None:
        """Print it."""
        on_stdout(text)

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print it, columns apart by two spaces."""
        cells = [tuple(map(str, row)) for row in (columns, *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            on_stdout("  ".join(map(str.ljust, row, widths)).rstrip())

    def checked(self, row: Row, train_loss: float) -> None:
        """Print one line a check."""
        on_stdout(check_line(row, train_loss))


def check_line(row: Row, train_loss: float) -> str:
    """One check in words."""
    train = f"train loss {_number(row.get('train_loss', train_loss))}"
    if "train_accuracy" in row:
        train += f"  accuracy {row['train_accuracy']:.4f}"
    return (
        f"step {row['step']:>6,}  epoch {row['epoch']:>6.2f}  {train}  "
        f"validation loss {_number(row['loss'])}  accuracy {row['accuracy']:.4f}"
    )


def _number(loss: float | None) -> str:
    return "not finite" if loss is None else f"{loss:.4f}"
