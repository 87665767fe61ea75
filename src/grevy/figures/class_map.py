"""Class maps and attributions over the picture that they speak of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.figures.numerals import numbers, numeral
from grevy.figures.scale import NO_EVIDENCE, NOT_A_NUMBER, Scale, rgb

_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601-7)."""

_BLUE, _RED = "#006CC4", "#E0301E"
"""Blue is evidence for a class; on a signed scale it is below 0 and red above, as everywhere."""

_STRONGEST = 0.65
"""Opacity of the strongest evidence: a third of the picture's contrast is left under it."""

_DARK, _LIGHT = 60, 225
"""Gray of the two halves of a colour bar."""


def over_picture(
    picture_HW3: NDArray[np.uint8], map_hw: NDArray[Any], scale: Scale
) -> NDArray[np.uint8]:
    """The picture in gray, tinted by the map: the larger a value, the less transparent.

    Where the map is 0 the picture is as it was. The map is enlarged by its nearest cells, never
    smoothed: its resolution stays visible.

    Args:
        picture_HW3: uint8 RGB.
        map_hw: values, of the picture's size or coarser.
        scale: of all maps that are compared.
    """
    rows_H, columns_W = (
        np.arange(pixels) * cells // pixels
        for pixels, cells in zip(picture_HW3.shape[:2], map_hw.shape, strict=True)
    )
    values_HW = np.asarray(map_hw, np.float64)[rows_H[:, None], columns_W]
    opacity_HW1 = _opacity(values_HW, scale)[..., None]
    gray_HW1 = (picture_HW3 @ np.array(_LUMA))[..., None]
    mixed_HW3 = (1 - opacity_HW1) * gray_HW1 + opacity_HW1 * _tints(values_HW, scale)
    shown_HW3: NDArray[np.uint8] = np.rint(mixed_HW3).astype(np.uint8)
    return shown_HW3


def over_dark_and_light(values_H1: NDArray[np.float64], scale: Scale) -> NDArray[np.uint8]:
    """What `over_picture` makes of values on dark and on light pixels: [H, 2, 3], a row a value."""
    grays_2 = np.array([_DARK, _LIGHT], np.uint8)
    picture_H23 = np.broadcast_to(grays_2[:, None], (len(values_H1), 2, 3))
    return over_picture(picture_H23, values_H1, scale)


def in_words(map_hw: NDArray[Any]) -> str:
    """The largest value, raw, or that there is no positive evidence; NaN and infinity are said."""
    finite = map_hw[np.isfinite(map_hw)]
    if not finite.size:
        return numbers(map_hw)
    largest = float(finite.max())
    found = f"maximum {numeral(largest)}" if largest > 0 else NO_EVIDENCE
    absent = map_hw.size - finite.size
    return f"{found}, {absent:,} NaN or infinite" if absent else found


def _opacity(values_HW: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    """Of each value: in proportion to its size, and full for what is not a number."""
    known_HW = np.isfinite(values_HW)
    shown_HW = np.clip(np.where(known_HW, values_HW, 0), scale.low, scale.high)
    opacity_HW: NDArray[np.float64] = np.where(
        known_HW, np.abs(shown_HW) / (scale.high or 1) * _STRONGEST, 1.0
    )
    return opacity_HW


def _tints(values_HW: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    """The colour [H, W, 3] of each value at full opacity."""
    above = _RED if scale.kind == "diverging" else _BLUE
    tints_HW3 = np.where((values_HW > 0)[..., None], rgb(above), rgb(_BLUE))
    tints_HW3[~np.isfinite(values_HW)] = rgb(NOT_A_NUMBER)
    return tints_HW3.astype(np.float64)
