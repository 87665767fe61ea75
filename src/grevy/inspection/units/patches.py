"""The pictures to which a unit answers most, in the middle, and least: one patch a picture.

Shapes: N pictures, K patches of a row, h rows, w columns, C channels of a patch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grevy.inspection.examples import Examples
from grevy.inspection.units.answers import Answers, Extremes
from grevy.inspection.units.fields import Spans, UnitField, cut_out

RowName = Literal["top", "middle", "bottom"]


@dataclass(frozen=True)
class Patch:
    """What the unit saw of one picture, where its answer was the extreme.

    Attributes:
        picture: index among all pictures.
        value: of the unit.
        place: row and column on the channel's map.
        spans: rows and columns of the picture that the unit sees there.
        pixels_hwC: the cut-out; 0 where nothing is seen.
        seen_hw: which of its pixels the unit sees.
    """

    picture: int
    value: float
    place: tuple[int, int]
    spans: Spans
    pixels_hwC: NDArray[np.uint8]
    seen_hw: NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """Patches of one kind.

    Attributes:
        name: which.
        about: what its patches are, in a few words for its title.
        extreme: of each picture, which is its patch.
        patches: no two of one picture.
        tied: pictures beyond those shown that have the value of a shown one at the row's end.
    """

    name: RowName
    about: str
    extreme: Literal["largest", "smallest"]
    patches: tuple[Patch, ...]
    tied: int


def rows_of(
    answers: Answers, examples: Examples, field: UnitField, channel: int, count: int
) -> tuple[Row, Row, Row]:
    """Top, middle and bottom patches.

    Pictures are ranked by their largest value; of equal ones the first comes first. Where the
    unit has negative values, the bottom row holds the smallest values; else, as behind a ReLU, all
    pictures share the smallest value 0, and it holds the pictures whose largest value is least.
    Pictures with values that are not finite are left out.

    Args:
        answers: at least one picture's are finite.
        examples: the pictures.
        field: where the unit looks.
        channel: of the layer.
        count: patches of a row, at most; fewer where there are not three times as many pictures.
    """
    order_N = ranked(answers.maxima.values_N)
    many = row_length(len(order_N), count)
    start = (len(order_N) - many) // 2
    signed = bool(np.nanmin(answers.minima.values_N) < 0)
    least = answers.minima if signed else answers.maxima
    lowest_N = ranked(-least.values_N)
    least_about = (
        "smallest value" if signed else "largest value, of the pictures where that is least"
    )
    most = answers.maxima

    def row(name: RowName, about: str, chosen: NDArray[np.int64], found: Extremes) -> Row:
        extreme: Literal["largest", "smallest"] = "largest" if found is most else "smallest"
        patches = _cut(chosen, found, examples, field, channel)
        return Row(name, about, extreme, patches, _tied(chosen, found))

    return (
        row("top", "largest value", order_N[:many], most),
        row("middle", "around the median picture", order_N[start : start + many], most),
        row("bottom", least_about, lowest_N[:many], least),
    )


def row_length(pictures: int, count: int) -> int:
    """Patches of a row: `count`, or a third of the pictures so that rows don't share any."""
    return min(count, max(1, pictures // 3))


def ranked(values_N: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices from the largest value down, without NaN; of equal ones the first comes first."""
    order_N = np.argsort(-values_N, kind="stable")
    return order_N[~np.isnan(values_N[order_N])]


def _cut(
    chosen: NDArray[np.int64], found: Extremes, examples: Examples, field: UnitField, channel: int
) -> tuple[Patch, ...]:
    patches = []
    for index in chosen.tolist():
        row, column = found.places_N2[index].tolist()
        spans = field.spans(channel, (row, column))
        cut = cut_out(examples.picture(index), spans)
        value = float(found.values_N[index])
        patches.append(Patch(index, value, (row, column), spans, *cut))
    return tuple(patches)


def _tied(chosen: NDArray[np.int64], found: Extremes) -> int:
    """Pictures that are not shown, although their value is that of the last one shown."""
    last = found.values_N[chosen[-1]]
    return int((found.values_N == last).sum() - (found.values_N[chosen] == last).sum())
