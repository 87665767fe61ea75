"""A worked convolution or pooling as a figure: one cell of the output and how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grevy.arithmetic.calculation import Calculation, Cell
from grevy.figures.by_hand.marks import put_marks
from grevy.figures.by_hand.panel import put_panel
from grevy.figures.by_hand.scene import channels_shown, lay_out
from grevy.figures.by_hand.sums import sum_lines
from grevy.figures.page import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_convolution(worked: Calculation, cell: Cell) -> Figure:
    """The window of `cell` on the image, the kernel as it is laid on, the output, and the sum.

    Numbers stand in the cells of images and outputs of up to 14 × 14 cells, padding included, and
    of kernels of up to 11 × 11. Anything larger is shown as a picture, with the window enlarged.
    At most 4 channels are shown; notes say what is left out.

    Args:
        worked: the whole convolution or pooling.
        cell: of `worked`, as `worked.cell` gives it.
    """
    lines = sum_lines(worked, cell, channels_shown(worked, cell.filter))
    with drawing([worked.sentence]):
        scene = lay_out(worked, cell.filter, [lines])
        put_panel(scene.canvas, scene.output)
        put_marks(scene, cell, lines)
    return scene.page.figure
