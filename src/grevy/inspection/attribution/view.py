"""What a method found: maps on one scale, with what speaks for and against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier, Inputs
from grevy.errors import UsageError
from grevy.figures.class_map import over_picture
from grevy.figures.numerals import numbers, numeral
from grevy.figures.render import to_rgb
from grevy.figures.scale import (
    Scale,
    Values,
    attribution_scale,
    class_map_scale,
    magnitude_scale,
    render,
)
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import ASKED, Band, Sheet, Tile
from grevy.inspection.view import (
    Check,
    checks_told,
    number,
    numbers_of,
    png_of,
    weights_told,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Colours: TypeAlias = Callable[[Values], Scale]
"""The colour rule of a method: from all its maps to one scale."""


def class_map_colours(maps: Values) -> Scale:
    """From 0 to the maximum: class maps after ReLU."""
    return class_map_scale(maps)


def attribution_colours(maps: Values) -> Scale:
    """Symmetric around 0: signed attributions."""
    return attribution_scale(maps)


def magnitude_colours(maps: Values) -> Scale:
    """From 0 to the 99.9 percentile: sizes of gradients, which have outliers."""
    return magnitude_scale(maps)


@dataclass(frozen=True)
class Explained:
    """The output that the map of one picture explains.

    Attributes:
        class_name: the class.
        logit: of the class.
        probability: of the class, from the softmax of all logits.
        predicted: the class with the largest logit.
        index: of the class.
    """

    class_name: str
    logit: float
    probability: float
    predicted: str
    index: int

    def as_json(self) -> dict[str, Any]:
        """None stands for what is not a number."""
        return {
            "class": self.class_name,
            "logit": number(self.logit),
            "probability": number(self.probability),
            "predicted": self.predicted,
        }


@dataclass(frozen=True)
class AttributionView:
    """Maps of one method for N pictures, on one scale.

    Attributes:
        method: how it is called.
        classifier: whose output is explained.
        inputs: the pictures as the network saw them.
        explained: class and logit, a picture.
        arrays: maps_NHW (as drawn), edges_NHW (the edge detector), logits_NK, and what else the
            method computed.
        scale: of all maps.
        colours: the rule that made the scale.
        checks_of: a picture: what speaks for and against its map.
        notes: sentences.
    """

    method: str
    classifier: Classifier
    inputs: Inputs
    explained: tuple[Explained, ...]
    arrays: Mapping[str, NDArray[Any]]
    scale: Scale
    colours: Colours
    checks_of: tuple[tuple[Check, ...], ...]
    notes: tuple[str, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Those of all pictures, one picture after the other."""
        return tuple(check for checks in self.checks_of for check in checks)

    @property
    def lines(self) -> tuple[str, ...]:
        """What the checks found, picture by picture."""
        return tuple(
            f"{name}, {explained.class_name}: {check.text}"
            for name, explained, checks in zip(
                self.inputs.names, self.explained, self.checks_of, strict=True
            )
            for check in checks
        )

    def sharing(self, other: AttributionView) -> AttributionView:
        """The same, on one scale with `other`."""
        return replace(
            self, scale=self.colours([self.arrays["maps_NHW"], other.arrays["maps_NHW"]])
        )

    @property
    def choices(self) -> dict[str, Any]:
        """The class that is explained, so that another network is asked about the same.

        Raises:
            UsageError: several pictures, whose classes may differ.
        """
        classes = {explained.index for explained in self.explained}
        if len(classes) == 1:
            return {"class_name": classes.pop()}
        raise UsageError(
            f"{len(self.explained)} pictures for two networks, and no class",
            "one class, or one picture",
            "name it with --class",
        )

    def values(self) -> list[tuple[str, NDArray[Any]]]:
        """The maps [H, W] with their titles."""
        return [
            (f"for {explained.class_name}", map_HW)
            for explained, map_HW in zip(self.explained, self.arrays["maps_NHW"], strict=True)
        ]

    def sheet(self) -> Sheet:
        """A row a picture: what the network sees, the map over it, the map alone, the edges."""
        bands = tuple(
            Band((self._tiles(picture),), name, scale=self.scale, inches=ASKED)
            for picture, name in enumerate(self.inputs.names)
        )
        own = self.notes[len(self.classifier.notes) :]
        told = (*map(self._told, range(len(bands))), *weights_told(self.classifier), *own)
        return Sheet(self.classifier.name, self.method, bands, (), told)

    def _told(self, picture: int) -> str:
        name, explained = self.inputs.names[picture], self.explained[picture]
        told = checks_told(self.checks_of[picture])
        return f"Checks of the map of {name} for {explained.class_name}: {told}"

    def draw(self) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet())

    def _tiles(self, picture: int) -> list[Tile]:
        explained = self.explained[picture]
        map_HW = self.arrays["maps_NHW"][picture]
        edges_HW = self.arrays["edges_NHW"][picture]
        pixels_HW3 = to_rgb(self.inputs.pixels_NHWC[picture : picture + 1])[0]
        said = f"for {explained.class_name}"
        logit = f"logit {numeral(explained.logit)}, probability {numeral(explained.probability)}"
        edge_scale = magnitude_scale(edges_HW)
        return [
            Tile(pixels_HW3, "what the network sees", f"predicted {explained.predicted}"),
            Tile(over_picture(pixels_HW3, map_HW, self.scale), said, logit),
            Tile(render(map_HW, self.scale), "the map alone", numbers(map_HW)),
            Tile(
                render(edges_HW, edge_scale),
                "an edge detector, for comparison",
                f"on its own scale, 0 to {numeral(edge_scale.high)}",
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        """Classes, numbers of the maps and checks; no arrays."""
        pictures = zip(
            self.inputs.names,
            self.inputs.notes,
            self.explained,
            self.arrays["maps_NHW"],
            self.checks_of,
            strict=True,
        )
        return {
            "method": self.method,
            "scale": asdict(self.scale),
            "pictures": [
                {
                    "picture": name,
                    "note": note,
                    **explained.as_json(),
                    "map": {"shape": list(map_HW.shape), **numbers_of(map_HW)},
                    "checks": [check.as_json() for check in checks],
                }
                for name, note, explained, map_HW, checks in pictures
            ],
            "notes": list(self.notes),
        }

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())
