"""A drawn figure as a block of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from grevy.documents.blocks import Block, Figure, Text, plain
from grevy.figures.save import rendered
from grevy.inspection.document import view_blocks
from grevy.inspection.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn


def figure_block(drawn: Drawn, name: str, alternative: str, caption: Text = "") -> Figure:
    """The figure as PNG, and as SVG too if there is no picture in it, of which it would be larger.

    Args:
        drawn: by `grevy.figures`.
        name: of its file, without an ending.
        alternative: what it shows, in words, for who can't see it.
        caption: said below.
    """
    words = plain(alternative) or name
    pictures = any(axes.images for axes in drawn.axes)
    svg = b"" if pictures else rendered(drawn, "svg")
    return Figure(name, rendered(drawn, "png"), words, caption, svg)


def view_section(
    view: View, name: str, level: Literal[2, 3, 4], words: str = ""
) -> tuple[Block, ...]:
    """A view's figure, what was found, its checks and what must be known.

    Args:
        view: of any inspector.
        name: of the figure's file, without an ending.
        level: of the headings.
        words: what the figure shows, where the view has no lines that say it.
    """
    figure = figure_block(view.draw(), name, " ".join(view.lines) or words)
    return (figure, *view_blocks(view, level))
