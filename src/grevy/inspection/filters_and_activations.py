"""Filters beside what they make of a picture: the first figure of every course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier, Pictures
from grevy.figures.scale import Scale
from grevy.figures.tiles import Sheet, Tile
from grevy.inspection import activations, filters
from grevy.inspection.activations import ActivationsView, picture_tile
from grevy.inspection.convolution import convolution
from grevy.inspection.filters import FiltersView
from grevy.inspection.inspectors.activations import ActivationsSettings
from grevy.inspection.inspectors.filters import FiltersSettings
from grevy.inspection.inspectors.filters_and_activations import FiltersAndActivationsSettings
from grevy.inspection.view import Check, findings, png_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 10
"""Channels in one row, so that filter and activation are seen together."""


def look(
    classifier: Classifier, pictures: Pictures, settings: FiltersAndActivationsSettings
) -> FiltersAndActivationsView:
    """Read the weights and run the pictures, before any ReLU; errors as of both."""
    layer, _ = convolution(classifier, settings.layer)
    weights = filters.look(classifier, FiltersSettings(layer=layer, channels=settings.channels))
    chosen = ActivationsSettings(layer=layer, **weights.choices)
    return FiltersAndActivationsView(weights, activations.look(classifier, pictures, chosen))


@dataclass(frozen=True)
class FiltersAndActivationsView:
    """Two views with the same channels in the same order.

    Attributes:
        filters: on their scale.
        activations: on theirs.
    """

    filters: FiltersView
    activations: ActivationsView

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Those of both."""
        return {**self.activations.arrays, **self.filters.arrays}

    @property
    def scale(self) -> Scale:
        """Of the activations."""
        return self.activations.scale

    @property
    def checks(self) -> tuple[Check, ...]:
        """Those of both."""
        return self.filters.checks + self.activations.checks

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of both, each once."""
        return tuple(dict.fromkeys(self.filters.notes + self.activations.notes))

    @property
    def choices(self) -> dict[str, Any]:
        """The channels, in the order shown."""
        return self.filters.choices

    def sharing(self, other: FiltersAndActivationsView) -> FiltersAndActivationsView:
        """The same, on one scale with `other`."""
        return FiltersAndActivationsView(
            self.filters.sharing(other.filters), self.activations.sharing(other.activations)
        )

    def values(self) -> list[tuple[str, NDArray[Any]]]:
        """The drawn activations [H, W] with their titles."""
        return self.activations.values()

    @property
    def lines(self) -> tuple[str, ...]:
        """What the checks found, as sentences."""
        return findings(self.checks)

    def sheet(self) -> Sheet:
        """The pictures, then ten channels a row: filters, and below them their activations."""
        inputs = self.activations.inputs
        filters = self.filters.tiles()
        maps = [self.activations.tiles(picture) for picture in range(len(inputs))]
        rows = [[picture_tile(inputs, picture) for picture in range(len(inputs))]]
        titles = ["what the network sees"]
        for start in range(0, len(filters), _COLUMNS):
            columns = slice(start, start + _COLUMNS)
            rows += [filters[columns], *(_unnamed(tiles[columns]) for tiles in maps)]
            titles += ["filter", *inputs.names]
        scales = [scale for scale in (self.filters.scale, self.scale) if scale is not None]
        name = self.filters.classifier.name
        topic = f"filters and activations of {self.filters.layer}"
        return Sheet(name, topic, tuple(rows), tuple(titles), tuple(scales), self.lines, self.notes)

    def draw(self) -> Figure:
        """That sheet."""
        return self.sheet().draw()

    def as_json(self) -> dict[str, Any]:
        """Both."""
        return {"filters": self.filters.as_json(), "activations": self.activations.as_json()}

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())


def _unnamed(tiles: list[Tile]) -> list[Tile]:
    """Without the channel, which stands above the filter."""
    return [Tile(tile.picture_HW3, "", tile.numbers) for tile in tiles]
