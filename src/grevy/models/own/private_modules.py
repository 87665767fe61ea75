"""Sources as modules under private names, so that two versions of a file can live side by side.

`import blocks` in such a module means the `blocks.py` of its own sources, whatever else has that
name; nothing is put on `sys.path`, and no folder is searched.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from grevy.models.own.faults import faults_shown, watch_file
from grevy.recipes.registered import Registration, Registrations, collecting
from grevy.records.source import Source, Sources, digest_of

_ROOT = "grevy_own_"


def forget_modules(sources: Sources) -> None:
    """Sources are run anew when they are imported next."""
    root = _root(sources)
    for name in [name for name in sys.modules if name.partition(".")[0] == root]:
        del sys.modules[name]
    _finder.registered.pop(root, None)


def registered_by(sources: Sources) -> Registrations:
    """What they registered when they were run, networks apart."""
    return tuple(_finder.registered.get(_root(sources), ()))


def remember_registered(sources: Sources, those: Registrations) -> None:
    """These sources registered this, though each was run among others."""
    _finder.registered.setdefault(_root(sources), list(those))


def import_source(sources: Sources, file: str) -> ModuleType:
    """The module that `file` makes, run once for each set of sources.

    Args:
        sources: with their texts; all that `file` may import from its own folder.
        file: one of them.

    Raises:
        SourceFaultError: an error while it runs, with its line.
    """
    root = _root(sources)
    _finder.sources[root] = {_dotted(s.file): s for s in sources if s.file}
    with faults_shown():
        return import_module(f"{root}.{_dotted(file)}")


class _Finder(MetaPathFinder, Loader):
    """Finds modules by the texts that it was given."""

    def __init__(self) -> None:
        self.sources: dict[str, Mapping[str, Source]] = {}
        self.registered: dict[str, list[Registration]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, _, name = fullname.partition(".")
        if root not in self.sources:
            return None
        sources = self.sources[root]
        package = not name or any(other.startswith(f"{name}.") for other in sources)
        if not package and name not in sources:
            return None
        package = package or f"{sources[name].file}".endswith("__init__.py")
        return ModuleSpec(fullname, self, is_package=package)

    def exec_module(self, module: ModuleType) -> None:
        root, _, name = module.__name__.partition(".")
        source = self.sources[root].get(name)
        if source is None:  # a folder of modules
            return
        file, text = f"{source.file}", source.text or ""
        code_file = str(Path(source.folder or f"<{root}>") / file)
        watch_file(code_file, file, text)
        module.__file__ = code_file
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _own_import}
        code = compile(text, code_file, "exec", dont_inherit=True)  # our annotations are strings
        with collecting(self.registered.setdefault(root, [])):
            exec(code, module.__dict__)  # noqa: S102  (what this is for)


_finder = _Finder()
sys.meta_path.insert(0, _finder)


def _own_import(
    name: str,
    around: Mapping[str, Any] | None = None,
    inside: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] = (),
    level: int = 0,
) -> Any:
    """`__import__` of the modules here: what their sources have comes before all else."""
    root = str((around or {}).get("__name__", "")).partition(".")[0]
    top = name.partition(".")[0]
    own = {other.partition(".")[0] for other in _finder.sources.get(root, {})}
    if level or top not in own:
        with collecting(None):  # what other modules register as they are imported is not ours
            return builtins.__import__(name, around, inside, fromlist, level)
    module = builtins.__import__(f"{root}.{name}", around, inside, fromlist, 0)
    return module if fromlist else sys.modules[f"{root}.{top}"]


def _root(sources: Sources) -> str:
    return _ROOT + digest_of(sources)[:16]


def _dotted(file: str | None) -> str:
    """`nets/blocks.py` as `nets.blocks`; a file's name with dots in it is still one module."""
    place = PurePosixPath(file or "")
    parts = place.parent.parts if place.name == "__init__.py" else place.with_suffix("").parts
    return ".".join(part.replace(".", "_") for part in parts)
