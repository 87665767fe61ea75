"""A network made ready to be watched, the picture that it gets, and how it is run."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
    UnsupportedOperatorException,
)
from torch.nn.parameter import is_lazy

from grevy.errors import ModelArgumentError

Shape = tuple[int, int, int]
"""C, H, W."""

_NEED_DATA = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedOperatorException,
)

_FUSED: tuple[tuple[Callable[[], bool], Callable[[bool], None]], ...] = (
    (torch.backends.mha.get_fastpath_enabled, torch.backends.mha.set_fastpath_enabled),
    (torch._C._get_mkldnn_enabled, torch._C._set_mkldnn_enabled),
    (torch._C._get_cudnn_enabled, torch._C._set_cudnn_enabled),
)
"""Whether fused kernels are on, and the switch; `flags` of torch.backends sets more than that."""


def watchable(model: nn.Module, shape: Shape) -> nn.Module:
    """The network itself; a copy with shapes in place of lazy layers, if it has any.

    Raises:
        ModelArgumentError: layers hidden in a script, or lazy ones that fail on the picture.
    """
    require_open(model)
    if not any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        return model
    return _initialised(model, shape)


def require_open(model: nn.Module) -> None:
    """Refuse a network that no hook can look into.

    Raises:
        ModelArgumentError: it is scripted or traced, or a part of it.
    """
    hidden = (n for n, m in model.named_modules() if isinstance(m, torch.jit.ScriptModule))
    name = next(hidden, None)
    if name is None:
        return
    inside = name not in ("", "network")  # Grevy's own module around a scripted one
    part = f"network whose '{name}' is scripted or traced"
    what = f"a {part if inside else 'scripted or traced network'}"
    raise ModelArgumentError(
        f"{what}, which hides its layers",
        "an ordinary nn.Module",
        "give the network as it was before torch.jit; predict and evaluate take it as it is",
    )


def _initialised(model: nn.Module, shape: Shape) -> nn.Module:
    """A copy whose lazy layers have seen a picture."""
    try:
        model = copy.deepcopy(model)
        with evaluating(model), torch.no_grad():
            model(blank_picture(model, shape))
    except Exception as error:  # a network is anyone's code
        raise ModelArgumentError(
            f"a network with lazy layers that have no shapes yet ({error})",
            "one that has seen a picture",
            f"call it once before: model(torch.zeros{(1, *shape)})",
        ) from error
    return model


def blank_picture(model: nn.Module, shape: Shape) -> Tensor:
    """[1, C, H, W], black; device and precision are those of the network."""
    floating = (p for p in model.parameters() if p.is_floating_point() and not is_lazy(p))
    like = next(floating, torch.empty(0))
    return torch.zeros(1, *shape, device=like.device, dtype=like.dtype)


def needs_data(error: Exception) -> bool:
    """Whether a network failed only because the tensors it was run on hold no data."""
    return isinstance(error, _NEED_DATA) or ".numpy() is not supported" in str(error)


@contextmanager
def without_data() -> Iterator[None]:
    """Tensors made inside have shapes and no data; what fails is raised, not logged besides."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with FakeTensorMode(allow_non_fake_inputs=True):
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def unfused() -> Iterator[None]:
    """Without the fused attention and recurrent kernels, which hide their matrix products."""
    before = [enabled() for enabled, _ in _FUSED]
    try:
        for _, enable in _FUSED:
            enable(False)
        yield
    finally:
        for (_, enable), was in zip(_FUSED, before, strict=True):
            enable(was)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the block; every module's own mode afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
