"""The logits of a network, whatever it puts them into: a tuple, a dictionary, an object.

Shapes: B pictures, K classes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from grevy.errors import ModelArgumentError

NAME = "logits"
"""What Hugging Face and torchvision call them."""


def logits_in(output: Any, classes: int | None = None) -> Tensor:
    """The logits [B, K] in what a network puts out.

    A tensor [B, K] is taken as it is, and [B, K, 1, 1] as [B, K]. In a tuple, a dictionary or an
    object they are what is called `logits`; else the only tensor [B, K], or the first of a tuple:
    what follows it are outputs for help in training, or features.

    Args:
        output: of a network.
        classes: K, where it is known: other tensors are passed over.

    Raises:
        ModelArgumentError: no tensor [B, K], or several of which none is called `logits`.
    """
    return find_logits(output, classes)[1]


def find_logits(output: Any, classes: int | None = None) -> tuple[str, Tensor]:
    """As `logits_in`, and what the logits are called there; "" where they are all there is."""
    if isinstance(output, Tensor):
        return "", _flat(output)
    parts = parts_of(output)
    if isinstance(named := parts.get(NAME), Tensor):
        return NAME, _flat(named)
    fitting = [name for name, part in parts.items() if _fits(part, classes)]
    first = next((name for name, part in parts.items() if isinstance(part, Tensor)), None)
    ordered = isinstance(output, tuple | list)
    if len(fitting) == 1 or (fitting and ordered and (first in fitting or classes)):
        return fitting[0], _flat(parts[fitting[0]])
    expected = "logits" if classes is None else f"logits, (1, {classes}) for one picture"
    raise ModelArgumentError(
        f"a network that puts out {shown(output)}, in which "
        + ("nothing is [B, K]" if not fitting else f"{' and '.join(fitting)} may be the logits"),
        f"a tensor of {expected}, or one called 'logits'",
        "return the logits alone, or under the name 'logits'",
    )


def parts_of(output: Any) -> dict[str, Any]:
    """What is in an output by name; members of tuples and lists are called [0], [1], ..."""
    if isinstance(output, Mapping):
        return {str(name): part for name, part in output.items()}
    if isinstance(output, tuple) and hasattr(output, "_asdict"):
        return dict(output._asdict())
    if isinstance(output, tuple | list):
        return {f"[{place}]": part for place, part in enumerate(output)}
    if is_dataclass(output):
        return {field.name: getattr(output, field.name) for field in fields(output)}
    return {NAME: getattr(output, NAME)} if hasattr(output, NAME) else {}


def shown(output: Any) -> str:
    """An output in words: "a tuple of [0] (1, 10) and [1] (1, 3, 8, 8)"."""
    if isinstance(output, Tensor):
        return f"shape {tuple(output.shape)}"
    parts = [
        f"{name} {tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__}"
        for name, part in parts_of(output).items()
    ]
    inside = f" of {', '.join(parts)}" if parts else ""
    return f"a {type(output).__name__}{inside}"


def put_out_logits(model: nn.Module, classes: int | None) -> nn.Module:
    """Let a network put out its logits and nothing else, by a hook; names of tensors stay.

    Args:
        model: is changed and given back; a scripted one takes no hook and is put into another.
        classes: as of `logits_in`.
    """
    if isinstance(model, torch.jit.ScriptModule):
        return _Around(model, classes)
    model.register_forward_hook(partial(_taken, classes=classes))
    return model


def beside_with_logits(model: nn.Module, classes: int | None) -> nn.Module:
    """The same network, layers and tensors, that puts out its logits; `model` does as before."""
    if isinstance(model, torch.jit.ScriptModule):
        return _Around(model, classes)
    twin = object.__new__(type(model))
    twin.__dict__ = {
        name: OrderedDict(value) if name.startswith("_forward_hooks") else value
        for name, value in model.__dict__.items()
    }
    return put_out_logits(twin, classes)


def put_out_as(model: nn.Module, like: nn.Module) -> None:
    """Let a part of a network that ends as `like` does put out its logits, if `like` does."""
    for hook in like._forward_hooks.values():
        if isinstance(hook, partial) and hook.func is _taken:
            model.register_forward_hook(hook)


class _Around(nn.Module):
    """A scripted network and what takes its logits out."""

    def __init__(self, network: nn.Module, classes: int | None) -> None:
        super().__init__()
        self.network, self.classes = network, classes
        self.train(network.training)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return logits_in(self.network(images_BCHW), self.classes)


def _taken(model: nn.Module, inputs: Any, output: Any, *, classes: int | None) -> Tensor | None:
    if isinstance(output, Tensor) and output.ndim == 2:
        return None
    return logits_in(output, classes)


def _fits(part: Any, classes: int | None) -> bool:
    if not isinstance(part, Tensor) or not part.is_floating_point():
        return False
    flat = _flat(part)
    return flat.ndim == 2 and classes in (None, flat.shape[1])


def _flat(logits: Tensor) -> Tensor:
    """[B, K] of [B, K, 1, 1]; anything else as it is."""
    single = logits.ndim > 2 and all(length == 1 for length in logits.shape[2:])
    return logits.flatten(1) if single else logits
