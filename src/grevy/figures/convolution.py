"""A worked convolution or pooling as a figure: one cell of the result and how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grevy.arithmetic.worked import Cell, Worked
from grevy.figures.marks import draw_marks
from grevy.figures.page import drawing
from grevy.figures.panel import draw_panel
from grevy.figures.scene import channels_shown, lay_out
from grevy.figures.sums import sum_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_convolution(worked: Worked, cell: Cell) -> Figure:
    """The window of `cell` on the image, the kernel as it is laid on, the result, and the sum.

    Numbers stand in the cells of images and results of up to 14 × 14 cells, padding included, and
    of kernels of up to 11 × 11. Anything larger is shown as a picture, with the window enlarged.
    At most 4 channels are shown; notes say what is left out.

    Args:
        worked: the whole convolution or pooling.
        cell: of `worked`, as `worked.cell` gives it.
    """
    lines = sum_lines(worked, cell, channels_shown(worked, cell.filter))
    with drawing([worked.sentence]):
        scene = lay_out(worked, cell.filter, [lines])
        draw_panel(scene.canvas, scene.result)
        draw_marks(scene, cell, lines)
    return scene.page.figure
