"""The source of a network that is given in Python: the file of its class, or what defines it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import CodeType, FunctionType
from typing import Any

from grevy.errors import SourceError
from grevy.models.own.code_hash import code_hash
from grevy.models.own.excerpt import NoSourceError, excerpt_of, functions_of
from grevy.models.own.faults import watch_file
from grevy.records.source import Source, Sources, modules_beside, read_source, source_of

OWN_PREFIX = "python:"
"""Of the name of a network that is neither registered nor in a file."""


def source_of_object(thing: Any, name: str | None = None) -> Sources:
    """Where a class or function comes from, with the modules beside it.

    One of a module: the module's file. One of a script or notebook: its own lines and what they
    refer to. One that was typed into a plain interpreter, made by `exec` or inside a function, or
    that belongs to an installed package: a hash of its code alone.

    Args:
        thing: a class or function that builds a network.
        name: under which it is registered; None: it is called by its file and its own name.
    """
    for function in functions_of(thing):
        code_file = function.__code__.co_filename
        watch_file(code_file, Path(code_file).name)
    own = f"{getattr(thing, '__qualname__', type(thing).__name__)}"
    try:
        return _of_main(thing, own, name) if _is_of_main(thing) else _of_module(thing, own, name)
    except (NoSourceError, SourceError, TypeError):  # a TypeError: no file is known of it
        return (Source(None, code_hash(thing), "model", own, name or f"{OWN_PREFIX}{own}"),)


def _is_of_main(thing: Any) -> bool:
    """Whether it stands in a script or notebook, and not in a module."""
    return bool(getattr(thing, "__module__", None) == "__main__")


def _of_main(thing: Any, own: str, name: str | None) -> Sources:
    _require_reachable(own)
    file = f"{own}.py"
    text = excerpt_of(thing)
    main = getattr(sys.modules["__main__"], "__file__", None)
    folder = Path(main).parent if main else Path()
    entry = source_of(text, file, "model", folder, object=own, name=name or f"{file}:{own}")
    return (entry, *modules_beside(folder, file, text))


def _of_module(thing: Any, own: str, name: str | None) -> Sources:
    _require_reachable(own)
    path = Path(inspect.getsourcefile(thing) or "")
    if not path.is_file() or {"site-packages", "dist-packages"} & set(path.parts):
        raise NoSourceError(f"{own} belongs to an installed package")
    file = _below_its_folder(path, thing.__module__)
    folder = path.parents[len(PurePosixPath(file).parts) - 1]
    sources = read_source(folder, file, "model", object=own, name=name or f"{file}:{own}")
    if not _is_as_imported(thing, f"{sources[0].text}", path):
        raise NoSourceError(f"{path} has changed since {own} was imported from it")
    return sources


def _require_reachable(own: str) -> None:
    if not all(part.isidentifier() for part in own.split(".")):
        raise NoSourceError(f"{own} is made inside a function")


def _below_its_folder(path: Path, module: str) -> str:
    """`nets/blocks.py` for the module `nets.blocks`: below the folder that imports begin in."""
    parts = module.split(".")
    place = PurePosixPath(*parts)
    for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if path.parts[-len(file.parts) :] == file.parts:
            return str(file)
    return path.name


def _is_as_imported(thing: Any, text: str, path: Path) -> bool:
    """Whether the file still has the code that Python imported from it."""
    compiled = dict(_code_inside(compile(text, str(path), "exec", dont_inherit=True)))
    return all(_same(compiled.get(f.__code__.co_qualname), f) for f in functions_of(thing))


def _code_inside(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _code_inside(constant)


def _same(code: CodeType | None, function: FunctionType) -> bool:
    own = function.__code__
    if code is None:
        return False
    return (code.co_code, code.co_names, code.co_consts) == (
        own.co_code,
        own.co_names,
        own.co_consts,
    )
