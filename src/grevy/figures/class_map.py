"""Class maps and attributions over the picture that they speak of.

Shapes: H rows and W columns of the picture, h and w of a map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.figures.numerals import numbers, numeral
from grevy.figures.scale import NO_EVIDENCE, Scale, render

_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601-7)."""

_PALE, _RANGE = 0.45, 0.55
"""The picture becomes gray from 0.45 to 1, so that dark stripes don't swallow the colours."""


def over_picture(
    picture_HW3: NDArray[np.uint8], map_hw: NDArray[Any], scale: Scale
) -> NDArray[np.uint8]:
    """The picture in pale gray, multiplied with the colours of the map, cell by cell.

    The map is enlarged by its nearest cells, never smoothed: its resolution stays visible.

    Args:
        picture_HW3: uint8 RGB.
        map_hw: values, of the picture's size or coarser.
        scale: of all maps that are compared.
    """
    rows_H, columns_W = (
        np.arange(pixels) * cells // pixels
        for pixels, cells in zip(picture_HW3.shape[:2], map_hw.shape, strict=True)
    )
    colours_HW3 = render(map_hw, scale)[rows_H[:, None], columns_W]
    blended_HW3: NDArray[np.uint8] = np.rint(colours_HW3 / 255.0 * _pale(picture_HW3)).astype(
        np.uint8
    )
    return blended_HW3


def in_words(map_hw: NDArray[Any]) -> str:
    """The largest value, raw, or that there is no positive evidence; NaN and infinity are said."""
    finite = map_hw[np.isfinite(map_hw)]
    if not finite.size:
        return numbers(map_hw)
    largest = float(finite.max())
    found = f"maximum {numeral(largest)}" if largest > 0 else NO_EVIDENCE
    absent = map_hw.size - finite.size
    return f"{found}, {absent:,} NaN or infinite" if absent else found


def _pale(picture_HW3: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in gray, its dark parts brought up so that colours on them can be seen."""
    gray_HW1 = (picture_HW3 @ np.array(_LUMA))[..., None]
    pale_HW1: NDArray[np.uint8] = np.rint(255 * _PALE + _RANGE * gray_HW1).astype(np.uint8)
    return pale_HW1.repeat(3, axis=2)
