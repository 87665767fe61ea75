"""A worked convolution as an animation: the window walks over the image, the result fills up.

Only what changes is drawn for each frame, on a copy of the page with all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grevy.arithmetic.worked import Cell, Worked
from grevy.figures.marks import draw_marks
from grevy.figures.page import drawing
from grevy.figures.panel import draw_empty, draw_panel
from grevy.figures.scene import Scene, channels_shown, lay_out
from grevy.figures.sums import sum_lines
from grevy.records.atomic import save_error, write_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

FRAMES = 400
"""At most so many; of more cells as many are shown, evenly spaced, and the picture says so."""

_DPI = 100
_WHOLE_WALK, _SHORTEST, _LONGEST, _LAST = 30_000, 80, 900, 3_000
"""Milliseconds: of all frames together, and of one frame."""


def animate_convolution(worked: Worked, path: Path, filter: int = 0) -> Path:  # noqa: A002
    """Write a GIF that walks over the output cells of one filter in reading order.

    Every frame is the figure of its cell with the result as far as it is worked; the last one is
    held, then it begins again. The same input gives the same bytes. More than 400 cells: 400 of
    them have a frame, the cells between appear with the next, and a note in the picture says so.

    Args:
        worked: the whole convolution or pooling.
        path: of the GIF; its folder is made if it is absent.
        filter: index of the filter, in pooling of the channel.

    Returns:
        `path`.

    Raises:
        CellNotFoundError: no such filter.
        SaveError: the disk did not take it; an older file of that name is untouched.
    """
    width = len(worked.output_FHW[0][0])
    count = len(worked.output_FHW[0]) * width
    stops = _evenly(count)
    cells = [worked.cell(stop // width, stop % width, filter) for stop in stops]
    sums = [sum_lines(worked, cell, channels_shown(worked, filter)) for cell in cells]
    with drawing([worked.sentence]):
        scene = lay_out(worked, filter, sums, _notes(len(stops), count))
        content = _gif(scene, cells, sums)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path.parent, error) from error
    write_bytes(path, content)
    return path


def _evenly(count: int) -> list[int]:
    """At most 400 of `count` indices, evenly spaced, the last one among them."""
    frames = min(count, FRAMES)
    return [-(-(i + 1) * count // frames) - 1 for i in range(frames)]


def _notes(frames: int, count: int) -> list[str]:
    if frames == count:
        return []
    return [
        f"The window stops at {frames:,} of {count:,} cells, evenly spaced; "
        "the cells between appear together with the next."
    ]


class _Camera:
    """Takes the pictures: the page with all that never changes is drawn once."""

    def __init__(self, scene: Scene) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self._scene = scene
        self._figure = scene.page.figure
        self._figure.set_dpi(_DPI)
        self._canvas = FigureCanvasAgg(self._figure)
        draw_empty(scene.canvas, scene.result)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def take(self, cell: Cell, lines: Sequence[str]) -> Image:
        """RGB: the page of `cell`, with the result up to it."""
        from PIL import Image

        scene = self._scene
        order = scene.result.sheet.cells()
        worked = order[: order.index((cell.row, cell.column)) + 1]
        self._canvas.restore_region(self._background)
        for draw in (
            lambda: draw_panel(scene.canvas, scene.result, worked),
            lambda: draw_marks(scene, cell, lines),
        ):
            for artist in draw():
                scene.canvas.draw_artist(artist)
                artist.remove()
        return Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3].copy())


def _gif(scene: Scene, cells: Sequence[Cell], sums: Sequence[Sequence[str]]) -> bytes:
    """One palette for all frames: that of the last one, in which every colour has come up."""
    from PIL.Image import Dither

    camera = _Camera(scene)
    palette = camera.take(cells[-1], sums[-1]).quantize(256)
    frames = (
        camera.take(cell, lines).quantize(palette=palette, dither=Dither.NONE)
        for cell, lines in zip(cells, sums, strict=True)
    )
    each = min(max(_WHOLE_WALK // len(cells), _SHORTEST), _LONGEST)
    file = BytesIO()
    next(frames).save(
        file, format="GIF", save_all=True, append_images=frames, loop=0, optimize=False,
        duration=[each] * (len(cells) - 1) + [_LAST],
    )  # fmt: skip
    return file.getvalue()
