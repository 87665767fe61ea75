"""Rules for windows that slide: convolutions, pooling, enlargement, padding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from grevy.arithmetic.receptive_field import (
    ReceptiveField,
    moved,
    through_adaptive,
    through_transposed,
    through_window,
)
from grevy.models.survey.calls import Call, each_axis, nth, only_dimension
from grevy.models.survey.reach import Axis, Reach, Seen, whole


def _windowed(
    call: Call, window: Callable[[ReceptiveField, int], ReceptiveField], name: str = "self"
) -> Seen:
    """A sliding window over the last dimensions; `window` gets the number of the spatial axis."""
    first = call.arguments[name].ndim - (call.result.ndim - 2)

    def change(axis: Axis) -> Axis:
        if not axis.dims:
            return axis
        dim = only_dimension(axis)
        if dim < first:
            return whole(axis) if dim == 1 else axis
        return replace(axis, field=window(axis.field, dim - first), length=call.result.shape[dim])

    return each_axis(call, change, name)


def convolution(call: Call) -> Seen:
    """Each value comes from a window, and unless grouped from all channels of it."""
    arguments = call.arguments
    kernel = arguments["weight"].shape[2:]
    through = through_transposed if arguments["transposed"] else through_window
    settings = (arguments["stride"], arguments["padding"], arguments["dilation"])

    def window(field: ReceptiveField, axis: int) -> ReceptiveField:
        stride, padding, dilation = (nth(values, axis) for values in settings)
        return through(field, kernel[axis], stride, padding, dilation)

    seen = _windowed(call, window, "input")
    if not isinstance(seen, Reach) or arguments["groups"] > 1:
        return seen
    return seen.each(lambda axis: replace(axis, even=True))


def pool(call: Call) -> Seen:
    """Maximum or mean of a window."""
    arguments = call.arguments
    kernel = arguments["kernel_size"]
    stride = arguments["stride"] or kernel
    settings = (kernel, stride, arguments["padding"], arguments.get("dilation", 1))
    return _windowed(
        call, lambda field, axis: through_window(field, *(nth(v, axis) for v in settings))
    )


def adaptive_pool(call: Call) -> Seen:
    """Mean of windows that follow from the output size."""
    sizes = call.arguments["self"].shape[2:]
    outputs = call.result.shape[2:]
    return _windowed(call, lambda field, axis: through_adaptive(field, sizes[axis], outputs[axis]))


def upsampled(call: Call) -> Seen:
    """Nearest and linear enlargement: at most one (two) input cells for an output cell."""
    sizes = call.arguments["self"].shape[2:]
    outputs = call.result.shape[2:]
    cells = 1 if "nearest" in str(call.operation) else 2

    def window(field: ReceptiveField, axis: int) -> ReceptiveField:
        enlarged = through_adaptive(field, sizes[axis], outputs[axis])
        return replace(enlarged, high=enlarged.high + field.stride * (cells - 1))

    seen = _windowed(call, window)
    return seen.each(lambda axis: replace(axis, exact=False)) if isinstance(seen, Reach) else seen


def padded(call: Call) -> Seen:
    """Rows and columns put around, or, negative, cut off."""
    ndim = call.result.ndim
    before = {ndim - 1 - n: side for n, side in enumerate(call.arguments[_pads(call)][::2])}

    def change(axis: Axis) -> Axis:
        if not axis.dims or not any(before.get(dim) for dim in axis.dims):
            return replace(axis, length=_length(axis, call.result))
        field = moved(axis.field, -before[only_dimension(axis)])
        return replace(axis, field=field, length=_length(axis, call.result))

    return each_axis(call, change)


def _pads(call: Call) -> str:
    return "pad" if "pad" in call.arguments else "padding"


def _length(axis: Axis, result: Tensor) -> int:
    """Indices of an axis in the result, where its dimension holds nothing else."""
    return result.shape[next(iter(axis.dims))] if axis.pure and axis.dims else axis.length
