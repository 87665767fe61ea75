"""A view as a document: its figure, what was found, what was checked, what must be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from grevy.documents.blocks import Block, Document, Figure, Heading, Items, Table
from grevy.inspection.view import Check, View, png_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

PASSED = {True: "passed", False: "failed", None: "told"}


def view_document(view: View, figure: MatplotlibFigure, name: str) -> Document:
    """What an inspector saw, to be written in any form.

    Args:
        view: of any inspector.
        figure: that it drew; of a view of several pages, one of them.
        name: of the figure's file, without an ending; it is the title, too.
    """
    words = " ".join(view.lines) or name  # for who can't see the picture
    return Document(name, (Figure(name, png_of(figure), words), *view_blocks(view, 2)))


def view_blocks(view: View, level: Literal[2, 3, 4]) -> tuple[Block, ...]:
    """What was found, what was checked, what must be known; headings of that level."""
    blocks: list[Block] = [Items(view.lines)] if view.lines else []
    blocks += [Heading("Checks", level), _checks(view.checks)] if view.checks else []
    blocks += [Heading("To be known", level), Items(view.notes)] if view.notes else []
    return tuple(blocks)


def _checks(checks: tuple[Check, ...]) -> Table:
    rows = tuple(
        (check.name, f"{check.value:.4g}", check.expected, PASSED[check.passed], check.text)
        for check in checks
    )
    columns = ("check", "found", "expected", "result", "in words")
    return Table(columns, rows, frozenset({1}))
