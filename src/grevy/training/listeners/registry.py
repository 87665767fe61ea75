"""Listeners by name: what `--log` takes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

from grevy.errors import UsageError
from grevy.recipes.parts import GROUPS, load_entry_points
from grevy.recipes.registered import add, all_in
from grevy.training.listeners.listener import Listener

GROUP = GROUPS["listener"]
"""Entry points of installed packages. Loading one runs the call that registers its listener."""

OWN = {
    "mlflow": "grevy.training.listeners.mlflow:MLflowListener",
    "tensorboard": "grevy.training.listeners.tensorboard:TensorBoardListener",
}
"""Imported when they are asked for."""

Builder = TypeVar("Builder", bound=Callable[[], Listener])

_registered: dict[str, Callable[[], Listener]] = {}


def register_listener(name: str) -> Callable[[Builder], Builder]:
    """Make a listener known under a name, for `--log NAME` and `grevy.train(..., log=NAME)`.

    Stands above a subclass of `Listener` whose `__init__` takes nothing, or above a function that
    makes one. A name that is known already gets the new listener.
    """

    def register(builder: Builder) -> Builder:
        made: Callable[[], Listener] = builder
        add(_registered, name, made)
        return builder

    return register


def listener_names() -> list[str]:
    """All that `--log` takes: ours, those of plugins, and those of installed packages.

    Raises:
        PartError: an installed package's can't be loaded.
    """
    load_entry_points(GROUP)
    return sorted({*OWN, *all_in(_registered)})


def build_listener(name: str) -> Listener:
    """A new listener.

    Raises:
        UsageError: no listener has that name.
        PartError: an installed package's can't be loaded.
        MissingPackageError: the package that it writes for is not installed.
    """
    if name not in all_in(_registered) and name not in OWN:
        load_entry_points(GROUP, name)
    if own := all_in(_registered).get(name):
        return own()
    if name not in OWN:
        known = ", ".join(listener_names())
        raise UsageError(f"no listener '{name}'", f"one of {known}", "change --log")
    module, _, attribute = OWN[name].partition(":")
    builder: Callable[[], Listener] = getattr(import_module(module), attribute)
    return builder()
