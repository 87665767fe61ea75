"""What is drawn for one output cell: its window, the cells it uses, its place, and its sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from grevy.arithmetic.calculation import Calculation, Cell, Pair, Term
from grevy.figures.by_hand.panel import MARK, Panel, frame, letter, put_panel
from grevy.figures.by_hand.scene import Scene
from grevy.figures.by_hand.sheets import LETTERS, has_letters
from grevy.figures.page import MARGIN, line_height

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_INSET = 0.035


def put_marks(scene: Scene, cell: Cell, lines: Sequence[str]) -> list[Artist]:
    """Mark everything that belongs to `cell` and write its sum.

    Args:
        scene: as `lay_out` made it.
        cell: of the scene's filter.
        lines: of the sum.

    Returns:
        What was drawn, in its order, so that an animation can take it away again.
    """
    drawn: list[Artist] = []
    for channel, image in scene.images.items():
        terms = [term for term in cell.terms if term.channel == channel]
        box = window_box(scene.worked, cell, terms)
        if box:
            drawn += _mark_channel(scene, channel, image, box, terms)
    name = f"output frame {cell.row},{cell.column}"
    drawn.append(frame(scene.canvas, scene.output, (cell.row, cell.column), (1, 1), name))
    for index, line in enumerate(scene.wrapped(lines)):
        top = scene.sum_top + index * line_height()
        drawn.append(scene.canvas.text(MARGIN, top, line, va="top", gid="sum"))
    return drawn


def window_box(worked: Calculation, cell: Cell, terms: Sequence[Term]) -> tuple[Pair, Pair] | None:
    """First cell and size of the window; None where no cell of the image is used."""
    geometry = worked.geometry
    if worked.operation == "transposed convolution" or geometry.adaptive:
        rows, columns = [term.row for term in terms], [term.column for term in terms]
        if not terms:
            return None
        first = min(rows), min(columns)
        return first, (max(rows) - first[0] + 1, max(columns) - first[1] + 1)
    starts = [
        at * geometry.stride[axis] - geometry.padding[axis][0]
        for axis, at in enumerate((cell.row, cell.column))
    ]
    spans = [
        (kernel - 1) * dilation + 1
        for kernel, dilation in zip(geometry.kernel, geometry.dilation, strict=True)
    ]
    return (starts[0], starts[1]), (spans[0], spans[1])


def _mark_channel(
    scene: Scene, channel: int, image: Panel, box: tuple[Pair, Pair], terms: Sequence[Term]
) -> list[Artist]:
    """The window on the image, the same enlarged where there is room for it, and what it uses."""
    drawn = [frame(scene.canvas, image, *box, f"window {channel}")]
    near = image
    if channel in scene.windows:
        near = _enlarged(scene.windows[channel], image, box)
        drawn += _connect(scene.canvas, image, near, box)
        drawn += put_panel(scene.canvas, near)
        drawn.append(frame(scene.canvas, near, *box, f"enlarged {channel}"))
    if near.sheet.written:
        drawn += [
            _frame_used(scene.canvas, near, term) for term in _singled_out(scene.worked, box, terms)
        ]
    if scene.worked.operation == "transposed convolution":
        drawn += _mark_meetings(scene, scene.kernels[channel], near, terms)
    return drawn


def _frame_used(canvas: Axes, near: Panel, term: Term) -> Artist:
    gid = f"used {term.channel} {term.row},{term.column}"
    return frame(canvas, near, (term.row, term.column), (1, 1), gid, inset=_INSET)


def _enlarged(place: Panel, image: Panel, box: tuple[Pair, Pair]) -> Panel:
    """The window at its place on the page, in the middle if it is smaller than the largest."""
    region = replace(image.sheet.region(*box), name=place.sheet.name, written=place.sheet.written)
    window = place.showing(region)
    left = place.left + (place.width - window.width) / 2
    return replace(window, left=left, top=place.top + (place.height - window.height) / 2)


def _connect(canvas: Axes, image: Panel, near: Panel, box: tuple[Pair, Pair]) -> list[Artist]:
    """Two thin lines from the window on the image to the enlarged one."""
    (row, column), (height, width) = box
    lines: list[Artist] = []
    for at in (row, row + height):
        (x0, y0), (x1, y1) = image.corner(at, column + width), near.corner(at, column)
        lines += canvas.plot([x0, x1], [y0, y1], color=MARK, linewidth=0.8, zorder=3, gid="zoom")
    return lines


def _singled_out(
    worked: Calculation, box: tuple[Pair, Pair], terms: Sequence[Term]
) -> Sequence[Term]:
    """The maximum; else the cells that are used, if those are not simply all in the window."""
    if worked.operation == "max pooling":
        return [max(terms, key=lambda term: term.value)]  # the first of equal ones, as torch does
    return terms if len(terms) < box[1][0] * box[1][1] else ()


def _mark_meetings(scene: Scene, kernel: Panel, near: Panel, terms: Sequence[Term]) -> list[Artist]:
    """Cells of image and kernel that meet at the output cell: framed, and lettered alike."""
    drawn: list[Artist] = []
    inset = _INSET if kernel.sheet.written else 0.0
    for index, term in enumerate(terms):
        place = _as_laid_on(scene.worked, term)
        gid = f"{kernel.sheet.name} frame {place[0]},{place[1]}"
        drawn.append(frame(scene.canvas, kernel, place, (1, 1), gid, inset=inset))
        if has_letters(scene.worked):
            drawn.append(letter(scene.canvas, near, (term.row, term.column), LETTERS[index]))
            drawn.append(letter(scene.canvas, kernel, place, LETTERS[index]))
    return drawn


def _as_laid_on(worked: Calculation, term: Term) -> Pair:
    """The place of a kernel cell on the figure, where a turned kernel is shown turned."""
    if worked.mode == "correlation":
        return term.kernel_row, term.kernel_column
    rows, columns = worked.geometry.kernel
    return rows - 1 - term.kernel_row, columns - 1 - term.kernel_column
