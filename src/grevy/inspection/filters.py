"""The filters of a convolution: what it multiplies its input with.

Shapes: O filters (output channels), I input channels, H rows, W columns, S shown filters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier
from grevy.figures.numerals import counted, numbers, numeral
from grevy.figures.scale import (
    Scale,
    dead_filters,
    filter_rgb,
    filter_rgb_note,
    render,
    weights_scale,
)
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import Band, Sheet, Tile, paged, pages
from grevy.inspection.convolution import convolution, filters_of, sees_colours
from grevy.inspection.inspectors.filters import FiltersSettings
from grevy.inspection.layout import choose_channels
from grevy.inspection.view import Check, findings, number, numbers_of, png_of, weights_told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINE = 255
"""White between the input channels of one filter."""

_NO_BREAK = "\N{NO-BREAK SPACE}"


def look(classifier: Classifier, settings: FiltersSettings) -> FiltersView:
    """Read the weights of one convolution.

    Raises:
        LayerNotFoundError: no such layer.
        ModelArgumentError: it is not a convolution, or there is none.
        InputError: a channel that the layer does not have.
    """
    layer, module = convolution(classifier, settings.layer)
    weights_OIHW = filters_of(module).cpu().numpy()
    norms_O = np.sqrt(np.square(weights_OIHW, dtype=np.float64).sum((1, 2, 3)))
    by_norm = settings.channels is None and settings.sort == "norm"
    shown = choose_channels(settings.channels, len(weights_OIHW), layer)
    if by_norm:
        shown = tuple(np.argsort(-norms_O, kind="stable").tolist())  # NaN comes last
    arrays = {
        "weights_OIHW": weights_OIHW,
        "norms_O": norms_O,
        "dead_O": dead_filters(weights_OIHW),
        "shown_S": np.array(shown, np.int64),
    }
    order = "norm, largest first" if by_norm else ""
    return FiltersView(classifier, layer, sees_colours(classifier, layer), order, arrays)


@dataclass(frozen=True)
class FiltersView:
    """Filters of one layer on one scale.

    Attributes:
        classifier: whose filters.
        layer: of which layer.
        in_colour: whether they are drawn as red, green and blue.
        order: what they are sorted by; "": by nothing.
        arrays: weights_OIHW, norms_O, dead_O (bool), shown_S (indices in the order drawn).
        shares: weights of another view on the same scale, or none.
    """

    classifier: Classifier
    layer: str
    in_colour: bool
    order: str
    arrays: Mapping[str, NDArray[Any]]
    shares: tuple[NDArray[Any], ...] = ()

    @cached_property
    def scale(self) -> Scale | None:
        """One for the layer; None in colour, where gray is 0."""
        return None if self.in_colour else weights_scale(self._scaled, self._over)

    def sharing(self, other: FiltersView) -> FiltersView:
        """The same, on one scale with `other`."""
        return replace(self, shares=(other.arrays["weights_OIHW"],))

    @property
    def choices(self) -> dict[str, Any]:
        """The filters, in the order shown."""
        return {"channels": tuple(self.arrays["shown_S"].tolist())}

    def values(self) -> list[tuple[str, NDArray[Any]]]:
        """The drawn filters [I, H, W] with their titles."""
        weights_OIHW = self.arrays["weights_OIHW"]
        return [(str(index), weights_OIHW[index]) for index in self.arrays["shown_S"].tolist()]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Dead filters and weights that are not finite, of the whole layer."""
        weights_OIHW, dead_O = self.arrays["weights_OIHW"], self.arrays["dead_O"]
        dead, broken = int(dead_O.sum()), int((~np.isfinite(weights_OIHW)).sum())
        names = ", ".join(map(str, np.flatnonzero(dead_O)))
        told = f": {names}" if dead else ""
        return (
            Check(
                "dead filters",
                dead,
                "0",
                dead == 0,
                f"{dead} of {len(dead_O)} filters are dead{told}.",
            ),
            Check(
                "weights not finite",
                broken,
                "0",
                broken == 0,
                f"{counted(broken, 'weight')} NaN or infinite.",
            ),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """About the weights, shape, order, and how a tile is read."""
        filters, inputs, height, width = self.arrays["weights_OIHW"].shape
        shape = f"{self.layer} has {filters} filters of {inputs}×{height}×{width}"
        order = f"{shape}, sorted by {self.order}." if self.order else f"{shape}."
        colour = [filter_rgb_note(self._scaled, self._over)] if self.in_colour else []
        return (*self.classifier.notes, order, *colour, *self.mosaic)

    @property
    def mosaic(self) -> tuple[str, ...]:
        """A sentence where a tile holds several channels."""
        inputs = self.arrays["weights_OIHW"].shape[1]
        if self.in_colour or inputs == 1:
            return ()
        rows, columns = _grid(inputs)
        order = f"{rows} rows of up to {columns}"
        return (f"A tile is one filter: its {inputs} input channels in reading order, {order}.",)

    def tiles(self) -> list[Tile]:
        """One for each shown filter; dead ones are marked."""
        shown_S = self.arrays["shown_S"]
        weights_SIHW = self.arrays["weights_OIHW"][shown_S]
        if self.scale is None:
            pictures_SHW3 = filter_rgb(weights_SIHW, self._largest)
        else:
            pictures_SHW3 = mosaic(render(weights_SIHW, self.scale))
        return [
            Tile(picture_HW3, str(index), self._caption(index), bool(self.arrays["dead_O"][index]))
            for picture_HW3, index in zip(pictures_SHW3, shown_S.tolist(), strict=True)
        ]

    @property
    def lines(self) -> tuple[str, ...]:
        """What the checks found, as sentences."""
        return findings(self.checks)

    @property
    def pages(self) -> int:
        """How many pages the shown ones need."""
        return pages(len(self.arrays["shown_S"]))

    def sheet(self, page: int = 1) -> Sheet:
        """The shown filters in a grid; more than 128 have further pages."""
        topic = f"filters of {self.layer}"
        rows, missing = paged(self.tiles(), page)
        band = self.band(rows)
        notes = (*weights_told(self.classifier), *self.mosaic, *missing)
        return Sheet(self.classifier.name, topic, (band,), self.lines, notes)

    def band(self, rows: Sequence[Sequence[Tile]]) -> Band:
        """Some of the tiles with their numbers."""
        shown = [int(tile.title) for row in rows for tile in row]
        weights_SIHW = self.arrays["weights_OIHW"][shown]
        filters, *shape = self.arrays["weights_OIHW"].shape
        size = "×".join(map(str, shape))
        order = f", sorted by {self.order}" if self.order else ""
        title = f"{len(shown)} of {counted(filters, 'filter')} of {size}{order}"
        gray = [f"gray is 0, full colour {numeral(self._largest)}"] if self.in_colour else []
        told = "; ".join([numbers(weights_SIHW), *gray])
        return Band(tuple(rows), title, told, self.scale)

    def draw(self, page: int = 1) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet(page))

    def as_json(self) -> dict[str, Any]:
        """Shape, and norm, extremes and death of each shown filter."""
        weights_OIHW = self.arrays["weights_OIHW"]
        return {
            "layer": self.layer,
            "shape": list(weights_OIHW.shape),
            "in_colour": self.in_colour,
            "filters": [
                {
                    "channel": index,
                    "norm": number(self.arrays["norms_O"][index]),
                    "dead": bool(self.arrays["dead_O"][index]),
                    **numbers_of(weights_OIHW[index]),
                }
                for index in self.arrays["shown_S"].tolist()
            ],
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())

    @property
    def _scaled(self) -> list[NDArray[Any]]:
        """All weights on the scale."""
        return [self.arrays["weights_OIHW"], *self.shares]

    @property
    def _largest(self) -> float:
        """The largest weight on the scale, without its sign."""
        return max(map(_largest, self._scaled))

    @property
    def _over(self) -> str:
        return f"{self.layer} in both" if self.shares else self.layer

    def _caption(self, index: int) -> str:
        norm = f"norm{_NO_BREAK}{numeral(float(self.arrays['norms_O'][index]))}"
        dead = "dead " if self.arrays["dead_O"][index] else ""
        return f"{dead}{norm} {numbers(self.arrays['weights_OIHW'][index])}"


def mosaic(pictures_OIHW3: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The I pictures of each O in reading order in one picture, with white lines between."""
    count, inputs, height, width, _ = pictures_OIHW3.shape
    rows, columns = _grid(inputs)
    cells = np.full((count, rows * columns, height + 1, width + 1, 3), _LINE, np.uint8)
    cells[:, :inputs, :height, :width] = pictures_OIHW3
    grid = cells.reshape(count, rows, columns, height + 1, width + 1, 3).swapaxes(2, 3)
    return grid.reshape(count, rows * (height + 1), columns * (width + 1), 3)[:, :-1, :-1]


def _grid(count: int) -> tuple[int, int]:
    """Rows and columns: a full rectangle up to twice as wide as high, else nearly a square."""
    rows = max(n for n in range(1, math.isqrt(count) + 1) if count % n == 0)
    columns = count // rows
    if columns > max(3, 2 * rows):
        columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns


def _largest(weights: NDArray[np.float32]) -> float:
    sizes = np.abs(weights)
    return float(sizes.max(initial=0.0, where=np.isfinite(sizes)))
