"""The source of what stands in a notebook or a script, cut out with what it refers to.

The script itself is not kept: run again, it would train again.
"""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

_READS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")


class NoSourceError(Exception):
    """The source can't be had, or not whole."""


def excerpt_of(thing: Callable[..., Any]) -> str:
    """A text that defines `thing` when it is run: its own source and, before it, what it needs.

    Modules and what comes from them become imports, plain values become their literals, classes
    and functions of the same notebook or script are cut out likewise.

    Raises:
        NoSourceError: typed into a plain interpreter, or it refers to an object that no text makes.
    """
    pieces: dict[str, str] = {}
    _gather(thing.__name__, thing, pieces)
    return "\n\n".join(["from __future__ import annotations", *pieces.values()]) + "\n"


def _gather(name: str, thing: Any, pieces: dict[str, str]) -> None:
    """Put the definition of `name` into `pieces`, after all that it refers to."""
    if name in pieces:
        return
    pieces[name] = ""  # so that what refers to itself ends
    text, known = _definition(thing), _names_around(thing)
    for base in getattr(thing, "__bases__", ()):
        if base.__module__ == thing.__module__ and known.get(base.__name__) is not base:
            raise NoSourceError(f"{base.__name__} was defined again since")
    for other in _globals_in(compile(text, "<excerpt>", "exec", dont_inherit=True)):
        if other in known and known[other] is not thing:
            _define(other, known[other], thing.__module__, pieces)
    del pieces[name]
    pieces[name] = text if thing.__name__ == name else f"{text}\n{name} = {thing.__name__}"


def _define(name: str, value: Any, home: str, pieces: dict[str, str]) -> None:
    if isinstance(value, ModuleType):
        pieces.setdefault(name, f"import {value.__name__} as {name}")
    elif getattr(value, "__module__", None) == home and hasattr(value, "__qualname__"):
        _gather(name, value, pieces)
    elif hasattr(value, "__module__") and getattr(value, "__qualname__", ".").isidentifier():
        line = f"from {value.__module__} import {value.__qualname__} as {name}"
        pieces.setdefault(name, line)
    elif _is_plain(value):
        pieces.setdefault(name, f"{name} = {value!r}")
    else:
        raise NoSourceError(f"'{name}' is a {type(value).__name__} that no text makes")


def _is_plain(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError):
        return False


def _globals_in(code: CodeType) -> Iterator[str]:
    """Names of globals that code reads, also inside its functions; not of what is local there."""
    stored: set[str] = set()  # by the body of a class, or of the text itself
    for step in dis.get_instructions(code):
        name = f"{step.argval}"
        if step.opname == "STORE_NAME":
            stored.add(name)
        elif step.opname in _READS and name not in stored:
            yield name
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_in(constant)


def _names_around(thing: Any) -> dict[str, Any]:
    """The globals of a function, or of a class's methods."""
    return next(iter(functions_of(thing))).__globals__


def functions_of(thing: Any) -> Iterator[FunctionType]:
    """The function, or those that a class defines, without what decorates them.

    Only those of its own module: a decorator may have put another's function in their place.
    """
    inside = list(vars(thing).values()) if isinstance(thing, type) else [thing]
    for value in inside:
        plain = inspect.unwrap(getattr(value, "__func__", getattr(value, "fget", value)))
        if not isinstance(plain, FunctionType):
            continue
        if plain.__globals__.get("__name__") == thing.__module__:  # wraps copies no globals
            yield plain


def _definition(thing: Any) -> str:
    """The lines of a class or function, from the file or cell that its code came from."""
    function = next(functions_of(thing), None)
    lines = linecache.getlines(function.__code__.co_filename) if function else []
    if function is None or not lines:
        raise NoSourceError(f"the source of {thing.__name__} is not kept by Python")
    line = function.__code__.co_firstlineno
    kinds = (ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, kinds) and node.name == thing.__name__:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= line <= (node.end_lineno or first):
                return textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()
    raise NoSourceError(f"the source of {thing.__name__} has changed since it was run")
