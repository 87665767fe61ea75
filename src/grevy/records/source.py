"""The source of a user's own network: read with the modules beside it, kept in the run, checked.

A run directory keeps it as `source/`, and run.json lists each file with its SHA-256. Nothing here
runs a source; `records/trust.py` says whether it may be run.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from grevy.errors import CorruptRecordError, SourceError, SourceFaultError
from grevy.records.atomic import save_error, write_bytes
from grevy.records.files import folder_inside, read_regular
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord, SourceRecord
from grevy.regular import read_named

Role = Literal["model", "plugin", "import"]
"""A network is taken from it, it is run for what it registers, or another file imports it."""

MOST_FILES = 50
MOST_BYTES = 2**20
"""Of all files together."""
LONGEST_FILE = 64 * MOST_BYTES
"""Bytes that are read of one, to say that it is too long."""


@dataclass(frozen=True)
class Source:
    """One file of the user's.

    Attributes:
        file: its place below its folder, such as `mynet.py` or `nets/blocks.py`; None where no
            source can be had.
        sha256: of the text; of the code where there is no text.
        role: what it is for.
        object: the class or function that a network is built with.
        name: how the recipe calls that network.
        text: None where there is none, or where the record was read and not yet its files.
        folder: where it lies on this machine; it is not recorded.
    """

    file: str | None
    sha256: str
    role: Role
    object: str | None = None
    name: str | None = None
    text: str | None = None
    folder: str | None = None

    def to_record(self) -> SourceRecord:
        """For run.json: everything but the text and its place."""
        return SourceRecord(**{name: getattr(self, name) for name in _RECORDED})


Sources = tuple[Source, ...]

_RECORDED = ("file", "sha256", "role", "object", "name")


def source_of(
    text: str, file: str, role: Role, folder: Path | None = None, **entry: str | None
) -> Source:
    """A source whose text is known."""
    place = None if folder is None else str(folder.absolute())
    return Source(file, sha256_of(text), role, text=text, folder=place, **entry)


def sha256_of(text: str) -> str:
    """Of the text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(sources: Sources) -> str:
    """What two sets of sources share only if all files, their names and their objects are equal."""
    return hashlib.sha256(repr(sorted(map(_key, sources))).encode()).hexdigest()


def hashes_of(sources: Iterable[Source]) -> dict[str, str]:
    """SHA-256 by file, for the identity of a run; by name where there is no file."""
    return {source.file or f"{source.name}": source.sha256 for source in sources}


def union(*several: Sources) -> Sources:
    """All sources once, in a fixed order.

    Raises:
        SourceError: two files of one name that differ.
    """
    found = {_key(source): source for sources in several for source in sources}
    hashes: dict[str, str] = {}
    for source in found.values():
        if source.file and hashes.setdefault(source.file, source.sha256) != source.sha256:
            raise SourceError(
                f"two different files {source.file}",
                "files that differ in name, because records keep them by name",
                "rename one of them",
            )
    return tuple(found[key] for key in sorted(found))


def read_source(folder: Path, file: str, role: Role, **entry: str | None) -> Sources:
    """A file and the modules beside it that it imports, those that they import, and so on.

    What counts is what Python would find in the same folder: `import blocks` means `blocks.py` or
    the folder `blocks`, unless the standard library has that name.

    Args:
        folder: where imports are looked for.
        file: below it.
        role: of the file.
        entry: its `object` and `name`.

    Raises:
        SourceError: no such file, not text, or more than 50 files or a mebibyte.
        SourceFaultError: not Python.
    """
    text = _read(folder, file)
    return (source_of(text, file, role, folder, **entry), *modules_beside(folder, file, text))


def modules_beside(folder: Path, file: str, text: str) -> Sources:
    """What the text of `file` imports from `folder`; errors as `read_source`."""
    found = {file: text}
    waiting = [file]
    while waiting:
        for path in _imported(found[waiting[0]], waiting[0], folder):
            if path not in found:
                found[path] = _read(folder, path)
                waiting.append(path)
                _refuse_many(found, file)
        del waiting[0]
    beside = [path for path in sorted(found) if path != file]
    return tuple(source_of(found[path], path, "import", folder) for path in beside)


def write_sources(directory: RunDirectory, sources: Sources) -> None:
    """Into `source/` of a run directory.

    Raises:
        SaveError: the disk did not take it.
    """
    for source in sources:
        if source.file is not None and source.text is not None:
            path = directory.source / source.file
            try:
                directory.path.mkdir(parents=True, exist_ok=True)
                folder_inside(directory.source)
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise save_error(path, error) from error
            write_bytes(path, source.text.encode())


def with_files(sources: Sources) -> Sources:
    """Those that have a text to keep."""
    return tuple(source for source in sources if source.file is not None)


def recorded_sources(record: RunRecord) -> Sources:
    """The sources that a record lists, without their texts; none in records of before."""
    return tuple(Source(**{n: getattr(s, n) for n in _RECORDED}) for s in record.sources)


def kept_sources(directory: RunDirectory, sources: Sources) -> Sources:
    """The same with the texts that the run directory keeps, each checked against its SHA-256.

    Raises:
        CorruptRecordError: a file that is missing, changed, or not in `source/`.
    """
    place = str(directory.source)
    return tuple(
        s if s.file is None else replace(s, text=_kept(directory, s), folder=place) for s in sources
    )


def _key(source: Source) -> tuple[str, ...]:
    return tuple(f"{getattr(source, name) or ''}" for name in _RECORDED)


def _kept(directory: RunDirectory, source: Source) -> str:
    path = directory.source / f"{source.file}"
    try:
        if not _is_inside(path, directory):
            raise _damaged(path, f"it is not in {directory.source}")
        text = read_regular(path, largest=MOST_BYTES).decode()
    except (OSError, ValueError, RuntimeError) as error:
        raise _damaged(path, str(error)) from error
    if sha256_of(text) != source.sha256:
        raise _damaged(path, "it was changed after the training")
    return text


def _is_inside(path: Path, directory: RunDirectory) -> bool:
    """Also after links: a record can't make another place of this machine be read."""
    return path.resolve().is_relative_to(directory.path.resolve() / directory.source.name)


def _damaged(path: Path, why: str) -> CorruptRecordError:
    return CorruptRecordError(
        f"{path} is not the source that the run was trained with ({why})",
        "the file whose SHA-256 stands in run.json",
        "restore it from a copy, or train again",
    )


def _read(folder: Path, file: str) -> str:
    path = folder / file
    try:
        return read_named(path, LONGEST_FILE).decode("utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"no file {path}", "a Python file", "check its name") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} can't be read ({error})", "a Python file", "check it") from None


def _refuse_many(found: Mapping[str, str], file: str) -> None:
    if len(found) > MOST_FILES or sum(map(len, found.values())) > MOST_BYTES:
        raise SourceError(
            f"{file}, which imports more than {MOST_FILES} files or a mebibyte from its own folder",
            "a network in a few files, which records can keep",
            "move it into a folder of its own, with what it needs",
        )


def _imported(text: str, file: str, folder: Path) -> Iterator[str]:
    """Files below `folder` that the text of `file` imports."""
    for name in _imported_names(_parsed(text, file), PurePosixPath(file).parent.parts):
        parts = name.split(".")
        if parts[0] in sys.stdlib_module_names or parts[0] in ("grevy", "torch"):
            continue
        for depth in range(1, len(parts) + 1):
            place = PurePosixPath(*parts[:depth])
            files = (place / "__init__.py", place.with_name(f"{place.name}.py"))
            yield from [str(path) for path in files if (folder / path).is_file()][:1]
            if not (folder / place).is_dir():
                break


def _imported_names(tree: ast.AST, package: Sequence[str]) -> Iterator[str]:
    """Dotted names of modules; `from a import b` gives `a.b`, which may be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}".strip(".") for alias in node.names)


def _parsed(text: str, file: str) -> ast.AST:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = " ".join((error.text or "").split())
        raise SourceFaultError(
            f'{file}, line {error.lineno}: {type(error).__name__}: {error.msg}: "{line}"',
            "",
            "mend that line",
        ) from error
