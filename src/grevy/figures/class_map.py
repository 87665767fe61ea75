"""Class maps and attributions: each alone, and over the picture that it speaks of.

Shapes: H rows and W columns of the picture, h and w of a map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.figures.numerals import numbers, numeral
from grevy.figures.scale import NO_EVIDENCE, Scale, activations_scale, render
from grevy.figures.tiles import Tile, draw_tiles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601-7)."""

_PALE, _RANGE = 0.45, 0.55
"""The picture becomes gray from 0.45 to 1, so that dark stripes don't swallow the colours."""

_NONE: Mapping[str, NDArray[Any]] = MappingProxyType({})


def draw_class_maps(
    picture_HW3: NDArray[np.uint8],
    maps: Mapping[str, NDArray[Any]],
    scale: Scale,
    title: str,
    baselines: Mapping[str, NDArray[Any]] = _NONE,
    lines: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Figure:
    """The picture, and every map over it and alone.

    Args:
        picture_HW3: uint8 RGB, as the network sees it.
        maps: [h, w] values by what they are ("zebra", "zebra, randomised weights"), of one kind.
        scale: of all of them.
        title: drawn above.
        baselines: maps of another kind, each on its own scale, such as an edge detector.
        lines: what the checks found, as sentences below.
        notes: what the reader must know beyond.

    Raises:
        InputError: a picture that is not uint8 RGB.
    """
    scales = {name: activations_scale(map_hw, name) for name, map_hw in baselines.items()}
    above = [Tile(picture_HW3, "what the network sees", "")]
    below = [Tile(_pale(picture_HW3), "the same, pale", "as it looks below a map that is 0")]
    for name, map_hw in (*maps.items(), *baselines.items()):
        of_map = scales.get(name, scale)
        above.append(Tile(over_picture(picture_HW3, map_hw, of_map), name, in_words(map_hw)))
        below.append(Tile(render(map_hw, of_map), name, numbers(map_hw)))
    rows_are = ["over the picture", "alone"]
    return draw_tiles([above, below], title, [scale, *scales.values()], notes, rows_are, lines)


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
