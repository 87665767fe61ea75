"""What the user's files register, known for the length of the calls that were given them.

A registry is a dictionary by name. What a script or an installed package registers stays in it;
what a plugin registers is collected apart, so that no other call finds it unrecorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Registration:
    """One thing under its name, and the registry that it was meant for."""

    registry: dict[str, Any]
    name: str
    thing: Any


Registrations = tuple[Registration, ...]

_collected: ContextVar[list[Registration] | None] = ContextVar("collected", default=None)
_known: ContextVar[Registrations] = ContextVar("known", default=())


def add(registry: dict[str, Any], name: str, thing: Any) -> None:
    """Register: for the process, or for the user's file that is being run."""
    collected = _collected.get()
    if collected is None:
        registry[name] = thing
    else:
        collected.append(Registration(registry, name, thing))


def all_in(registry: dict[str, Thing]) -> dict[str, Thing]:
    """All that is known by name here; what the calls around this were given comes first."""
    here = (*_known.get(), *(_collected.get() or ()))
    return {**registry, **{each.name: each.thing for each in here if each.registry is registry}}


@contextmanager
def collecting(into: list[Registration] | None) -> Iterator[None]:
    """What is registered inside goes into the list; with None, into the registries."""
    token = _collected.set(into)
    try:
        yield
    finally:
        _collected.reset(token)


@contextmanager
def registered(those: Iterable[Registration]) -> Iterator[None]:
    """Inside, these are known, whatever else has their names."""
    token = _known.set((*_known.get(), *those))
    try:
        yield
    finally:
        _known.reset(token)


def register_for_good(those: Iterable[Registration]) -> None:
    """Put these into their registries: a command is one call, and lasts as long as its process."""
    for each in those:
        each.registry[each.name] = each.thing
