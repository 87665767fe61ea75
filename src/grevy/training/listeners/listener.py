"""Who is told how a training goes on: nobody, the screen, a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Listener:
    """Hears what happens; this one says nothing. Override what you want to hear."""

    def said(self, text: str) -> None:
        """A sentence that the user should read."""

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table that the user should see."""

    def advanced(self, task: str, done: int, total: int) -> None:
        """A part of the work went on: `task` is "reading pictures" or "training"."""

    def checked(self, row: Mapping[str, Any], train_loss: float) -> None:
        """A check: its row, and the mean train loss since the check before."""


class PrintListener(Listener):
    """Plain lines on standard output."""

    def said(self, text: str) -> None:
        """Print it."""
        print(text)

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print it, columns apart by two spaces."""
        cells = [tuple(map(str, row)) for row in (columns, *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            print("  ".join(map(str.ljust, row, widths)).rstrip())

    def checked(self, row: Mapping[str, Any], train_loss: float) -> None:
        """Print one line a check."""
        print(check_line(row, train_loss))


def check_line(row: Mapping[str, Any], train_loss: float) -> str:
    """One check in words."""
    loss = "not finite" if row["loss"] is None else f"{row['loss']:.4f}"
    return (
        f"step {row['step']:>6,}  epoch {row['epoch']:>6.2f}  train loss {train_loss:.4f}  "
        f"validation loss {loss}  accuracy {row['accuracy']:.4f}"
    )
