"""Rules for operations that move values to other places and change none."""

from __future__ import annotations

from grevy.arithmetic.receptive_field import through_window
from grevy.models.survey.calls import Call, each_axis, only_dimension
from grevy.models.survey.reach import Axis, Seen, contracted, remapped, viewed, whole


def same(call: Call) -> Seen:
    """Nothing moves."""
    return each_axis(call, lambda axis: axis)


def view(call: Call) -> Seen:
    """The same values under another shape."""
    old = call.arguments["self"].shape
    return each_axis(call, lambda axis: viewed(axis, old, call.result.shape))


def permuted(call: Call) -> Seen:
    """Dimensions in another order."""
    ndim = call.result.ndim
    if "dims" in call.arguments:
        order = [dim % ndim for dim in call.arguments["dims"]]
    else:
        order = list(range(ndim))
        a, b = call.arguments.get("dim0", 0) % ndim, call.arguments.get("dim1", 1) % ndim
        order[a], order[b] = order[b], order[a]
    places = {dim: place for place, dim in enumerate(order)}
    return each_axis(call, lambda axis: remapped(axis, places))


def transposed_matrix(call: Call) -> Seen:
    """Rows and columns of a matrix exchanged."""
    last = call.result.ndim - 1
    places = {dim: last - dim for dim in range(last + 1)}
    return each_axis(call, lambda axis: remapped(axis, places))


def expanded(call: Call) -> Seen:
    """Repeated along new or single dimensions."""
    shift = call.result.ndim - call.arguments["self"].ndim
    places = {dim: dim + shift for dim in range(call.arguments["self"].ndim)}
    return each_axis(call, lambda axis: remapped(axis, places))


def selected(call: Call) -> Seen:
    """One index along a dimension; `unbind` gives all of them."""
    ndim = call.arguments["self"].ndim
    gone = call.arguments["dim"] % ndim
    rest = [dim for dim in range(ndim) if dim != gone]
    places = {dim: place for place, dim in enumerate(rest)}

    def change(axis: Axis) -> Axis:
        if gone in axis.dims:
            return whole(axis, exact=False)
        return contracted(axis.cut(), frozenset(), places)

    return each_axis(call, change)


def sliced(call: Call) -> Seen:
    """A stretch of one dimension, perhaps with steps."""
    arguments = call.arguments
    tensor = arguments["self"]
    dim = arguments.get("dim", 0) % tensor.ndim
    start, step = arguments.get("start") or 0, arguments.get("step", 1)

    def change(axis: Axis) -> Axis:
        if tensor.shape[dim] == call.result.shape[dim]:
            return axis
        if dim not in axis.dims:
            return axis.cut()
        only_dimension(axis)
        first = start % tensor.shape[dim] if start < 0 else start
        field = through_window(axis.field, 1, step, -first)
        return axis.behind(field, call.result.shape[dim])

    return each_axis(call, change)


def split(call: Call) -> Seen:
    """Cut into parts along one dimension."""
    dim = call.arguments["dim"] % call.result.ndim
    return each_axis(call, lambda axis: axis.scattered() if dim in axis.dims else axis.cut())


def rolled(call: Call) -> Seen:
    """Shifted, with the end put in front."""
    dims = {dim % call.result.ndim for dim in call.arguments["dims"]}
    return each_axis(call, lambda axis: axis.scattered() if axis.dims & dims else axis)
