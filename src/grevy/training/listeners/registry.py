"""Listeners by name: what `--log` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module, metadata
from typing import TypeVar

from grevy.errors import UsageError
from grevy.training.listeners.listener import Listener

GROUP = "grevy.listeners"
"""Entry points of installed packages: a name, and `package.module:Class` of a listener."""

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
        _registered[name] = builder
        return builder

    return register


def listener_names() -> list[str]:
    """All that `--log` takes: ours, those of plugins, and those of installed packages."""
    return sorted({*OWN, *_registered, *(point.name for point in _entry_points())})


def build_listener(name: str) -> Listener:
    """A new listener.

    Raises:
        UsageError: no listener has that name.
        MissingPackageError: the package that it writes for is not installed.
    """
    if name in _registered:
        return _registered[name]()
    if name in OWN:
        module, _, attribute = OWN[name].partition(":")
        builder: Callable[[], Listener] = getattr(import_module(module), attribute)
        return builder()
    for point in _entry_points():
        if point.name == name:
            installed: Callable[[], Listener] = point.load()
            return installed()
    raise UsageError(
        f"no listener '{name}'", f"one of {', '.join(listener_names())}", "change --log"
    )


def _entry_points() -> Iterable[metadata.EntryPoint]:
    return metadata.entry_points(group=GROUP)
