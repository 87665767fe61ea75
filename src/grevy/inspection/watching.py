"""Look at a network while it works, and leave it as it was found."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from grevy.classifier.classifier import Classifier
from grevy.data.randomness import accelerators_in_use, own_kernels
from grevy.errors import LayerNotFoundError
from grevy.inspection.addresses import find_layer

_HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
)


class SeenEnoughError(Exception):
    """Breaks off a forward pass behind the layer that is looked at."""


def needs_inference_mode(error: Exception) -> bool:
    """Whether a network failed because a tensor of inference mode has no way back."""
    return isinstance(error, RuntimeError) and "inference tensor" in str(error).lower()


@contextmanager
def as_found(model: nn.Module) -> Iterator[None]:
    """Inside: evaluation mode, plain float32, gradients can be computed. Afterwards: as before.

    Hooks, gradients, `requires_grad`, training flags, buffers and the random state (of torch on
    the CPU and on CUDA, of NumPy and of Python) come back, also when the body raises. Parameters
    are not copied: who wants others uses `torch.func.functional_call`. Inside, `.grad` is None
    everywhere; the gradients that were there are laid aside, not copied.
    """
    with ExitStack() as stack:
        for keep in (_keep_flags, _keep_gradients, _keep_hooks, _keep_buffers):
            stack.enter_context(keep(model))
        stack.enter_context(random_state_kept())
        stack.enter_context(_plain_float32())
        model.eval()
        yield


@contextmanager
def watching(model: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """The outputs of `layers` by name, filled anew by each `model(images)` inside.

    Of an output of several tensors the first is taken. What comes after a layer works on a copy,
    so that nothing in place (a ReLU, an addition) changes what is seen. With gradients enabled,
    the network goes on from what is seen, so that `torch.autograd.grad(y, seen[layer])` works,
    also where no parameter requires a gradient.

    Raises:
        LayerNotFoundError: no module has that name.
    """
    seen: dict[str, Tensor] = {}
    wanted: dict[nn.Module, dict[int, list[str]]] = {}
    for layer in layers:
        module, index = find_layer(model, layer)
        wanted.setdefault(module, {}).setdefault(index, []).append(layer)
    times: dict[nn.Module, int] = {}

    def begin(module: nn.Module, args: Any) -> None:
        seen.clear()
        times.clear()

    def end(module: nn.Module, args: Any, output: Any) -> Any:
        index = times[module] = times.get(module, -1) + 1
        names = wanted[module].get(index)
        return _keep_output(output, names, seen) if names else None

    handles = [model.register_forward_pre_hook(begin, prepend=True)]
    handles += [module.register_forward_hook(end) for module in wanted]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def activations_of(
    classifier: Classifier, images_NCHW: Tensor, layers: Sequence[str]
) -> dict[str, Tensor]:
    """Outputs of `layers` in evaluation mode, without gradients, on the classifier's device.

    Raises:
        LayerNotFoundError: no such layer, or none that puts out a tensor in this call.
    """
    model = classifier.model
    with as_found(model), torch.no_grad(), watching(model, layers) as seen:
        model(images_NCHW)
        require_seen(model, seen, layers)
        return dict(seen)


def require_seen(model: nn.Module, seen: dict[str, Tensor], layers: Sequence[str]) -> None:
    """Refuse layers of which a forward pass left nothing.

    Raises:
        LayerNotFoundError: never called, not so often, or without a tensor.
    """
    for layer in layers:
        if layer not in seen:
            kind = type(find_layer(model, layer)[0]).__name__
            raise LayerNotFoundError(
                f"layer '{layer}' ({kind}), of which this network sees no tensor",
                "a layer that is called, so often as the number behind # says",
                "name a layer inside it, or one of: grevy look --list",
            )


def _keep_output(output: Any, names: list[str], seen: dict[str, Tensor]) -> Any:
    """Keep the first tensor; what the network goes on with, or None for the output itself."""
    leaves, form = tree_flatten(output)
    place = next((i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)), None)
    if place is None:
        return None
    kept = leaves[place].clone()
    seen.update(dict.fromkeys(names, kept))
    if not torch.is_grad_enabled() or not kept.is_floating_point():
        return None
    if not kept.requires_grad:
        kept.requires_grad_()
    leaves[place] = kept.clone()
    return tree_unflatten(leaves, form)


@contextmanager
def _keep_flags(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    needed = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        for parameter, requires_grad in needed:
            parameter.requires_grad_(requires_grad)


@contextmanager
def _keep_gradients(model: nn.Module) -> Iterator[None]:
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    for parameter, _ in gradients:
        parameter.grad = None
    try:
        yield
    finally:
        for parameter, gradient in gradients:
            parameter.grad = gradient


@contextmanager
def _keep_hooks(model: nn.Module) -> Iterator[None]:
    owned = [getattr(module, name) for module in model.modules() for name in _HOOKS]
    before = [(hooks, dict(hooks)) for hooks in owned]
    try:
        yield
    finally:
        for hooks, content in before:
            if dict(hooks) != content:
                hooks.clear()
                hooks.update(content)


@contextmanager
def _keep_buffers(model: nn.Module) -> Iterator[None]:
    """Buffers are small; only those that changed are written back, in their own memory."""
    owned = [(module._buffers, dict(module._buffers)) for module in model.modules()]
    copies = [
        (b, b.detach().clone()) for _, named in owned for b in named.values() if b is not None
    ]
    try:
        yield
    finally:
        for buffers, content in owned:
            buffers.clear()
            buffers.update(content)
        with torch.no_grad():
            for buffer, copy in copies:
                if not torch.equal(buffer, copy):
                    buffer.copy_(copy)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Inside, anything may be drawn; afterwards torch, NumPy and Python go on as if nothing was."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(accelerators_in_use()):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


@contextmanager
def _plain_float32() -> Iterator[None]:
    """No mixed precision, no TensorFloat-32, kernels that repeat, whatever the program has set."""
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
        own_kernels(),
    ):
        yield
