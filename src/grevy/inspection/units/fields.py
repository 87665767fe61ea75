"""What part of the picture one unit sees: from the survey of layers to a cut-out.

Shapes: H rows, W columns, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier
from grevy.errors import LayerNotFoundError, ModelArgumentError
from grevy.inspection.addresses import address, find_layer
from grevy.inspection.layout import Layout, layout_of
from grevy.inspection.watching import as_found
from grevy.models.survey.reach import Axis, Reach
from grevy.models.survey.trace import ModuleCall, trace_on_black


@dataclass(frozen=True)
class Span:
    """The rows, or the columns, that a unit sees: from `start` up to, without, `stop`.

    Attributes:
        start: negative in the padding.
        stop: beyond `length` in the padding.
        length: rows or columns of the picture.
    """

    start: int
    stop: int
    length: int

    @property
    def wide(self) -> bool:
        """Whether the field, with its padding, is longer than the picture."""
        return self.stop - self.start > self.length

    @property
    def shown(self) -> NDArray[np.int64]:
        """What is drawn: the field with its padding, or all of the picture if that is less."""
        return np.arange(self.length) if self.wide else np.arange(self.start, self.stop)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which of `shown` are cells of the picture that the unit sees."""
        shown = self.shown
        return (shown >= max(self.start, 0)) & (shown < min(self.stop, self.length))


Spans = tuple[Span, Span]
"""Of rows and of columns."""


@dataclass(frozen=True)
class UnitField:
    """Where each place of one channel looks.

    Attributes:
        layout: how the layer's output is read as maps.
        shape: of these maps: rows and columns.
        channels: of the layer.
        reach: what the output sees of the picture; None where that can't be told.
        picture: height and width of the picture.
    """

    layout: Layout
    shape: tuple[int, int]
    channels: int
    reach: Reach | None
    picture: tuple[int, int]

    @property
    def exact(self) -> bool:
        """Whether the spans are what is seen, not only an upper bound of it."""
        axes = (self.reach.rows, self.reach.columns) if self.reach else ()
        return bool(axes) and all(axis.exact and axis.inner is not None for axis in axes)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the field, padding included."""
        if self.exact and self.reach:
            return self.reach.rows.field.size, self.reach.columns.field.size
        rows, columns = self.spans(0, (0, 0))
        return rows.stop - rows.start, columns.stop - columns.start

    @property
    def whole(self) -> bool:
        """Whether pictures are drawn whole, at whatever place."""
        return all(s.wide or (s.start, s.stop) == (0, s.length) for s in self.spans(0, (0, 0)))

    def spans(self, channel: int, place: Sequence[int]) -> Spans:
        """What the unit of that channel sees, at that row and column of its map."""
        if self.reach is None:
            height, width = self.picture
            return Span(0, height, height), Span(0, width, width)
        index = _element(self.layout, channel, *place)
        return (
            _span(self.reach.rows, index, self.picture[0]),
            _span(self.reach.columns, index, self.picture[1]),
        )


def field_of(classifier: Classifier, layer: str) -> UnitField:
    """How to read a layer's output, and what its values see.

    Raises:
        LayerNotFoundError: no such layer, or not called so often.
        ModelArgumentError: an output without units: neither maps nor a vector nor tokens on a
            grid; or a network that fails.
    """
    call = _call_of(classifier, layer)
    shape = call.shape or ()
    layout = layout_of(classifier, layer, shape[1:])
    if layout.kind == "matrix":
        raise ModelArgumentError(
            f"layer '{layer}', which puts out {shape[1]} tokens that are on no grid",
            "maps [C, H, W], a vector [C] or tokens of patches",
            "choose another layer with --list",
        )
    rows, columns, channels = _axes(layout, shape)
    reach = call.seen if isinstance(call.seen, Reach) else None
    picture = classifier.preprocessing.height, classifier.preprocessing.width
    return UnitField(layout, (rows, columns), channels, reach, picture)


def cut_out(
    pixels_HWC: NDArray[np.uint8], spans: Spans
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The pixels [h, w, C] that are drawn, and which of them [h, w] the unit sees.

    What it does not see, because it is padding or lies outside of its field, is 0.
    """
    rows, columns = spans
    seen_hw: NDArray[np.bool_] = rows.seen[:, None] & columns.seen
    at_h, at_w = rows.shown.clip(0, rows.length - 1), columns.shown.clip(0, columns.length - 1)
    patch_hwC = pixels_HWC[at_h[:, None], at_w]
    return np.where(seen_hw[..., None], patch_hwC, 0).astype(np.uint8), seen_hw


def seen_alone(pixels_HWC: NDArray[np.uint8], spans: Spans) -> NDArray[np.uint8]:
    """The picture with everything that the unit should not see turned into its negative."""
    inside = [np.arange(s.length) for s in spans]
    rows_H, columns_W = (
        (at >= s.start) & (at < s.stop) for at, s in zip(inside, spans, strict=True)
    )
    seen_HW1 = (rows_H[:, None] & columns_W)[..., None]
    return np.where(seen_HW1, pixels_HWC, 255 - pixels_HWC).astype(np.uint8)


def _call_of(classifier: Classifier, layer: str) -> ModuleCall:
    kind = type(find_layer(classifier.model, layer)[0]).__name__
    with as_found(classifier.model):  # whatever mode the program around it is in
        found = trace_on_black(classifier.model, classifier.preprocessing.shape)
    if found.error is not None:
        raise ModelArgumentError(
            f"{classifier.name} fails on a picture of "
            f"{'×'.join(map(str, classifier.preprocessing.shape))} ({found.error})",
            "a network that takes such pictures",
            "give the shape that it was made for",
        ) from found.error
    for call in found.calls:
        if call.name and address(call.name, call.index) == layer and call.shape is not None:
            return call
    raise LayerNotFoundError(
        f"layer '{layer}' ({kind}), of which this network sees no tensor",
        "a layer that is called, so often as the number behind # says",
        "name a layer inside it, or one of: grevy look --list",
    )


def _axes(layout: Layout, shape: Sequence[int]) -> tuple[int, int, int]:
    """Rows, columns and channels of the maps as which an output of that shape is read."""
    if layout.kind == "maps":
        return shape[2], shape[3], shape[1]
    if layout.kind == "channels last":
        return shape[1], shape[2], shape[3]
    if layout.kind == "tokens":
        return (*layout.grid, shape[2])
    return 1, 1, shape[1]


def _element(layout: Layout, channel: int, row: int, column: int) -> tuple[int, ...]:
    """Index of a unit in the layer's own output, batch first."""
    if layout.kind == "maps":
        return 0, channel, row, column
    if layout.kind == "channels last":
        return 0, row, column, channel
    if layout.kind == "tokens":
        return 0, layout.prefix + row * layout.grid[1] + column, channel
    return 0, channel


def _span(axis: Axis, index: tuple[int, ...], length: int) -> Span:
    if axis.inner is None or len(axis.dims) > 1:
        return Span(0, length, length)
    at = sum((index[dim] // axis.inner) % axis.length for dim in axis.dims)
    first, last = axis.field.cells(at)
    return Span(first, last + 1, length) if first <= last else Span(0, length, length)
