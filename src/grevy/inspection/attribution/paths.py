"""Where the way of a gradient from the logits back to the picture, or to a layer, is cut.

A network that computes under `torch.no_grad`, detaches, or leaves PyTorch gives right logits and no
gradient. A map made of it would be 0 everywhere, as if nothing spoke for the class.

Shapes: B pictures, C channels, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.weak import WeakIdKeyDictionary

from grevy.errors import NoGradientError
from grevy.inspection.addresses import find_layer
from grevy.inspection.watching import SeenEnoughError, random_state_kept


def no_gradient(
    model: nn.Module, images_BCHW: Tensor, layer: str | None = None, *, of: str = "the logit"
) -> NoGradientError:
    """The error that names where the way is cut.

    Args:
        model: used in the mode that it is in.
        images_BCHW: normalised pictures.
        layer: to which no gradient comes; None: to the pictures.
        of: whose gradient it is.
    """
    cuts = cuts_between(model, images_BCHW, layer)
    cause = f"{' and '.join(cuts)} cut{'s' * (len(cuts) == 1)} the way" if cuts else "it is cut"
    reached = "the picture" if layer is None else f"layer '{layer}'"
    return NoGradientError(
        f"no gradient comes from {of} to {reached}, though {of} depends on it: {cause}",
        "a forward pass that autograd can follow",
        "let the gradient through there (frozen weights need no no_grad), or use --method "
        "occlusion, which needs no gradient",
    )


def cuts_between(
    model: nn.Module, images_BCHW: Tensor, layer: str | None = None
) -> tuple[str, ...]:
    """What cuts the way from the pictures, or a layer, to the logits, and in which module.

    In order, each once. The network runs once. Weights are frozen meanwhile, so that what has a
    gradient is what has one of the pictures, or of the layer.
    """
    with _frozen(model), torch.enable_grad(), _inside(model) as running:
        watch = _Watch(running)
        picture_BCHW = images_BCHW.detach().clone().requires_grad_(layer is None)
        try:
            with _begun(model, layer, watch), watch:
                output = model(picture_BCHW.clone())
        except (RuntimeError, SeenEnoughError):  # it ran before; inference mode takes no leaves
            return watch.last()
    arrived = [watch.cuts[leaf] for leaf in tree_leaves(output) if leaf in watch.cuts]
    return _once(cut for cuts in arrived for cut in cuts) or watch.last()


def partly_cut(model: nn.Module, images_BCHW: Tensor, layer: str | None) -> tuple[str, ...]:
    """What keeps a part of the gradient back, where another part arrives; comparisons aside."""
    meant = (".detach", ".data", ".numpy", "torch.no_grad", "torch.inference_mode")
    return tuple(cut for cut in cuts_between(model, images_BCHW, layer) if cut.startswith(meant))


def depends(logits_of: Callable[[], Tensor], changed: Callable[[], Tensor]) -> bool:
    """Whether the logits differ when something is changed; random numbers are the same in both."""
    with torch.no_grad():
        with random_state_kept():
            before_B = logits_of()
        with random_state_kept():
            after_B = changed()
    return not torch.equal(before_B.nan_to_num(), after_B.nan_to_num())


@dataclass
class _Running:
    """A module that runs: its name in words, and the gradient's mode when it began."""

    name: str
    differentiates: bool = True


class _Watch(TorchFunctionMode):
    """Follows what has a gradient, and notes what goes on without one.

    Attributes:
        cuts: of a tensor that depends on the source, at least in part, without a gradient: what
            cut its way.
    """

    def __init__(self, running: list[_Running]) -> None:
        super().__init__()
        self.cuts: MutableMapping[Tensor, tuple[str, ...]] = WeakIdKeyDictionary()
        self._running = running
        self._noted: dict[str, None] = {}

    def last(self) -> tuple[str, ...]:
        """The last cut, on whatever way: what leaves PyTorch and comes back can't be followed."""
        return tuple(self._noted)[-1:]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Do the call, and hand on what is known of its inputs to its outputs."""
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in _SHAPES_ONLY:
            return result
        inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        known = _once(cut for leaf in inputs for cut in self.cuts.get(leaf, ()))
        loses = any(leaf.requires_grad for leaf in inputs)
        outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        if loses and name in _LEAVES_PYTORCH:
            self.note(func)
        for output in outputs:
            new = (self.note(func),) if loses and not output.requires_grad else ()
            if known or new:
                self.cuts[output] = _once((*known, *new))
        return result

    def note(self, func: Callable[..., Any] | None = None) -> str:
        """A call, or the gradient's mode, that cuts a way here; in words."""
        place = self._running[-1]
        if not torch.is_grad_enabled():  # by the innermost module that began with gradients
            place = next(each for each in reversed(self._running) if each.differentiates)
        cut = f"{_cause(func)} in {place.name}"
        self._noted.pop(cut, None)
        self._noted[cut] = None
        return cut


_LEAVES_PYTORCH = ("numpy", "__array__", "tolist", "item")
_SHAPES_ONLY = frozenset(
    {
        *("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like"),
        *("new_zeros", "new_ones", "new_empty", "new_full", "new_tensor"),
    }
)


def _cause(func: Callable[..., Any] | None) -> str:
    """What a user would look for in the network's code."""
    if torch.is_inference_mode_enabled():
        return "torch.inference_mode"
    if not torch.is_grad_enabled():
        return "torch.no_grad"
    owner = getattr(func, "__self__", None)  # of a property's getter: .data
    name = getattr(func, "__name__", "an operation")
    if name == "__get__":
        name = getattr(owner, "__name__", name)
    return f".{name}" if name in ("detach", "data", "tolist", "item", "numpy") else name


def _once(cuts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cuts))


@contextmanager
def _begun(model: nn.Module, layer: str | None, watch: _Watch) -> Iterator[None]:
    """Inside, the gradient's way begins at the layer's output, whatever mode it runs in."""
    if layer is None:
        yield
        return
    module, index = find_layer(model, layer)
    times = -1

    def begin(module: nn.Module, args: Any, output: Any) -> Any:
        nonlocal times
        times += 1
        if times != index:
            return None
        if not torch.is_grad_enabled():
            watch.note()
        return tree_map_only(Tensor, _leaf, output)

    handle = module.register_forward_hook(begin)
    try:
        yield
    finally:
        handle.remove()


def _leaf(values: Tensor) -> Tensor:
    return values.detach().clone().requires_grad_(values.is_floating_point())


@contextmanager
def _frozen(model: nn.Module) -> Iterator[None]:
    needed = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        for parameter, _ in needed:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter, requires_grad in needed:
            parameter.requires_grad_(requires_grad)


@contextmanager
def _inside(model: nn.Module) -> Iterator[list[_Running]]:
    """Inside, the modules that run, innermost last."""
    running = [_Running(f"the forward of {type(model).__name__}")]
    handles = []
    for name, module in model.named_modules():
        if not name:
            continue

        def enter(module: nn.Module, _: Any, name: str = name) -> None:
            told = f"'{name}' ({type(module).__name__})"
            running.append(_Running(told, torch.is_grad_enabled()))

        handles.append(module.register_forward_pre_hook(enter))
        handles.append(module.register_forward_hook(lambda *_: running.pop() and None))
    try:
        yield running
    finally:
        for handle in handles:
            handle.remove()
