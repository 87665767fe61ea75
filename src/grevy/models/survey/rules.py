"""How each operation moves what its result sees of the picture.

A rule gets the call and its result and returns what is known of the result. An operation without
a rule makes its result `Unknown`, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from grevy.arithmetic.receptive_field import (
    Field,
    moved,
    through_adaptive,
    through_transposed,
    through_window,
)
from grevy.models.survey.reach import (
    Axis,
    Reach,
    Seen,
    Unknown,
    contracted,
    merged,
    remapped,
    viewed,
    whole,
    whole_if_single,
)

aten = torch.ops.aten


@dataclass(frozen=True)
class Call:
    """One operation as it happened.

    Attributes:
        operation: which.
        arguments: by the names of its schema, defaults included.
        result: its first tensor.
        seen: what is known of a tensor.
    """

    operation: OpOverload
    arguments: dict[str, Any]
    result: Tensor
    seen: Callable[[Tensor], Seen]

    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments, also inside lists."""
        return [item for value in self.arguments.values() for item in _tensors(value)]


Rule = Callable[[Call], Seen]


def seen_of(call: Call) -> Seen:
    """What the result of a call sees."""
    inputs = [call.seen(tensor) for tensor in call.tensors()]
    unknown = next((seen for seen in inputs if isinstance(seen, Unknown)), None)
    if unknown or not any(inputs):
        return unknown
    rule = RULES.get(call.operation.overloadpacket)
    if rule is None and torch.Tag.pointwise in call.operation.tags:
        rule = _pointwise
    return rule(call) if rule else Unknown(str(call.operation.overloadpacket))


def _tensors(value: Any) -> Iterable[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [item for item in value if isinstance(item, Tensor)]
    return []


def _pointwise(call: Call) -> Seen:
    pairs = [(call.seen(tensor), tensor.ndim) for tensor in call.tensors()]
    return merged(pairs, call.result.ndim)


def _main(call: Call, name: str = "self") -> tuple[Tensor, Reach]:
    """The tensor that the operation works on, which depends on the picture."""
    tensor = call.arguments[name]
    seen = call.seen(tensor)
    if not isinstance(seen, Reach):
        raise _NoRuleError
    return tensor, seen


class _NoRuleError(Exception):
    """This use of the operation has no rule."""


def _each(call: Call, change: Callable[[Axis], Axis], name: str = "self") -> Seen:
    try:
        _, reach = _main(call, name)
        return reach.each(change).each(whole_if_single)
    except _NoRuleError:
        return Unknown(str(call.operation.overloadpacket))


def _pure(axis: Axis) -> int:
    """The dimension of an axis that has exactly one."""
    if not axis.pure or len(axis.dims) != 1:
        raise _NoRuleError
    return next(iter(axis.dims))


def _windowed(call: Call, window: Callable[[Field, int], Field], name: str = "self") -> Seen:
    """A sliding window over the last dimensions; `window` gets the number of the spatial axis."""
    first = call.arguments[name].ndim - (call.result.ndim - 2)

    def change(axis: Axis) -> Axis:
        if not axis.dims:
            return axis
        dim = _pure(axis)
        if dim < first:
            return whole(axis) if dim == 1 else axis
        return replace(axis, field=window(axis.field, dim - first), length=call.result.shape[dim])

    return _each(call, change, name)


def _convolution(call: Call) -> Seen:
    arguments = call.arguments
    kernel = arguments["weight"].shape[2:]
    through = through_transposed if arguments["transposed"] else through_window
    settings = (arguments["stride"], arguments["padding"], arguments["dilation"])

    def window(field: Field, axis: int) -> Field:
        stride, padding, dilation = (nth(values, axis) for values in settings)
        return through(field, kernel[axis], stride, padding, dilation)

    seen = _windowed(call, window, "input")
    if not isinstance(seen, Reach) or arguments["groups"] > 1:
        return seen
    return seen.each(lambda axis: replace(axis, even=True))


def _pool(call: Call) -> Seen:
    arguments = call.arguments
    kernel = arguments["kernel_size"]
    stride = arguments["stride"] or kernel
    settings = (kernel, stride, arguments["padding"], arguments.get("dilation", 1))
    return _windowed(
        call, lambda field, axis: through_window(field, *(nth(v, axis) for v in settings))
    )


def _adaptive_pool(call: Call) -> Seen:
    sizes = call.arguments["self"].shape[2:]
    outputs = call.result.shape[2:]
    return _windowed(call, lambda field, axis: through_adaptive(field, sizes[axis], outputs[axis]))


def _upsampled(call: Call) -> Seen:
    """Nearest and linear enlargement: at most one (two) input cells for an output cell."""
    sizes = call.arguments["self"].shape[2:]
    outputs = call.result.shape[2:]
    cells = 1 if "nearest" in str(call.operation) else 2

    def window(field: Field, axis: int) -> Field:
        enlarged = through_adaptive(field, sizes[axis], outputs[axis])
        return replace(enlarged, high=enlarged.high + field.stride * (cells - 1))

    seen = _windowed(call, window)
    return seen.each(lambda axis: replace(axis, exact=False)) if isinstance(seen, Reach) else seen


def _padded(call: Call) -> Seen:
    ndim = call.result.ndim
    before = {ndim - 1 - n: side for n, side in enumerate(call.arguments[_pads(call)][::2])}

    def change(axis: Axis) -> Axis:
        if not axis.dims or not any(before.get(dim) for dim in axis.dims):
            return replace(axis, length=_length(axis, call.result))
        field = moved(axis.field, -before[_pure(axis)])
        return replace(axis, field=field, length=_length(axis, call.result))

    return _each(call, change)


def _pads(call: Call) -> str:
    return "pad" if "pad" in call.arguments else "padding"


def _length(axis: Axis, result: Tensor) -> int:
    """Indices of an axis in the result, where its dimension holds nothing else."""
    return result.shape[next(iter(axis.dims))] if axis.pure and axis.dims else axis.length


def _reduced(call: Call) -> Seen:
    tensor = call.arguments["self"]
    dims = call.arguments.get("dim")
    chosen = range(tensor.ndim) if dims is None or dims == [] else listed(dims)
    gone = frozenset(dim % tensor.ndim for dim in chosen)
    rest = [dim for dim in range(tensor.ndim) if dim not in gone]
    kept = range(tensor.ndim) if call.arguments.get("keepdim") else rest
    places = {dim: list(kept).index(dim) for dim in rest}
    return _each(call, lambda axis: contracted(axis, gone, places))


def _mixed_along(call: Call, dims: Iterable[int], name: str = "self") -> Seen:
    """Operations that keep the shape, and in which every value depends on all along `dims`."""
    gone = frozenset(dims)
    return _each(call, lambda axis: whole(axis) if axis.dims & gone else axis, name)


def _softmax(call: Call) -> Seen:
    return _mixed_along(call, [call.arguments["dim"] % call.result.ndim])


def _layer_norm(call: Call) -> Seen:
    count = len(call.arguments["normalized_shape"])
    return _mixed_along(call, range(call.result.ndim - count, call.result.ndim), "input")


def _group_norm(call: Call) -> Seen:
    return _mixed_along(call, range(1, call.result.ndim), "input")


def _batch_norm(call: Call) -> Seen:
    return _each(call, lambda axis: axis, "input")


def _viewed(call: Call) -> Seen:
    old = call.arguments["self"].shape
    return _each(call, lambda axis: viewed(axis, old, call.result.shape))


def _same(call: Call) -> Seen:
    return _each(call, lambda axis: axis)


def _permuted(call: Call) -> Seen:
    ndim = call.result.ndim
    if "dims" in call.arguments:
        order = [dim % ndim for dim in call.arguments["dims"]]
    else:
        order = list(range(ndim))
        a, b = call.arguments.get("dim0", 0) % ndim, call.arguments.get("dim1", 1) % ndim
        order[a], order[b] = order[b], order[a]
    places = {dim: place for place, dim in enumerate(order)}
    return _each(call, lambda axis: remapped(axis, places))


def _transposed_2d(call: Call) -> Seen:
    last = call.result.ndim - 1
    places = {dim: last - dim for dim in range(last + 1)}
    return _each(call, lambda axis: remapped(axis, places))


def _expanded(call: Call) -> Seen:
    shift = call.result.ndim - call.arguments["self"].ndim
    places = {dim: dim + shift for dim in range(call.arguments["self"].ndim)}
    return _each(call, lambda axis: remapped(axis, places))


def _selected(call: Call) -> Seen:
    """One index along a dimension; `unbind` gives all of them."""
    ndim = call.arguments["self"].ndim
    gone = call.arguments["dim"] % ndim
    rest = [dim for dim in range(ndim) if dim != gone]
    places = {dim: place for place, dim in enumerate(rest)}

    def change(axis: Axis) -> Axis:
        if gone in axis.dims:
            return whole(axis, exact=False)
        return contracted(axis.cut(), frozenset(), places)

    return _each(call, change)


def _sliced(call: Call) -> Seen:
    arguments = call.arguments
    tensor = arguments["self"]
    dim = arguments.get("dim", 0) % tensor.ndim
    start, step = arguments.get("start") or 0, arguments.get("step", 1)

    def change(axis: Axis) -> Axis:
        if tensor.shape[dim] == call.result.shape[dim]:
            return axis
        if dim not in axis.dims:
            return axis.cut()
        _pure(axis)
        field = moved(axis.field, start % tensor.shape[dim] if start < 0 else start)
        field = replace(field, stride=field.stride * step)
        return replace(axis, field=field, length=call.result.shape[dim])

    return _each(call, change)


def _split(call: Call) -> Seen:
    dim = call.arguments["dim"] % call.result.ndim
    return _each(call, lambda axis: axis.scattered() if dim in axis.dims else axis.cut())


def _rolled(call: Call) -> Seen:
    dims = {dim % call.result.ndim for dim in call.arguments["dims"]}
    return _each(call, lambda axis: axis.scattered() if axis.dims & dims else axis)


def _concatenated(call: Call) -> Seen:
    dim = call.arguments["dim"] % call.result.ndim

    parts = [call.seen(tensor) for tensor in call.tensors()]
    differ = len({(p.rows.field, p.columns.field) for p in parts if isinstance(p, Reach)}) > 1

    def change(axis: Axis) -> Axis:
        if dim in axis.dims:
            return axis.scattered()
        return replace(axis, even=axis.even and not differ)

    seen = _pointwise(call)
    return seen.each(change) if isinstance(seen, Reach) else seen


def _matrix_product(call: Call) -> Seen:
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


def _attention(call: Call) -> Seen:
    """Every query sees all keys and values: [B, heads, tokens, features]."""
    seen = merged([(call.seen(tensor), tensor.ndim) for tensor in call.tensors()[:3]], 4)
    if not isinstance(seen, Reach):
        return seen
    return seen.each(lambda axis: whole(axis, exact=axis.dims <= {2}))


def nth(values: int | Sequence[int], axis: int) -> int:
    """The setting for one axis, where one number stands for all."""
    several = listed(values)
    return several[axis] if len(several) > 1 else several[0]


def listed(values: int | Sequence[int]) -> list[int]:
    """One number or several, as a list."""
    return [values] if isinstance(values, int) else list(values)


def _table(*pairs: tuple[Rule, str]) -> dict[Any, Rule]:
    """Rules by operation; names that this version of torch does not have are left out."""
    return {
        getattr(aten, name): rule
        for rule, names in pairs
        for name in names.split()
        if hasattr(aten, name)
    }


RULES = _table(
    (_convolution, "convolution _convolution mkldnn_convolution"),
    (_pool, "max_pool2d_with_indices max_pool2d avg_pool2d max_pool1d avg_pool1d"),
    (_adaptive_pool, "_adaptive_avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d"),
    (_upsampled, "upsample_nearest2d upsample_bilinear2d _upsample_nearest_exact2d"),
    (_padded, "constant_pad_nd reflection_pad2d replication_pad2d"),
    (_reduced, "mean sum amax amin std var var_mean norm linalg_vector_norm logsumexp"),
    (_softmax, "_softmax _log_softmax softmax log_softmax"),
    (_layer_norm, "native_layer_norm layer_norm"),
    (_group_norm, "native_group_norm group_norm"),
    (_batch_norm, "native_batch_norm batch_norm _native_batch_norm_legit_no_training"),
    (_viewed, "view _unsafe_view reshape unsqueeze squeeze unsqueeze_ squeeze_"),
    (_same, "alias detach as_strided_ contiguous lift_fresh native_dropout hardswish hardswish_"),
    (_permuted, "permute transpose transpose_"),
    (_transposed_2d, "t"),
    (_expanded, "expand"),
    (_selected, "select unbind"),
    (_sliced, "slice"),
    (_split, "split split_with_sizes chunk"),
    (_rolled, "roll"),
    (_concatenated, "cat"),
    (_matrix_product, "mm addmm bmm baddbmm"),
    (
        _attention,
        "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention "
        "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention "
        "_scaled_dot_product_attention_math _scaled_dot_product_fused_attention_overrideable",
    ),
)
