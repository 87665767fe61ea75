"""Rules for windows that slide: convolutions, pooling, enlargement, padding."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from torch import Tensor

from grevy.arithmetic.receptive_field import (
    ReceptiveField,
    moved,
    through_adaptive,
    through_resampling,
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
        axis = axis.unrolled(call.arguments[name].shape)
        dim = only_dimension(axis)
        if dim < first:
            return whole(axis) if dim == 1 else axis
        return axis.behind(window(axis.field, dim - first), call.result.shape[dim])

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


def enlarged_by_nearest(call: Call) -> Seen:
    """Each value is that of one input cell, the nearest or, as PyTorch's first rule, before it."""
    middle = Fraction(1, 2) if "exact" in str(call.operation) else Fraction(0)

    def window(field: ReceptiveField, axis: int) -> ReceptiveField:
        ratio = _ratio(call, axis)
        rounded = _rounds_down(ratio, middle, call.result.shape[2 + axis])
        return through_resampling(field, ratio, middle * ratio, rounded=rounded)

    return _windowed(call, window)


def _rounds_down(ratio: Fraction, middle: Fraction, outputs: int) -> bool:
    """Whether PyTorch, which computes places in float32, takes some cell before the right one."""
    middles = (np.arange(outputs) + float(middle)).astype(np.float32)
    places = np.floor(middles * np.float32(float(ratio)))
    return any(place < math.floor((at + middle) * ratio) for at, place in enumerate(places))


def enlarged_by_mixing(call: Call) -> Seen:
    """Linear enlargement mixes two input cells, of which one may have no weight: a bound."""
    sizes, outputs = call.arguments["self"].shape[2:], call.result.shape[2:]
    corners = bool(call.arguments.get("align_corners"))

    def window(field: ReceptiveField, axis: int) -> ReceptiveField:
        if corners:
            ratio = Fraction(sizes[axis] - 1, max(outputs[axis] - 1, 1))
            return through_resampling(field, ratio, Fraction(0), (0, 1))
        ratio = _ratio(call, axis)
        return through_resampling(field, ratio, (ratio - 1) / 2, (0, 1))

    seen = _windowed(call, window)
    return seen.each(lambda axis: replace(axis, exact=False)) if isinstance(seen, Reach) else seen


def _ratio(call: Call, axis: int) -> Fraction:
    """Input cells for an output cell: by the factor where one was given, else by the sizes."""
    size, output = call.arguments["self"].shape[2 + axis], call.result.shape[2 + axis]
    factor: Any = call.arguments.get(("scales_h", "scales_w")[axis])
    if not factor or output == size * factor:
        return Fraction(size, output)
    return 1 / Fraction(factor).limit_denominator(1000)


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
