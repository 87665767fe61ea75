"""The networks of one module of the user's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from torch import nn

from grevy.errors import SourceError
from grevy.models.own.adapt import OwnBuilder


def builder_in(module: ModuleType, file: str, wanted: str, name: str) -> OwnBuilder:
    """What builds one network of a module.

    Args:
        module: that `file` made.
        file: for errors.
        wanted: a class or function in it, such as `Net` or `nets.Net`.
        name: how recipes call the network.

    Raises:
        SourceError: there is none of that name.
    """
    thing: Any = module
    for part in wanted.split("."):
        thing = getattr(thing, part, None)
    if not callable(thing) or isinstance(thing, nn.Module):
        kind = "nothing" if thing is None else f"a {type(thing).__name__}"
        raise SourceError(
            f"{file}:{wanted}, which is {kind}",
            f"a class or function: {' or '.join(_candidates(module)) or 'there is none'}",
            "correct the name, or define it",
        )
    return OwnBuilder(thing, name)


def only_network(module: ModuleType, file: str) -> str:
    """The network of a file that defines just one.

    Raises:
        SourceError: none, or several.
    """
    found = _candidates(module)
    if len(found) == 1:
        return found[0]
    raise SourceError(
        f"{file} with {'the networks ' + ' and '.join(found) if found else 'no network in it'}",
        "one nn.Module or function that builds one, or its name behind a colon",
        f"give --model {file}:{found[0] if found else 'Net'}",
    )


def networks_in(module: ModuleType) -> list[str]:
    """Classes of networks that the module itself defines."""
    own = {n: v for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__}
    return [n for n, v in own.items() if isinstance(v, type) and issubclass(v, nn.Module)]


def _candidates(module: ModuleType) -> list[str]:
    """Its networks; where it has none, its functions."""
    own = {n: v for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__}
    functions = [n for n, v in own.items() if callable(v) and not isinstance(v, type)]
    return networks_in(module) or [n for n in functions if not n.startswith("_")]
