"""Filters beside what they make of a picture: the first figure of every course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier, Pictures
from grevy.figures.scale import Scale
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import PICTURE, Band, Sheet, Tile, in_rows, untitled
from grevy.inspection import activations, filters
from grevy.inspection.activations import ActivationsView, picture_tile
from grevy.inspection.convolution import convolution
from grevy.inspection.filters import FiltersView
from grevy.inspection.inspectors.activations import ActivationsSettings
from grevy.inspection.inspectors.filters import FiltersSettings
from grevy.inspection.inspectors.filters_and_activations import FiltersAndActivationsSettings
from grevy.inspection.view import Check, findings, png_of, weights_told

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
        """The pictures, then some channels a row: filters, and below them their activations."""
        inputs = self.activations.inputs
        seen = [picture_tile(inputs, picture) for picture in range(len(inputs))]
        bands = [Band((seen,), "what the network sees", inches=PICTURE)]
        maps = [in_rows(self.activations.tiles(picture)) for picture in range(len(inputs))]
        for row, tiles in enumerate(in_rows(self.filters.tiles())):
            of_row = [self.filters.band([tiles])]
            of_row += [self._answers(picture, rows[row]) for picture, rows in enumerate(maps)]
            bands += [replace(band, title="") for band in of_row] if row else of_row
        name = self.filters.classifier.name
        topic = f"filters and activations of {self.filters.layer}"
        told = (*weights_told(self.filters.classifier), *self.filters.mosaic)
        return Sheet(name, topic, tuple(bands), self.lines, told)

    def _answers(self, picture: int, tiles: Sequence[Tile]) -> Band:
        """What these filters make of one picture, without the channel: it stands above."""
        title = f"what they make of {self.activations.inputs.names[picture]}"
        return untitled(self.activations.band(picture, [tiles], title))

    def draw(self) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet())

    def as_json(self) -> dict[str, Any]:
        """Both."""
        return {"filters": self.filters.as_json(), "activations": self.activations.as_json()}

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())
