"""One run of a network on a tensor without data: every module call and what it did."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakIdKeyDictionary

from grevy.models.survey.calls import Call
from grevy.models.survey.reach import Reach, Seen, Unknown, picture
from grevy.models.survey.ready import (
    Shape,
    blank_picture,
    evaluating,
    needs_data,
    unfused,
    without_data,
)
from grevy.models.survey.rules import seen_of

Sizes = tuple[int, ...]
COMPUTING = ("convolution", "mm", "addmm", "bmm", "baddbmm")
"""Operations that multiply and add; scaled dot products besides."""


@dataclass(frozen=True)
class Operation:
    """A tensor operation inside a module: its name, arguments without data, result's shape."""

    name: str
    arguments: dict[str, Any]
    shape: Sizes

    @property
    def computes(self) -> bool:
        """Whether it is one of the operations whose MACs are counted."""
        return self.name in COMPUTING or self.name.startswith("_scaled_dot_product")


@dataclass
class ModuleCall:
    """One call of one module.

    Attributes:
        name: dotted name; "" is the network itself.
        index: 0 for the first call of this module, 1 for the second …
        module: itself.
        operations: done by this module, outside of its children.
        input_shape: of its first tensor, batch included.
        shape: of its first output tensor, batch included; None until it is done.
        seen: what that output sees of the picture.
        in_place: whether the output lies in the memory of an input.
        calls_others: whether it called other modules.
    """

    name: str
    index: int
    module: nn.Module
    input_shape: Sizes | None
    operations: list[Operation] = field(default_factory=list)
    shape: Sizes | None = None
    seen: Seen = None
    in_place: bool = False
    calls_others: bool = False


@dataclass(frozen=True)
class Trace:
    """All calls in the order in which they ended, and the calls that an error broke off.

    Attributes:
        calls: that ended.
        open: that had not ended when the network failed, outermost first; empty if it ran.
        error: why it failed.
        with_data: whether the network had to be run on a black picture.
    """

    calls: tuple[ModuleCall, ...]
    open: tuple[ModuleCall, ...] = ()
    error: Exception | None = None
    with_data: bool = False


def trace(model: nn.Module, input_shape: Shape) -> Trace:
    """Run `model` in evaluation mode on one picture without data, or on a black one if it must be.

    Without data nothing is computed and no memory is taken for activations. A network that looks
    at values, as detectors do, gets a black picture. Modes, hooks and parameters of the model are
    as before when this returns.

    Args:
        model: takes [B, C, H, W].
        input_shape: C, H, W.
    """
    found = _traced(model, input_shape, without_data())
    if found.error is None or not needs_data(found.error):
        return found
    return replace(_traced(model, input_shape, nullcontext()), with_data=True)


def trace_on_black(model: nn.Module, input_shape: Shape) -> Trace:
    """As `trace`, but run on a black picture at once.

    It computes what one picture costs, and loads nothing: what runs a network without data takes
    PyTorch longer to import than most networks take for a picture. For whoever runs the network on
    a picture anyway.

    Args:
        model: takes [B, C, H, W].
        input_shape: C, H, W.
    """
    return _traced(model, input_shape, nullcontext())


def _traced(model: nn.Module, shape: Shape, tensors: AbstractContextManager[None]) -> Trace:
    log = _Log()
    with evaluating(model), _hooked(model, log), torch.no_grad(), unfused():
        try:
            with tensors, _watching(log):
                image_BCHW = blank_picture(model, shape)
                log.seen[image_BCHW] = picture(*shape[1:])
                model(image_BCHW)
        except Exception as error:  # a network is anyone's code; told in the table
            return Trace(tuple(log.done), tuple(log.stack), error)
    return Trace(tuple(log.done))


class _Log:
    """What the hooks and the watch write down."""

    def __init__(self) -> None:
        self.stack: list[ModuleCall] = []
        self.done: list[ModuleCall] = []
        self.times: dict[str, int] = {}
        self.seen: MutableMapping[Tensor, Seen] = WeakIdKeyDictionary()

    def enter(self, name: str, module: nn.Module, inputs: Any) -> None:
        index = self.times.get(name, 0)
        self.times[name] = index + 1
        tensor = first_tensor(inputs)
        shape = None if tensor is None else tuple(tensor.shape)
        if self.stack:
            self.stack[-1].calls_others = True
        self.stack.append(ModuleCall(name, index, module, shape))

    def leave(self, inputs: Any, output: Any) -> None:
        call = self.stack.pop()
        tensor, source = first_tensor(output), first_tensor(inputs)
        if tensor is not None:
            call.shape, call.seen = tuple(tensor.shape), self.seen.get(tensor)
            call.in_place = source is not None and _memory(tensor) == _memory(source)
        self.done.append(call)

    def operation(self, operation: OpOverload, arguments: dict[str, Any], result: Any) -> None:
        tensor = first_tensor(result)
        if tensor is None:
            return
        seen = seen_of(Call(operation, arguments, tensor, self.seen.get))
        for output in result if isinstance(result, list | tuple) else [result]:
            if isinstance(output, Tensor):
                self.seen[output] = seen
        self._written(operation, arguments, seen)
        if self.stack:
            name = operation.overloadpacket.__name__
            self.stack[-1].operations.append(
                Operation(name, _without_data(arguments), tuple(tensor.shape))
            )

    def _written(self, operation: OpOverload, arguments: dict[str, Any], seen: Seen) -> None:
        """An operation in place changes its argument, and what that is a view of."""
        if not operation._schema.is_mutable:
            return
        target = first_tensor(arguments)
        if target is None:
            return
        self.seen[target] = seen
        if target._base is not None and isinstance(seen, Reach):
            self.seen[target._base] = Unknown(str(operation.overloadpacket))


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every tensor operation, below modules and functional calls."""

    def __init__(self, log: _Log) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._log = log

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        names = [argument.name for argument in func._schema.arguments]
        given = {a.name: a.default_value for a in func._schema.arguments if a.has_default_value()}
        given.update(zip(names, args, strict=False))
        given.update(kwargs or {})
        self._log.operation(func, given, result)
        return result


class _QuickWatch(_Watch):  # type: ignore[no-untyped-call]
    """For networks that are not compiled, before anything is.

    PyTorch wraps the method so that `torch.compile` leaves it alone, and for that imports the
    compiler, which takes longer than most networks do.
    """


_QuickWatch.__torch_dispatch__ = inspect.unwrap(_Watch.__torch_dispatch__)  # type: ignore[method-assign]


def _watching(log: _Log) -> _Watch:
    """Through the wrapper once anything may be compiled: else the watch would be compiled, too."""
    return _Watch(log) if "torch._dynamo" in sys.modules else _QuickWatch(log)


@contextmanager
def _hooked(model: nn.Module, log: _Log) -> Iterator[None]:
    handles = []
    for name, module in model.named_modules():

        def enter(module: nn.Module, args: Any, kwargs: Any, name: str = name) -> None:
            log.enter(name, module, (*args, *kwargs.values()))

        def leave(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            log.leave((*args, *kwargs.values()), output)

        handles.append(module.register_forward_pre_hook(enter, with_kwargs=True))
        handles.append(module.register_forward_hook(leave, with_kwargs=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def first_tensor(value: Any) -> Tensor | None:
    """The first tensor in a nest of tuples, lists, dictionaries and dataclasses."""
    if isinstance(value, Tensor):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, each.name) for each in fields(value)]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        found = (first_tensor(item) for item in value)
        return next((tensor for tensor in found if tensor is not None), None)
    return None


def _without_data(value: Any) -> Any:
    """Tensors replaced by their shapes."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {name: _without_data(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_data(item) for item in value]
    return value


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
