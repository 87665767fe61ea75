"""Where everything of a worked convolution lies on the page; shared by figure and animation.

From left to right: the channels of the image below each other, where these are pictures the
window enlarged, the kernels, and the output. Below: the sum of a cell and the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from grevy.arithmetic.calculation import Calculation
from grevy.figures.by_hand.panel import Panel, put_indices, put_panel
from grevy.figures.by_hand.setting import title
from grevy.figures.by_hand.sheets import (
    KERNEL_SIDE,
    SIDE,
    Sheet,
    extent,
    image_sheets,
    kernel_sheets,
    output_sheet,
)
from grevy.figures.by_hand.sizes import Columns, Sizes, above, has_indices, heading_lines
from grevy.figures.colours import FAINT
from grevy.figures.page import MARGIN, SMALL, Page, line_height, new_page, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANNELS, _ROWS = 4, 28
"""At most so many channels, and so many rows of numbers below each other, are shown."""

_SIGN = 18.0
"""Points."""


@dataclass(frozen=True)
class Scene:
    """A page with all that is the same for every cell: not the output, the marks and the sum.

    Attributes:
        worked: what is shown.
        page: with its texts.
        canvas: over the whole page, in inches.
        images: by channel.
        windows: where the window of a channel is shown enlarged, with a stand-in as its sheet.
        kernels: by channel; none in pooling.
        output: of one filter.
        sum_top: inches from below the title to the sum.
    """

    worked: Calculation
    page: Page
    canvas: Axes
    images: dict[int, Panel]
    windows: dict[int, Panel]
    kernels: dict[int, Panel]
    output: Panel
    sum_top: float

    def wrapped(self, lines: Iterable[str]) -> list[str]:
        """The lines of a sum, none wider than the page."""
        return _wrapped(lines, float(self.page.figure.get_size_inches()[0]))


def channels_shown(worked: Calculation, number: int) -> range:
    """The first channels of the image that this filter sees."""
    channels = list(kernel_sheets(worked, number)) if worked.kernels_FCHW else [number]
    rows = len(extent(worked)[0])
    most = min(CHANNELS, max(1, _ROWS // rows)) if rows <= SIDE else CHANNELS
    return range(channels[0], channels[0] + min(len(channels), most))


def lay_out(
    worked: Calculation, number: int, sums: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> Scene:
    """The page of one filter (in pooling: channel); to be called inside a `drawing` block.

    Args:
        worked: what is shown.
        number: index of the filter.
        sums: the lines of every sum that will stand on the page: room is kept for the longest.
        notes: sentences below, besides those about what is not shown.
    """
    columns = _columns(worked, number)
    sizes = Sizes.of(columns)
    head = max(sizes.head(column[0]) for column in columns)
    width, block = sizes.page_width(columns), sizes.block(columns)
    sum_top = head + block + 0.3
    sentence = wrap(worked.sentence, width - 2 * MARGIN, SMALL)
    sentence_top = sum_top + max(len(_wrapped(s, width)) for s in sums) * line_height() + 0.12
    height = sentence_top + len(sentence) * line_height(SMALL) + 0.05
    all_notes = [*_left_out(worked, number, columns), *notes]
    page = new_page(width, height, title(worked), all_notes)
    page.text(MARGIN, sentence_top, "\n".join(sentence), size=SMALL, color=FAINT, gid="sentence")
    canvas = page.canvas()
    placed = sizes.place(columns, head)
    _put_panels(page, canvas, worked, placed)
    kinds = {column[0].sheet.name.split()[0]: column for column in placed}
    by_channel = {
        kind: dict(zip(channels_shown(worked, number), column, strict=False))
        for kind, column in kinds.items()
    }
    return Scene(
        worked, page, canvas, by_channel["image"], by_channel.get("window", {}),
        by_channel.get("kernel", {}), kinds["output"][0], sum_top,
    )  # fmt: skip


def _columns(worked: Calculation, number: int) -> Columns:
    """Images, windows if the images are pictures, kernels if there are any, and the output."""
    channels = channels_shown(worked, number)
    images = image_sheets(worked, channels)
    columns = [images]
    if not images[0].written:
        columns.append([_window(worked, image) for image in images])
    if worked.kernels_FCHW:
        kernels = kernel_sheets(worked, number)
        columns.append([kernels[channel] for channel in channels])
    return [*columns, [output_sheet(worked, number)]]


def _window(worked: Calculation, image: Sheet) -> Sheet:
    """A stand-in as large as the largest window."""
    spans = [
        (kernel - 1) * dilation + 1
        for kernel, dilation in zip(worked.geometry.kernel, worked.geometry.dilation, strict=True)
    ]
    if worked.operation == "transposed convolution":
        spans = [-(-span // s) for span, s in zip(spans, worked.geometry.stride, strict=True)]
    height, width = (min(span, side) for span, side in zip(spans, image.shape, strict=True))
    name, heading = image.name.replace("image", "window"), ("window", "enlarged")
    window = replace(image, name=name, heading=heading, written=max(height, width) <= KERNEL_SIDE)
    return window.region(image.first, (height, width))


def _wrapped(lines: Iterable[str], width: float) -> list[str]:
    """As `wrap` does it, but fast where the same words come up in hundreds of sums."""
    room = width - 2 * MARGIN
    wrapped: list[str] = []
    for line in lines:
        words = line.split(" ")
        if max(map(_advance, words)) > room:
            wrapped += wrap(line, room)
            continue
        left = 0.0
        for word in words:
            if left >= _advance(word):
                wrapped[-1] += f" {word}"
            else:
                wrapped.append(word)
                left = room
            left -= _advance(word)
    return wrapped


@lru_cache(maxsize=10_000)
def _advance(word: str) -> float:
    """Inches from the beginning of a word to that of the next."""
    return text_width(f"|{word} |") - text_width("||")


def _put_panels(page: Page, canvas: Axes, worked: Calculation, placed: list[list[Panel]]) -> None:
    """Headings, signs, and all panels but the windows and the output."""
    for column in placed:
        _put_headings(page, column)
        for panel in column:
            if has_indices(panel.sheet):
                put_indices(page, panel)
            if panel.sheet.name.startswith(("image", "kernel")):
                put_panel(canvas, panel)
    for left, right in pairwise(placed):
        x = (max(p.left + p.width for p in left) + min(p.left for p in right)) / 2
        sign = _sign(worked, right[0].sheet.name)
        for panel in right:
            _put_sign(page, x, panel.top + panel.height / 2, sign)
    for above_it, below in pairwise(placed[-2] if worked.kernels_FCHW else ()):
        x, y = below.left + below.width / 2, (above_it.top + above_it.height + below.top) / 2
        _put_sign(page, x, y, "+")


def _put_sign(page: Page, x: float, y: float, sign: str) -> None:
    size = _SIGN * (1.8 if sign in "⋆·" else 1.0)  # as large to the eye as the others
    page.text(x, y, sign, size=size, color=FAINT, ha="center", va="center", gid="sign")


def _put_headings(page: Page, column: list[Panel]) -> None:
    """Name and description above the first panel; above the others of an image the name."""
    for panel in column:
        name, about = heading_lines(panel.sheet, panel.width)
        x, y = panel.left + panel.width / 2, panel.top - above(panel.sheet)
        if panel is not column[0] and not panel.sheet.name.startswith("image"):
            continue
        if panel is column[0]:
            page.text(x, y, "\n".join(about), size=SMALL, color=FAINT, ha="center", va="bottom")
            y -= len(about) * line_height(SMALL)
        page.text(x, y, "\n".join(name), ha="center", va="bottom")


def _sign(worked: Calculation, right: str) -> str:
    """What stands between two columns."""
    if right.startswith("window"):
        return ""
    if right.startswith("output"):
        return "=" if worked.kernels_FCHW else "→"
    if worked.operation == "transposed convolution":
        return "·"
    return "⋆" if worked.mode == "correlation" else "∗"


def _left_out(worked: Calculation, number: int, columns: Columns) -> list[str]:
    """What a reader can't see, or not in full."""
    notes = []
    shown = len(columns[0])
    seen = len(kernel_sheets(worked, number)) if worked.kernels_FCHW else 1
    if shown < seen:
        notes.append(f"The first {shown} of {seen:,} channels are shown; the sum has all of them.")
    others = len(worked.output_FHW) - 1
    if others:
        what = "filter" if worked.kernels_FCHW else "channel"
        notes.append(
            f"{others:,} other {what}s are not shown."
            if others > 1
            else f"1 other {what} is not shown."
        )
    unwritten = [c[0].name.split()[0] for c in columns if not c[0].written]
    if unwritten:
        notes.append(
            f"No numbers are written into {' and '.join(unwritten)}: there is room for "
            f"{SIDE} × {SIDE} cells, and for {KERNEL_SIDE} × {KERNEL_SIDE} of kernel and window."
        )
    sheets = [s for column in columns for s in column if s.written]
    if any(sheet.text(*cell).startswith("≈") for sheet in sheets for cell in sheet.cells()):
        notes.append("≈ stands before numbers rounded to fit their cell; the sum is exact.")
    return notes
