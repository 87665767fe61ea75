"""What one channel says to many pictures: the extreme of each picture, and a histogram of all.

Shapes: N pictures, B of a batch, H rows, W columns of the channel's map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.classifier.classifier import Classifier
from grevy.classifier.inputs import normalised
from grevy.errors import ModelArgumentError
from grevy.inspection.addresses import find_layer
from grevy.inspection.examples import Examples
from grevy.inspection.units.fields import UnitField
from grevy.inspection.units.histogram import Histogram, counted_in, empty_histogram
from grevy.inspection.watching import SeenEnoughError, as_found, require_seen, watching

PIXELS_AT_ONCE = 256 * 32 * 32
"""Of a batch, so that activations take moderate memory."""


@dataclass(frozen=True)
class Extremes:
    """The largest, or the smallest, value of each picture and where it is.

    Attributes:
        values_N: NaN where the picture's map holds a value that is not finite.
        places_N2: row and column on the channel's map; of equal values the one nearest to the
            middle, and of these the first in reading order.
    """

    values_N: NDArray[np.float32]
    places_N2: NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """What one channel said to all pictures.

    Attributes:
        maxima: of each picture.
        minima: likewise.
        histogram: of all places of all pictures.
    """

    maxima: Extremes
    minima: Extremes
    histogram: Histogram


Reader = Callable[[Tensor], Tensor]
"""From normalised pictures [B, C, H, W] to the maps [B, H, W] of one channel."""


@contextmanager
def reading(classifier: Classifier, layer: str, field: UnitField, channel: int) -> Iterator[Reader]:
    """Inside, the network runs up to `layer` only, and gradients flow from its maps to pictures.

    The network is as it was when this ends.
    """
    model = classifier.model
    module, _ = find_layer(model, layer)
    with as_found(model), watching(model, [layer]) as seen:

        def stop(*_: Any) -> None:
            if layer in seen:
                raise SeenEnoughError

        def read(images_BCHW: Tensor) -> Tensor:
            with suppress(SeenEnoughError):
                model(images_BCHW)
            require_seen(model, seen, [layer])
            output = seen[layer]
            _require_one_each(layer, len(output), len(images_BCHW))
            return field.layout.maps(output)[:, channel]

        module.register_forward_hook(stop)  # `as_found` removes it
        for parameter in model.parameters():
            parameter.requires_grad_(False)  # gradients of pictures only; `as_found` restores
        yield read


def answers_of(
    classifier: Classifier,
    layer: str,
    field: UnitField,
    channel: int,
    examples: Examples,
    batch_size: int | None = None,
) -> Answers:
    """Run all pictures through the network up to `layer`, a batch at a time.

    Args:
        classifier: the network.
        layer: its address.
        field: of that layer, as `field_of` made it.
        channel: of that layer.
        examples: at least one picture.
        batch_size: pictures at once; None: as many as keep activations in moderate memory.
    """
    height, width = classifier.preprocessing.shape[1:]
    size = batch_size or max(1, PIXELS_AT_ONCE // (height * width))
    histogram = empty_histogram()
    largest, smallest = [], []
    with reading(classifier, layer, field, channel) as read, torch.no_grad():
        for start in range(0, len(examples), size):
            pixels_BCHW = examples.pixels_NCHW[start : start + size]
            maps_BHW = read(normalised(pixels_BCHW, classifier.preprocessing, classifier.device))
            values_BHW = maps_BHW.float().cpu().numpy()
            histogram = counted_in(histogram, values_BHW)
            largest.append(extremes(values_BHW, 1))
            smallest.append(extremes(values_BHW, -1))
    return Answers(_joined(largest), _joined(smallest), histogram)


def extremes(values_BHW: NDArray[np.float32], sign: int) -> Extremes:
    """Of each map: the largest value (`sign` 1) or the smallest (-1)."""
    flat_BP = values_BHW.reshape(len(values_BHW), -1)
    inwards_P = _from_the_middle(*values_BHW.shape[1:])
    at_B = inwards_P[(sign * flat_BP[:, inwards_P]).argmax(axis=1)]
    values_B = flat_BP[np.arange(len(flat_BP)), at_B]
    finite_B = np.isfinite(flat_BP).all(axis=1)
    places_B2 = np.stack(np.unravel_index(at_B, values_BHW.shape[1:]), axis=1)
    return Extremes(np.where(finite_B, values_B, np.float32(np.nan)), places_B2.astype(np.int64))


def _from_the_middle(rows: int, columns: int) -> NDArray[np.int64]:
    """Indices of the places of a map, those nearest to its middle first."""
    row_H1, column_W = np.ogrid[:rows, :columns]
    distance_HW = (row_H1 - rows // 2) ** 2 + (column_W - columns // 2) ** 2
    return np.argsort(distance_HW.ravel(), kind="stable")


def _joined(parts: list[Extremes]) -> Extremes:
    return Extremes(
        np.concatenate([part.values_N for part in parts]),
        np.concatenate([part.places_N2 for part in parts]),
    )


def _require_one_each(layer: str, items: int, pictures: int) -> None:
    if items != pictures:
        raise ModelArgumentError(
            f"layer '{layer}', which puts out {items} items for {pictures} pictures",
            "one for each picture",
            "choose a layer around it",
        )
