"""A worked convolution as an animation: the window walks over the image, the output fills up.

Only what changes is drawn for each frame, on a copy of the page with all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grevy.arithmetic.calculation import Calculation, Cell
from grevy.arithmetic.terms import cell_of
from grevy.figures.by_hand.marks import put_marks
from grevy.figures.by_hand.panel import put_empty, put_panel
from grevy.figures.by_hand.scene import Scene, channels_shown, lay_out
from grevy.figures.by_hand.sums import sum_lines
from grevy.figures.page import drawing
from grevy.records.atomic import save_error, write_bytes

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from numpy.typing import NDArray
    from PIL.Image import Image

FRAMES = 400
"""At most so many; of more cells as many are shown, evenly spaced, and the picture says so."""

PRODUCTS, FEWEST = 12_000, 24
"""At most so many products or values are written on all frames together, but FEWEST frames are
made in any case: each is drawn letter by letter, and a window of 13 × 13 cells takes 0.1 s."""

_DPI = 100
_EXACT = 64
"""Colours that are exactly right: those of cells, page and text. The other 191 are for pictures."""

_UNKNOWN = 255
"""No place in a palette: a colour of which the place is not looked up yet."""

_WHOLE_WALK, _SHORTEST, _LONGEST, _LAST = 30_000, 80, 900, 3_000
"""Milliseconds: of all frames together, and of one frame."""


def animate_convolution(worked: Calculation, path: Path, filter: int = 0) -> Path:  # noqa: A002
    """Write a GIF that walks over the output cells of one filter in reading order.

    Every frame is the figure of its cell with the output as far as it is worked; the last one is
    held, then it begins again. The same input gives the same bytes. Where there are more
    than 400 cells, or fewer with large windows, some of them have a frame, evenly spaced; the
    cells between appear with the next, and a note in the picture says so.

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
    chosen = stops(count, _products(worked, filter))
    cells = [cell_of(worked, stop // width, stop % width, filter) for stop in chosen]
    sums = [sum_lines(worked, cell, channels_shown(worked, filter)) for cell in cells]
    with drawing([worked.sentence]):
        scene = lay_out(worked, filter, sums, _notes(len(chosen), count))
        content = _gif(scene, cells, sums)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path.parent, error) from error
    write_bytes(path, content)
    return path


def stops(count: int, products: int = 1) -> list[int]:
    """Evenly spaced indices of cells that have a frame, the last one among them.

    Args:
        count: of cells.
        products: written out for a cell.
    """
    frames = min(count, FRAMES, max(FEWEST, PRODUCTS // products))
    return [-(-(i + 1) * count // frames) - 1 for i in range(frames)]


def _products(worked: Calculation, number: int) -> int:
    """Products or values written out for the cell in the middle, at least 1."""
    rows, columns = len(worked.output_FHW[0]), len(worked.output_FHW[0][0])
    terms = cell_of(worked, rows // 2, columns // 2, number).terms
    shown = channels_shown(worked, number)
    return max(1, sum(term.channel in shown for term in terms))


def _notes(frames: int, count: int) -> list[str]:
    if frames == count:
        return []
    return [
        f"The window stops at {frames:,} of {count:,} cells, evenly spaced; "
        "the cells between appear together with the next."
    ]


def _gif(scene: Scene, cells: Sequence[Cell], sums: Sequence[Sequence[str]]) -> bytes:
    camera = _Camera(scene)
    (last,) = camera.walk(cells[-1:], sums[-1:])
    palette = _Palette(last)
    frames = map(palette.applied_to, camera.walk(cells, sums))
    each = min(max(_WHOLE_WALK // len(cells), _SHORTEST), _LONGEST)
    file = BytesIO()
    next(frames).save(
        file, format="GIF", save_all=True, append_images=frames, loop=0, optimize=True,
        duration=[each] * (len(cells) - 1) + [_LAST],
    )  # fmt: skip
    return file.getvalue()


class _Camera:
    """Takes the pictures: what never changes is drawn once, and numbers of the output once each."""

    def __init__(self, scene: Scene) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        figure = scene.page.figure
        figure.set_dpi(_DPI)
        put_empty(scene.canvas, scene.output)
        canvas: Any = FigureCanvasAgg(figure)  # Matplotlib's drawing has no types
        canvas.draw()
        self._scene, self._canvas = scene, canvas
        self._empty = self._copy()

    def _copy(self) -> Any:
        return self._canvas.copy_from_bbox(self._scene.page.figure.bbox)

    def walk(self, cells: Sequence[Cell], sums: Sequence[Sequence[str]]) -> Iterator[Image]:
        """RGB: the page of each cell, with the output up to it."""
        from PIL import Image

        output = self._scene.output
        places = output.sheet.cells()
        background, done = self._empty, 0
        for cell, lines in zip(cells, sums, strict=True):
            end = places.index((cell.row, cell.column)) + 1
            new = places[done if output.sheet.written else 0 : end]  # a picture is drawn as a whole
            self._canvas.restore_region(background)
            self._add(put_panel(self._scene.canvas, output, new))
            background, done = self._copy(), end
            self._add(put_marks(self._scene, cell, lines))
            yield Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3].copy())

    def _add(self, artists: Iterable[Artist]) -> None:
        axes: Any = self._scene.canvas
        for artist in artists:
            axes.draw_artist(artist)
            artist.remove()


class _Palette:
    """The colours of all frames: those of the last one, in which every colour has come up.

    The most frequent ones, which fill cells and page, are kept exactly. The others, such as the
    grays of a photograph, share the rest of the palette, each counted once however often it comes
    up, and become the nearest. One place is left free for what Pillow makes transparent because it
    did not change.
    """

    def __init__(self, picture: Image) -> None:
        from PIL import Image
        from PIL.Image import Quantize

        codes_N, counts_N = np.unique(_codes(np.asarray(picture)), return_counts=True)
        order_N = np.argsort(-counts_N, kind="stable")
        colours_N3 = _colours(codes_N[order_N])
        self._colours_P3 = colours_N3[:_EXACT]
        others_N3 = colours_N3[_EXACT:]
        if len(others_N3):
            places = _UNKNOWN - len(self._colours_P3)
            few = Image.fromarray(others_N3[None]).quantize(places, Quantize.MEDIANCUT, kmeans=3)
            shared_P3 = np.array(few.getpalette(), np.uint8).reshape(-1, 3)[:places]
            self._colours_P3 = np.concatenate([self._colours_P3, shared_P3])
        self._index = np.full(2**24, _UNKNOWN, np.uint8)

    def applied_to(self, picture: Image) -> Image:
        from PIL import Image

        codes_HW = _codes(np.asarray(picture))
        codes_N = np.unique(codes_HW)
        self._look_up(codes_N[self._index[codes_N] == _UNKNOWN])
        frame = Image.fromarray(self._index[codes_HW])
        frame.putpalette(self._colours_P3.tobytes())
        return frame

    def _look_up(self, codes_N: NDArray[np.int32]) -> None:
        """The places of the nearest colours; Pillow's own look-up is coarse by four levels."""
        for part_N in np.array_split(codes_N, len(codes_N) // 4_000 + 1):
            apart_NP3 = _colours(part_N)[:, None].astype(np.int32) - self._colours_P3
            self._index[part_N] = (apart_NP3**2).sum(2).argmin(1)


def _codes(colours_X3: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Each colour as one number."""
    red, green, blue = np.moveaxis(colours_X3.astype(np.int32), -1, 0)
    codes_X: NDArray[np.int32] = red << 16 | green << 8 | blue
    return codes_X


def _colours(codes_N: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Red, green and blue [N, 3] of such numbers."""
    return np.stack([codes_N >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8)
