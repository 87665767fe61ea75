"""One operation as it happened, and what rules about it have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from grevy.arithmetic.receptive_field import TooManyPhasesError
from grevy.models.survey.reach import Axis, Reach, Seen, Unknown, whole_if_single


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


def _tensors(value: Any) -> Iterable[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [item for item in value if isinstance(item, Tensor)]
    return []


class NoRuleError(Exception):
    """This use of the operation has no rule."""


def main_input(call: Call, name: str = "self") -> tuple[Tensor, Reach]:
    """The tensor that the operation works on, which depends on the picture."""
    tensor = call.arguments[name]
    seen = call.seen(tensor)
    if not isinstance(seen, Reach):
        raise NoRuleError
    return tensor, seen


def each_axis(call: Call, change: Callable[[Axis], Axis], name: str = "self") -> Seen:
    """What is known of the result, where rows and columns change by the same rule."""
    try:
        _, reach = main_input(call, name)
        return reach.each(change).each(whole_if_single)
    except (NoRuleError, TooManyPhasesError):
        return Unknown(str(call.operation.overloadpacket))


def only_dimension(axis: Axis) -> int:
    """The dimension of an axis that has exactly one."""
    if not axis.pure or len(axis.dims) != 1:
        raise NoRuleError
    return next(iter(axis.dims))


def nth(values: int | Sequence[int], axis: int) -> int:
    """The setting for one axis, where one number stands for all."""
    several = listed(values)
    return several[axis] if len(several) > 1 else several[0]


def listed(values: int | Sequence[int]) -> list[int]:
    """One number or several, as a list."""
    return [values] if isinstance(values, int) else list(values)
