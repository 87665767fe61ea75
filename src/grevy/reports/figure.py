"""A drawn figure as a block of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grevy.documents.blocks import Figure, Text, plain
from grevy.figures.save import rendered

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
