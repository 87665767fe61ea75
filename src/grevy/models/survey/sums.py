"""The arithmetic of one layer: parameters, MACs, output size and receptive field, worked out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

from grevy.arithmetic.counts import (
    Count,
    convolution_macs,
    convolution_parameters,
    linear_parameters,
    matrix_macs,
    other_parameters,
    total,
)
from grevy.arithmetic.output_size import convolution_formula, pooling_formula, transposed_formula
from grevy.documents.blocks import Formula
from grevy.models.survey.calls import nth
from grevy.models.survey.reach import Axis, Reach, Seen
from grevy.models.survey.trace import Operation

_POOLS = ("max_pool2d_with_indices", "max_pool2d", "avg_pool2d")


def parameters_of(module: nn.Module, counted: Iterable[nn.Parameter] = ()) -> Count:
    """Parameters that the module itself holds, outside of its children.

    Args:
        module: any.
        counted: parameters that were counted before, for another layer that shares them.
    """
    seen = {id(parameter) for parameter in counted}
    own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
    if len(own) < len(list(module.parameters(recurse=False))):
        return other_parameters([tuple(p.shape) for p in own])
    names = {name for name, _ in module.named_parameters(recurse=False)}
    if names not in ({"weight"}, {"weight", "bias"}):
        return other_parameters([tuple(p.shape) for p in own])
    if isinstance(module, nn.modules.conv._ConvNd):
        channels = module.in_channels // module.groups
        return convolution_parameters(
            module.kernel_size, channels, module.out_channels, module.bias is not None
        )
    if isinstance(module, nn.Linear):
        bias = module.bias is not None
        return linear_parameters(module.in_features, module.out_features, bias)
    return other_parameters([tuple(parameter.shape) for parameter in own])


def macs_of(operations: Sequence[Operation]) -> Count:
    """MACs of some operations on one picture."""
    return total([count for operation in operations for count in _macs(operation)])


def _macs(operation: Operation) -> list[Count]:
    arguments, shape = operation.arguments, operation.shape
    if operation.name == "convolution":
        filters, channels, *kernel = arguments["weight"]
        positions = arguments["input"][2:] if arguments["transposed"] else shape[2:]
        return [convolution_macs(kernel, channels, filters, positions)]
    if operation.name in ("mm", "addmm"):
        left = arguments["self" if operation.name == "mm" else "mat1"]
        return [matrix_macs(left[0], left[1], shape[1])]
    if operation.name in ("bmm", "baddbmm"):
        left = arguments["self" if operation.name == "bmm" else "batch1"]
        return [matrix_macs(left[1], left[2], shape[2], left[0])]
    if operation.name.startswith("_scaled_dot_product"):
        return _attention(arguments)
    return []


def _attention(arguments: dict[str, Any]) -> list[Count]:
    """Queries times keys, then weights times values, in every head."""
    *heads, queries, features = arguments["query"]
    keys, width = arguments["key"][-2], arguments["value"][-1]
    times = math.prod(heads)
    return [matrix_macs(queries, features, keys, times), matrix_macs(queries, keys, width, times)]


def size_formulas(operations: Sequence[Operation]) -> tuple[Formula, ...]:
    """Output rows and columns of the layer's one convolution or pooling; one where both agree."""
    windows = [operation for operation in operations if _is_window(operation)]
    if len(windows) != 1 or len(windows[0].shape) != 4:
        return ()
    formulas = [_size(windows[0], axis) for axis in (0, 1)]
    return tuple(dict.fromkeys(formulas))


def _is_window(operation: Operation) -> bool:
    return operation.name == "convolution" or operation.name in _POOLS


def _size(operation: Operation, axis: int) -> Formula:
    arguments = operation.arguments
    if operation.name == "convolution":
        size = arguments["input"][2 + axis]
        kernel, stride, padding, dilation = _window(operation, axis)
        if arguments["transposed"]:
            extra = nth(arguments["output_padding"], axis)
            return transposed_formula(size, kernel, stride, padding, dilation, extra)
        return convolution_formula(size, kernel, stride, padding, dilation)
    size = arguments["self"][2 + axis]
    return pooling_formula(size, *_window(operation, axis), ceil=arguments["ceil_mode"])


def _window(operation: Operation, axis: int) -> tuple[int, int, int, int]:
    """Kernel, stride, padding, dilation of a convolution or pooling."""
    arguments = operation.arguments
    if operation.name == "convolution":
        kernel = arguments["weight"][2:]
        stride = arguments["stride"]
    else:
        kernel = arguments["kernel_size"]
        stride = arguments["stride"] or kernel
    dilation = arguments.get("dilation", 1)
    return (
        nth(kernel, axis),
        nth(stride, axis),
        nth(arguments["padding"], axis),
        nth(dilation, axis),
    )


def field_worked(operations: Sequence[Operation], seen: Seen) -> str:
    """How a window widened the receptive field: "6 + (5 − 1)·2 = 14"; "" for other layers."""
    windows = [operation for operation in operations if _is_window(operation)]
    if len(windows) != 1 or not isinstance(seen, Reach) or not seen.rows.dims:
        return ""
    operation = windows[0]
    if operation.arguments.get("transposed") or len(operation.shape) != 4:
        return ""
    both = [_widened(operation, n, axis) for n, axis in enumerate((seen.rows, seen.columns))]
    return " and ".join(dict.fromkeys(filter(None, both)))


def _widened(operation: Operation, number: int, axis: Axis) -> str:
    kernel, stride, _, dilation = _window(operation, number)
    if not axis.dims or axis.phased:
        return ""
    step = axis.field.stride / stride
    before = axis.field.high - axis.field.low + 1 - dilation * (kernel - 1) * step
    spaced = f"·{dilation}" if dilation > 1 else ""
    return f"{before} + ({kernel} − 1){spaced}·{step} = {axis.field.size}"
