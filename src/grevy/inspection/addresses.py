"""A layer's address: the dotted name of a module, with `#2` behind it for its second call."""

from __future__ import annotations

import difflib

from torch import nn

from grevy.errors import LayerNotFoundError


def address(name: str, index: int) -> str:
    """The layer's name of call `index` (from 0) of the module `name`."""
    return name if index == 0 else f"{name}#{index + 1}"


def find_layer(model: nn.Module, layer: str) -> tuple[nn.Module, int]:
    """The module of that address and the index of its call, from 0.

    Raises:
        LayerNotFoundError: no module has that name; the nearest names are told.
    """
    name, mark, call = layer.partition("#")
    modules = dict(model.named_modules())
    modules.pop("")
    if name not in modules or (mark and not (call.isdecimal() and int(call) >= 1)):
        raise LayerNotFoundError(
            f"no layer '{layer}'", nearest(name, list(modules)), "check the spelling"
        )
    return modules[name], int(call or 1) - 1


def nearest(name: str, names: list[str]) -> str:
    """Up to five names that are spelled like `name`, or the first few, as "a, b or c"."""
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.5)
    if not near:
        inside = [n for n in names if name and name.lower() in n.lower()]
        near = (inside or names)[:5]
    return " or ".join(filter(None, [", ".join(near[:-1]), near[-1]])) if near else "any layer"
