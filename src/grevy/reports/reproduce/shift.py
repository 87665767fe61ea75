"""Why pooling makes less sensitive to shifts: a picture moved by one pixel, through the pooling.

Shapes: H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate2d

from grevy.documents.blocks import Block, Paragraph, Table
from grevy.figures.numerals import counted
from grevy.figures.shift import draw_shift
from grevy.reports.figure import figure_block
from grevy.reports.reproduce.shown import Shown

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float64)
POOLINGS = 3
"""As many as the five-layer network has."""

Floats = NDArray[np.float64]


def shifted_blocks(shown: Shown) -> Iterator[Block]:
    """Activations of a Sobel filter and ReLU, before and after three poolings, as it is and moved.

    Max pooling 2×2 with a stride of 2. The change is the L2 norm of the difference divided by that
    of the unmoved activations, over the cells that both have.
    """
    gray_HW = shown.gray_HW
    still, moved = gray_HW[:, 1:], gray_HW[:, :-1]
    pairs = [(activations(still), activations(moved))]
    for _ in range(POOLINGS):
        pairs.append((max_pooled(pairs[-1][0]), max_pooled(pairs[-1][1])))
    yield Paragraph(
        f"Shown on {shown.about}, in gray, and moved to the right by one pixel: a filter that"
        " answers to edges (the kernel above) and ReLU, then max pooling 2×2 with a stride of 2,"
        " three times, as in the five-layer network. Where the largest value of a window stays in"
        " its window, the pooled value stays the same."
    )
    rows = tuple(
        (f"after {counted(count, 'pooling')}" if count else "before pooling", *_words(*pair))
        for count, pair in enumerate(pairs)
    )
    columns = ("activations", "size", "change")
    yield Table(columns, rows, frozenset({1, 2}), "how much a shift by one pixel changes")
    drawn = draw_shift([still, moved], [pairs[0], pairs[-1]])
    words = "A picture and the same moved by one pixel, their activations before and after pooling."
    yield figure_block(drawn, "shift", words, words)


def activations(gray_HW: Floats) -> Floats:
    """Sobel filter without padding, and ReLU."""
    found: Floats = np.maximum(correlate2d(gray_HW, SOBEL, mode="valid"), 0)
    return found


def max_pooled(values_HW: Floats) -> Floats:
    """2×2 with a stride of 2; a last odd row or column is dropped, as PyTorch does."""
    height, width = (side // 2 for side in values_HW.shape)
    windows = values_HW[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return np.asarray(windows.max((1, 3)))


def change(before_HW: Floats, after_HW: Floats) -> float:
    """Relative L2 difference; 0 where nothing was there."""
    size = float(np.linalg.norm(before_HW))
    return float(np.linalg.norm(after_HW - before_HW)) / size if size else 0.0


def _words(before_HW: Floats, after_HW: Floats) -> tuple[str, str]:
    height, width = before_HW.shape
    return f"{height}×{width}", f"{100 * change(before_HW, after_HW):.0f} %"
