"""What a layer puts out for a picture, channel by channel.

Shapes: N pictures, C channels, H rows, W columns, T tokens, S shown channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier, Inputs, Pictures
from grevy.errors import ModelArgumentError
from grevy.figures.numerals import counted, numbers, numeral
from grevy.figures.scale import Scale, activations_scale, render
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import PICTURE, Band, Sheet, Tile, paged, pages
from grevy.inspection.addresses import find_layer
from grevy.inspection.inspectors.activations import ActivationsSettings, Sort
from grevy.inspection.layout import Layout, choose_channels, layout_of
from grevy.inspection.view import Check, findings, numbers_of, png_of, weights_told
from grevy.inspection.watching import activations_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def look(
    classifier: Classifier, pictures: Pictures, settings: ActivationsSettings
) -> ActivationsView:
    """Run the pictures through the network once.

    Raises:
        LayerNotFoundError: no such layer.
        ModelArgumentError: an output that is neither maps nor a vector nor tokens.
        InputError: a channel that the layer does not have, or pictures that can't be read.
    """
    layer = settings.layer
    inputs = classifier.prepare(pictures)
    output = activations_of(classifier, inputs.images_NCHW, [layer])[layer]
    if output.shape[0] != len(inputs):
        raise ModelArgumentError(
            f"layer '{layer}', which puts out {len(output)} items for {len(inputs)} pictures",
            "one for each picture",
            "choose a layer around it",
        )
    layout = layout_of(classifier, layer, output.shape[1:])
    maps_NCHW = layout.maps(output).float().cpu().numpy()
    shown = choose_channels(settings.channels, maps_NCHW.shape[1], layer)
    if settings.channels is None:
        shown = order_of(maps_NCHW, settings.sort)
    arrays = {
        f"activations_{layout.axes}": output.float().cpu().numpy(),
        "maps_NCHW": maps_NCHW,
        "shown_S": np.array(shown, np.int64),
    }
    kind = type(find_layer(classifier.model, layer)[0]).__name__
    order = settings.sort if settings.channels is None else "index"
    return ActivationsView(classifier, f"{layer} ({kind})", inputs, layout, order, arrays)


@dataclass(frozen=True)
class ActivationsView:
    """The output of one layer on one scale.

    Attributes:
        classifier: of what network.
        layer: with its type.
        inputs: the pictures as the network saw them.
        layout: how the output was read.
        order: what the channels are sorted by.
        arrays: activations_… (axes as the layer puts them out), maps_NCHW (as they are drawn: a
            vector has maps of 1×1), shown_S (channels in the order drawn).
        shares: maps of another view on the same scale, or none.
    """

    classifier: Classifier
    layer: str
    inputs: Inputs
    layout: Layout
    order: Sort
    arrays: Mapping[str, NDArray[Any]]
    shares: tuple[NDArray[Any], ...] = ()

    @cached_property
    def scale(self) -> Scale:
        """One for the layer and all pictures, also where some channels only are shown."""
        over = f"{self.layer} in both" if self.shares else self.layer
        return activations_scale([self.arrays["maps_NCHW"], *self.shares], over)

    def sharing(self, other: ActivationsView) -> ActivationsView:
        """The same, on one scale with `other`."""
        return replace(self, shares=(other.arrays["maps_NCHW"],))

    @property
    def choices(self) -> dict[str, Any]:
        """The channels, in the order shown."""
        return {"channels": tuple(self.arrays["shown_S"].tolist())}

    def values(self) -> list[tuple[str, NDArray[Any]]]:
        """The drawn maps [H, W] with their titles, picture after picture."""
        shown_S, maps_NCHW = self.arrays["shown_S"], self.arrays["maps_NCHW"]
        return [(str(c), maps_CHW[c]) for maps_CHW in maps_NCHW for c in shown_S.tolist()]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Values that are not finite, and channels that are 0 everywhere."""
        maps_NCHW = self.arrays["maps_NCHW"]
        broken = int((~np.isfinite(maps_NCHW)).sum())
        silent_C: NDArray[np.bool_] = ~np.any(maps_NCHW, axis=(0, 2, 3))
        return (
            Check(
                "activations not finite",
                broken,
                "0",
                broken == 0,
                f"{counted(broken, 'activation')} NaN or infinite.",
            ),
            Check(
                "silent channels",
                int(silent_C.sum()),
                "",
                None,
                f"{int(silent_C.sum())} of {len(silent_C)} channels are 0 everywhere.",
            ),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """About the weights, shape, layout, order, and what was done to the pictures."""
        shape = "×".join(map(str, self.arrays[f"activations_{self.layout.axes}"].shape[1:]))
        order = f", sorted by {self.order}" if self.order != "index" else ""
        return (
            *self.classifier.notes,
            f"{self.layer} puts out {shape} ({', '.join(self.layout.axes[1:])}){order}.",
            *([self.layout.note] if self.layout.note else []),
            *self.inputs.told(),
        )

    def tiles(self, picture: int) -> list[Tile]:
        """One for each shown channel of that picture."""
        shown_S = self.arrays["shown_S"]
        maps_SHW = self.arrays["maps_NCHW"][picture, shown_S]
        return [
            Tile(picture_HW3, str(channel), _caption(map_HW))
            for picture_HW3, channel, map_HW in zip(
                render(maps_SHW, self.scale), shown_S.tolist(), maps_SHW, strict=True
            )
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
        """Each picture and below it the shown channels; more than 128 have further pages."""
        bands: list[Band] = []
        missing: tuple[str, ...] = ()
        for picture in range(len(self.inputs)):
            grid, missing = paged(self.tiles(picture), page)
            seen = Band(([picture_tile(self.inputs, picture)],), inches=PICTURE)
            bands += [seen, self.band(picture, grid)]
        topic = f"activations of {self.layer}"
        told = (*weights_told(self.classifier), *self.notes[len(self.classifier.notes) :], *missing)
        return Sheet(self.classifier.name, topic, tuple(bands), self.lines, told)

    def band(self, picture: int, rows: Sequence[Sequence[Tile]], title: str = "") -> Band:
        """Some of the tiles of that picture with their numbers; single values have their own."""
        shown = [int(tile.title) for row in rows for tile in row]
        maps_SHW = self.arrays["maps_NCHW"][picture, shown]
        told = "" if maps_SHW.shape[1:] == (1, 1) else numbers(maps_SHW)
        return Band(tuple(rows), title, told, self.scale)

    def draw(self, page: int = 1) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet(page))

    def as_json(self) -> dict[str, Any]:
        """Shape, and the numbers of each shown channel on each picture."""
        maps_NCHW, shown_S = self.arrays["maps_NCHW"], self.arrays["shown_S"].tolist()
        return {
            "layer": self.layer,
            "layout": self.layout.kind,
            "shape": list(self.arrays[f"activations_{self.layout.axes}"].shape[1:]),
            "pictures": [
                {
                    "picture": name,
                    "note": note,
                    "channels": [
                        {"channel": c, **numbers_of(maps_NCHW[index, c])} for c in shown_S
                    ],
                }
                for index, (name, note) in enumerate(
                    zip(self.inputs.names, self.inputs.notes, strict=True)
                )
            ],
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())


def order_of(maps_NCHW: NDArray[np.floating[Any]], sort: Sort) -> tuple[int, ...]:
    """Channels by index, or by maximum or mean over pictures and places, largest first.

    A channel that holds NaN comes last, because it can't be compared.
    """
    if sort == "index":
        return tuple(range(maps_NCHW.shape[1]))
    over = (0, 2, 3)
    key_C = maps_NCHW.max(over) if sort == "maximum" else maps_NCHW.mean(over, dtype=np.float64)
    return tuple(np.argsort(-key_C, kind="stable").tolist())


def picture_tile(inputs: Inputs, index: int) -> Tile:
    """The picture as the network sees it."""
    pixels_HWC = inputs.pixels_NHWC[index]
    picture_HW3 = np.repeat(pixels_HWC, 3, 2) if pixels_HWC.shape[2] == 1 else pixels_HWC
    return Tile(picture_HW3, inputs.names[index])


def _caption(map_HW: NDArray[np.floating[Any]]) -> str:
    return numeral(float(map_HW[0, 0])) if map_HW.size == 1 else numbers(map_HW)
