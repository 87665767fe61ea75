"""Rules for operations that make one value of several: sums, products, norms, attention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grevy.models.survey.calls import Call, each_axis, listed
from grevy.models.survey.reach import Axis, Reach, Seen, contracted, merged, whole


def pointwise(call: Call) -> Seen:
    """Each value comes from the values at the same place."""
    pairs = [(call.seen(tensor), tensor.ndim) for tensor in call.tensors()]
    return merged(pairs, call.result.ndim)


def concatenated(call: Call) -> Seen:
    """Put behind one another; side by side if along the channels."""
    dim = call.arguments["dim"] % call.result.ndim

    parts = [call.seen(tensor) for tensor in call.tensors()]
    differ = len({(p.rows.field, p.columns.field) for p in parts if isinstance(p, Reach)}) > 1

    def change(axis: Axis) -> Axis:
        if dim in axis.dims:
            return axis.scattered()
        return replace(axis, even=axis.even and not differ)

    seen = pointwise(call)
    return seen.each(change) if isinstance(seen, Reach) else seen


def reduced(call: Call) -> Seen:
    """A sum, mean or maximum over some dimensions."""
    tensor = call.arguments["self"]
    dims = call.arguments.get("dim")
    chosen = range(tensor.ndim) if dims is None or dims == [] else listed(dims)
    gone = frozenset(dim % tensor.ndim for dim in chosen)
    rest = [dim for dim in range(tensor.ndim) if dim not in gone]
    kept = range(tensor.ndim) if call.arguments.get("keepdim") else rest
    places = {dim: list(kept).index(dim) for dim in rest}
    return each_axis(call, lambda axis: contracted(axis, gone, places))


def _mixed_along(call: Call, dims: Iterable[int], name: str = "self") -> Seen:
    """Operations that keep the shape, and in which every value depends on all along `dims`."""
    gone = frozenset(dims)
    return each_axis(call, lambda axis: whole(axis) if axis.dims & gone else axis, name)


def softmax(call: Call) -> Seen:
    """Divided by a sum along one dimension."""
    return _mixed_along(call, [call.arguments["dim"] % call.result.ndim])


def layer_norm(call: Call) -> Seen:
    """Mean and spread over the last dimensions, usually the channels."""
    count = len(call.arguments["normalized_shape"])
    return _mixed_along(call, range(call.result.ndim - count, call.result.ndim), "input")


def group_norm(call: Call) -> Seen:
    """Mean and spread over groups of channels and all places."""
    return _mixed_along(call, range(1, call.result.ndim), "input")


def batch_norm(call: Call) -> Seen:
    """In evaluation mode a scale and a shift for each channel."""
    return each_axis(call, lambda axis: axis, "input")


def matrix_product(call: Call) -> Seen:
    """[…, n, k] times [k, m] or [batch, k, m]: k is summed over."""
    left, right = call.tensors()[-2:]
    last = call.result.ndim - 1
    batch = {0: 0} if last == 2 else {}
    parts = [
        _contracted(call.seen(left), last, {**batch, last - 1: last - 1}),
        _contracted(call.seen(right), last - 1, {**batch, last: last}),
    ]
    return merged([(part, call.result.ndim) for part in parts], call.result.ndim)


def _contracted(seen: Seen, dim: int, places: dict[int, int]) -> Seen:
    if not isinstance(seen, Reach):
        return seen
    return seen.each(lambda a: replace(contracted(a, frozenset({dim}), places), even=True))


def attention(call: Call) -> Seen:
    """Every query sees all keys and values: [B, heads, tokens, features]."""
    seen = merged([(call.seen(tensor), tensor.ndim) for tensor in call.tensors()[:3]], 4)
    if not isinstance(seen, Reach):
        return seen
    return seen.each(lambda axis: whole(axis, exact=axis.dims <= {2}))
