"""What `grevy.convolve` and `grevy.pool` give."""

from __future__ import annotations

from dataclasses import dataclass

from grevy.arithmetic import explain
from grevy.arithmetic.calculation import Calculation, Cell
from grevy.arithmetic.terms import cell_of
from grevy.documents.blocks import Document
from grevy.documents.printed import Printed


@dataclass(frozen=True, repr=False)
class Worked(Calculation, Printed):
    """A calculation that prints itself with its sums; `cell` writes out one of them."""

    def cell(self, row: int, column: int, filter: int = 0) -> Cell:  # noqa: A002
        """One output cell with all terms of its sum; counted from 0.

        Raises:
            CellNotFoundError: outside the output.
        """
        return cell_of(self, row, column, filter)

    def document(self) -> Document:
        """What was given, the formula of the size, the output, and its sums."""
        return explain.document(self)

    def __repr__(self) -> str:
        return f"<{explain.title(self)}; print it to see the sums>"
