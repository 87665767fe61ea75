"""A hash of code whose source can't be had: what it does, as far as Python can tell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_OF_THE_PROCESS = (
    *("__dict__", "__weakref__", "__doc__", "__module__"),
    *("__firstlineno__", "__static_attributes__", "_abc_impl"),
)
"""Of a class: nothing that it does, or another in every process."""


def code_hash(thing: Any) -> str:
    """SHA-256 of the code of a function or class, with its constants, defaults, closures, globals.

    What differs only in line numbers has the same hash, in every process. An object that is neither
    code nor a plain value counts with its `repr`, so that two of them are rather told apart than
    taken for one; code of other modules counts with its name.
    """
    home = str(getattr(thing, "__module__", None))
    return hashlib.sha256(repr(list(_parts(thing, home, set()))).encode()).hexdigest()


def _parts(thing: Any, home: str, seen: set[int]) -> Iterator[Any]:
    """Texts and numbers that tell one piece of code from another, depth first."""
    if isinstance(thing, FunctionType | type) and thing.__module__ != home:
        yield f"{thing.__module__}.{thing.__qualname__}"
        return
    if isinstance(thing, BuiltinFunctionType | MethodType):  # their repr holds an address
        yield f"{thing.__module__}.{thing.__qualname__}"
        yield from _parts(getattr(thing, "__func__", None), home, seen)
        yield from _parts(thing.__self__, home, seen)
        return
    if isinstance(thing, tuple | list | dict | set | frozenset):
        yield from _of_container(thing, home, seen)
        return
    if not isinstance(thing, CodeType | FunctionType | partial | type):
        yield thing.__name__ if isinstance(thing, ModuleType) else repr(thing)
        return
    if id(thing) in seen:  # a class whose methods name it
        return
    seen.add(id(thing))
    for part in _inside(thing):
        yield from _parts(part, home, seen)


def _of_container(thing: Any, home: str, seen: set[int]) -> Iterator[Any]:
    """Its type and what is in it; a set's elements in an order that no hash seed changes."""
    yield f"{type(thing).__name__} of {len(thing)}"
    if id(thing) in seen:  # it holds itself
        return
    seen.add(id(thing))
    elements = thing.items() if isinstance(thing, dict) else thing
    parts = [list(_parts(element, home, set(seen))) for element in elements]
    yield from sorted(parts, key=repr) if isinstance(thing, set | frozenset) else parts
    seen.discard(id(thing))  # an equal one elsewhere counts again


def _inside(thing: CodeType | FunctionType | partial[Any] | type) -> Iterable[Any]:
    if isinstance(thing, CodeType):
        return thing.co_code.hex(), thing.co_names, thing.co_varnames, *thing.co_consts
    if isinstance(thing, FunctionType):
        return _of_function(thing)
    if isinstance(thing, partial):
        return thing.func, *thing.args, *thing.keywords.items()
    return _of_class(thing)


def _of_function(function: FunctionType) -> Iterator[Any]:
    yield function.__code__
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).items()
    yield from (cell.cell_contents for cell in function.__closure__ or ())
    around = function.__globals__
    yield from (around[name] for name in function.__code__.co_names if name in around)


def _of_class(kind: type) -> Iterator[Any]:
    yield from kind.__bases__
    for name, value in sorted(vars(kind).items()):
        if name not in _OF_THE_PROCESS:
            yield name
            yield getattr(value, "__func__", getattr(value, "fget", value))
