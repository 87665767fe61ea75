"""One page for a newcomer: a picture, the prediction, the first and last activations, class maps.

Shapes: C channels, H rows, W columns, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier, Inputs, Pictures
from grevy.errors import LayerNotFoundError, UsageError
from grevy.figures.class_map import in_words, over_picture
from grevy.figures.numerals import numeral
from grevy.figures.scale import Scale, class_map_scale
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import ASKED, IN_A_ROW, Band, Sheet, Tile, untitled
from grevy.inspection import activations, filters_and_activations
from grevy.inspection.activations import ActivationsView, order_of, picture_tile
from grevy.inspection.addresses import nearest
from grevy.inspection.attribution.cam import layer_with_maps
from grevy.inspection.attribution.class_maps import look_by_hirescam
from grevy.inspection.attribution.view import AttributionView
from grevy.inspection.filters_and_activations import FiltersAndActivationsView
from grevy.inspection.inspectors.activations import ActivationsSettings
from grevy.inspection.inspectors.class_maps import ClassMapSettings
from grevy.inspection.inspectors.filters_and_activations import FiltersAndActivationsSettings
from grevy.inspection.inspectors.overview import OverviewSettings
from grevy.inspection.layers import convolutions, layer_list
from grevy.inspection.layout import layout_of
from grevy.inspection.view import Check, checks_told, number, png_of, weights_told
from grevy.inspection.watching import activations_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHANNELS = IN_A_ROW
"""Of the first and of the last convolution: those that answer most."""

CLASSES = 5
"""Most probable ones that are told."""


def look(classifier: Classifier, pictures: Pictures, settings: OverviewSettings) -> OverviewView:
    """Look at one picture.

    Raises:
        UsageError: several pictures.
        LayerNotFoundError: a network without convolutions.
        ClassNotFoundError: no such class.
        InputError: a picture that can't be read.
    """
    pixels_1HWC = _one(classifier.prepare(pictures))
    first, last = _ends(classifier)
    channels = _strongest(classifier, pixels_1HWC, (first, last))
    first_channels = channels[0] if settings.first_channels is None else settings.first_channels
    last_channels = channels[1] if settings.last_channels is None else settings.last_channels
    layer = layer_with_maps(classifier, None).name
    true, class_maps = _class_maps(classifier, pixels_1HWC, settings, layer)
    return OverviewView(
        classifier,
        layer,
        true,
        filters_and_activations.look(
            classifier,
            pictures,
            FiltersAndActivationsSettings(layer=first, channels=first_channels),
        ),
        activations.look(
            classifier, pixels_1HWC, ActivationsSettings(layer=last, channels=last_channels)
        ),
        class_maps,
    )


def _class_maps(
    classifier: Classifier, pixels_1HWC: NDArray[np.uint8], settings: OverviewSettings, layer: str
) -> tuple[str | None, tuple[AttributionView, ...]]:
    """The true class, if it was told, and maps for the predicted class and, if another, for it."""
    wanted = ClassMapSettings(layer=layer, seed=settings.seed)
    predicted = look_by_hirescam(classifier, pixels_1HWC, wanted)
    if settings.class_name is None:
        return None, (predicted,)
    index = classifier.class_index(settings.class_name)
    true = classifier.classes[index]
    if true == predicted.explained[0].class_name:
        return true, (predicted,)
    other = wanted.model_copy(update={"class_name": index})
    return true, (predicted, look_by_hirescam(classifier, pixels_1HWC, other))


def _ends(classifier: Classifier) -> tuple[str, str]:
    """The first and the last convolution; in place of the same again, the layer of class maps."""
    layers = convolutions(classifier)
    if not layers:
        names = nearest("", [info.name for info in layer_list(classifier)])
        raise LayerNotFoundError(
            f"{classifier.name}, which has no convolution",
            "one for an overview",
            f"name a --layer, such as {names}; grevy look --list prints them",
        )
    if len(layers) == 1:  # the patches of a transformer or mixer: its layers come after
        return layers[0].name, layer_with_maps(classifier, None).name
    return layers[0].name, layers[-1].name


@dataclass(frozen=True)
class OverviewView:
    """The parts of the page, each a view of its own.

    Attributes:
        classifier: what was looked into.
        layer: whose maps speak for the classes.
        true_class: of the picture; None where it is not known.
        first: filters and activations of the first convolution.
        last: activations of the last convolution; where the first is the only one, of the layer
            with places that speaks for the classes.
        class_maps: of the predicted class and, where it is another, of the true class.
        shares: class maps of another view on the same scale, or none.
    """

    classifier: Classifier
    layer: str
    true_class: str | None
    first: FiltersAndActivationsView
    last: ActivationsView
    class_maps: tuple[AttributionView, ...]
    shares: tuple[NDArray[Any], ...] = ()

    def sharing(self, other: OverviewView) -> OverviewView:
        """The same, on one scale with `other`, part by part."""
        return replace(
            self,
            first=self.first.sharing(other.first),
            last=self.last.sharing(other.last),
            shares=(other.arrays["class_maps_MHW"],),
        )

    @property
    def choices(self) -> dict[str, Any]:
        """The channels of both layers, in the order shown."""
        return {
            "first_channels": self.first.choices["channels"],
            "last_channels": self.last.choices["channels"],
        }

    def values(self) -> list[tuple[str, NDArray[Any]]]:
        """The class maps [H, W] with their titles."""
        return [value for view in self.class_maps for value in view.values()]

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Class maps, logits, filters and activations; the last layer's under "last_…"."""
        last = {f"last_{name}": array for name, array in self.last.arrays.items()}
        maps_MHW = np.concatenate([view.arrays["maps_NHW"] for view in self.class_maps])
        logits_NK = self.class_maps[0].arrays["logits_NK"]
        return {**self.first.arrays, **last, "class_maps_MHW": maps_MHW, "logits_NK": logits_NK}

    @property
    def scale(self) -> Scale:
        """Of the class maps: one for both classes."""
        return class_map_scale([self.arrays["class_maps_MHW"], *self.shares])

    @property
    def checks(self) -> tuple[Check, ...]:
        """Those of the class maps."""
        return tuple(check for view in self.class_maps for check in view.checks)

    @property
    def notes(self) -> tuple[str, ...]:
        """About the weights, the picture and the layers; each once."""
        chosen = f"Channels are those {CHANNELS} of a layer that answer most to this picture."
        maps = (view.notes for view in self.class_maps)
        parts = ((chosen,), self.first.notes, self.last.notes, *maps)
        return tuple(dict.fromkeys(note for notes in parts for note in notes))

    def probabilities(self) -> list[tuple[str, float]]:
        """The most probable classes, falling."""
        logits_K = self.class_maps[0].arrays["logits_NK"][0].astype(np.float64)
        parts_K = np.exp(logits_K - logits_K.max())
        order = np.argsort(-parts_K, kind="stable")[:CLASSES]
        total = parts_K.sum()
        return [(self.classifier.classes[index], float(parts_K[index] / total)) for index in order]

    def sheet(self) -> Sheet:
        """Picture and class maps; then filters, what they find, and the last convolution."""
        filters, found = self.first.filters, self.first.activations
        finds = found.band(0, [found.tiles(0)], "What these filters make of the picture")
        of_filters = filters.band([filters.tiles()])
        bands = (
            self._asked(),
            replace(of_filters, title=f"First convolution, {filters.layer}: {of_filters.title}"),
            untitled(finds),
            self.last.band(0, [self.last.tiles(0)], f"Last {self._last_kind}, {self.last.layer}"),
        )
        topic = f"an overview of {found.inputs.names[0]}"
        told = (*map(self._told, self.class_maps), *weights_told(self.classifier))
        return Sheet(self.classifier.name, topic, bands, (), told)

    def draw(self) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet())

    def as_json(self) -> dict[str, Any]:
        """Prediction and the parts."""
        return {
            "network": self.classifier.name,
            "predicted": {name: number(part) for name, part in self.probabilities()},
            "true_class": self.true_class,
            "first": self.first.as_json(),
            "last": self.last.as_json(),
            "class_maps": [view.as_json() for view in self.class_maps],
            "notes": list(self.notes),
        }

    def _asked(self) -> Band:
        """The picture, and where it speaks for a class."""
        method = self.class_maps[0].method
        name, probability = self.probabilities()[0]
        said = f"It says {name} ({numeral(100 * probability)} %)"
        title = f"{said}; tinted is what speaks for a class, by {method} at {self.layer}"
        tiles = [self._picture(), *self._class_tiles()]
        return Band((tiles,), title, scale=self.scale, over=True, inches=ASKED)

    @property
    def _last_kind(self) -> str:
        return "convolution" if "(Conv" in self.last.layer else "layer with places"

    def _told(self, view: AttributionView) -> str:
        return f"Checks of the map for {view.explained[0].class_name}: {checks_told(view.checks)}"

    def _picture(self) -> Tile:
        (name, probability), *others = self.probabilities()
        said = f"it says {name} ({numeral(100 * probability)} %)"
        rest = ", ".join(f"{other} ({numeral(100 * part, 2)} %)" for other, part in others)
        true = f"; the true class is {self.true_class}" if self.true_class is not None else ""
        told = f"{said}, then {rest}{true}" if rest else f"{said}{true}"
        return replace(picture_tile(self.first.activations.inputs, 0), numbers=told)

    def _class_tiles(self) -> list[Tile]:
        picture_HW3 = picture_tile(self.first.activations.inputs, 0).picture_HW3
        return [
            Tile(
                over_picture(picture_HW3, view.arrays["maps_NHW"][0], self.scale),
                f"for {view.explained[0].class_name}",
                f"logit {numeral(view.explained[0].logit)}, {in_words(view.arrays['maps_NHW'][0])}",
            )
            for view in self.class_maps
        ]

    @property
    def lines(self) -> tuple[str, ...]:
        """The prediction, and the checks of the class maps."""
        told = ", ".join(f"{name} {numeral(part)}" for name, part in self.probabilities())
        true = "" if self.true_class is None else f" The true class is {self.true_class}."
        checks = [
            f"Class map for {view.explained[0].class_name}: {check.text}"
            for view in self.class_maps
            for check in view.checks
        ]
        return (f"Most probable: {told}.{true}", *checks)

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())


def _one(inputs: Inputs) -> NDArray[np.uint8]:
    if len(inputs) != 1:
        raise UsageError(
            f"{len(inputs)} pictures for an overview", "one", "name one, or name a --layer"
        )
    return inputs.pixels_NHWC


def _strongest(
    classifier: Classifier, pixels_1HWC: NDArray[np.uint8], layers: tuple[str, str]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The channels with the largest activations."""
    images_1CHW = classifier.prepare(pixels_1HWC).images_NCHW
    found = activations_of(classifier, images_1CHW, layers)

    def strongest(layer: str) -> tuple[int, ...]:
        maps_NCHW = layout_of(classifier, layer, found[layer].shape[1:]).maps(found[layer])
        return order_of(maps_NCHW.float().cpu().numpy(), "maximum")[:CHANNELS]

    first, last = map(strongest, layers)
    return first, last
