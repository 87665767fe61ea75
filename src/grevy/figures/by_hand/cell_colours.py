"""Exact numbers as colours: 0 is white on a map, and black in a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grevy.arithmetic.calculation import Number
from grevy.figures.by_hand.sums import short
from grevy.figures.colours import DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

Values = tuple[tuple[Number | None, ...], ...]
"""[H, W]; None: nothing stands there, as in padding that pooling does not count."""

GRAY = "gray"
"""Brightness of a picture's pixels."""

_SOFT = 0.7
"""Cells use this share of a colour map, so that the numbers in them can be read."""


@dataclass(frozen=True)
class CellColours:
    """Numbers as colours; 0 is white on a map and black in a picture.

    Attributes:
        most: the number with the strongest colour.
        map: name of the colour map.
        share: how much of the map is used.
        legend: in words.
    """

    most: Number
    map: str
    share: float
    legend: str

    @classmethod
    def of(
        cls, values: Iterable[Number], decimals: bool, *, written: bool, picture: bool = False
    ) -> CellColours:
        """One scale for all of `values`: symmetric where one is negative, else from 0 up.

        Args:
            values: at least one.
            decimals: how numbers are written.
            written: whether numbers stand on the colours.
            picture: what is not negative is brightness: gray, of 255 where that can be.
        """
        found = list(values)
        least, most = min(found), max(found)
        share = _SOFT if written else 1.0
        if least < 0:
            most = max(-least, most)
            bound = short(most, decimals)
            return cls(most, DIVERGING, share, f"blue −{bound}, white 0, red {bound}")
        if not picture:
            most = most or 1
            return cls(most, SEQUENTIAL, share, f"white 0, blue {short(most, decimals)}")
        most = 255 if 128 <= most <= 255 else most or 1
        return cls(most, GRAY, 1.0, f"black 0, white {short(most, decimals)}")

    def colours(self, values: Values) -> NDArray[np.uint8]:
        """[H, W, 3], uint8 RGB; white where nothing stands."""
        share_HW = np.array(
            [[np.nan if v is None else float(v / self.most) for v in row] for row in values]
        )
        colours_HW3 = self._colours(np.nan_to_num(share_HW))
        colours_HW3[np.isnan(share_HW)] = 255
        return colours_HW3

    def _colours(self, share_HW: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Of shares of the number with the strongest colour, -1 to 1."""
        from matplotlib import colormaps

        if self.map == GRAY:
            gray_HW1 = np.rint(255 * share_HW)[..., None].astype(np.uint8)
            return gray_HW1.repeat(3, axis=2)
        share_HW = self.share * share_HW
        place_HW = 0.5 + share_HW / 2 if self.map == DIVERGING else share_HW
        return np.array(colormaps[self.map](place_HW, bytes=True)[..., :3], np.uint8)
