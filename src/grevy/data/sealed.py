"""Folders in the cache that appear when they are whole, and are checked before they are used.

    <folder>/
      ...         what was derived: decoded pictures, features, an unpacked archive
      meta.json   what it was made of, bytes and SHA-256 of every other file, and its own SHA-256

A folder is built beside its place, synced, sealed and renamed, so that a killed or parallel process
can leave nothing half. Deleting any of it is always safe.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from grevy.data.alone import alone_in, is_left
from grevy.data.content_hash import file_hashes
from grevy.data.space import saving
from grevy.errors import CorruptRecordError, DataNotFoundError
from grevy.records.atomic import sync_folder
from grevy.records.summed import hash_of

SEAL = "meta.json"

_ABANDONED_SECONDS = 24 * 3600


def seal(folder: Path, facts: Mapping[str, Any]) -> None:
    """Sync every file and write down its size and checksum.

    Args:
        folder: with all that belongs to it.
        facts: what it was made of, as JSON has it.

    Raises:
        OSError: the disk did not take it.
    """
    files, folders = _below(folder)
    with ThreadPoolExecutor() as pool:  # the disk takes many at once, and waits for each alone
        sums = dict(zip(files, pool.map(lambda n: _synced_sum(folder / n), files), strict=True))
    meta = {**facts, "files": sums, "folders": folders}
    text = json.dumps({"sha256": hash_of(meta), "meta": meta})
    with (folder / SEAL).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    for name in (*folders, "."):
        sync_folder(folder / name)


def read_sealed(folder: Path) -> dict[str, Any]:
    """The facts of a folder whose files are all as they were written.

    A file is read once for as long as its size, inode and times stay: see `file_hashes`.

    Raises:
        CorruptRecordError: one is absent, changed, or was not there.
    """
    try:
        sealed = json.loads((folder / SEAL).read_bytes())
        meta: dict[str, Any] = sealed["meta"]
        if sealed["sha256"] != hash_of(meta):
            raise damaged(folder, f"{SEAL} differs from its checksum")
        _require_same(folder, meta["files"], meta.get("folders", []))
    except KeyError as error:
        raise damaged(folder, f"{SEAL} has no {error}") from error
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(folder, " ".join(str(error).split())) from error
    return meta


def damaged(folder: Path, why: str) -> CorruptRecordError:
    """The error of a folder that is not as it was written."""
    return CorruptRecordError(
        f"damaged cache in {folder} ({why})",
        "the files as they were written",
        f"delete {folder}",
    )


@contextmanager
def folder_that_becomes(place: Path) -> Iterator[Path]:
    """A folder beside `place` that takes its name at the end; gone if that was not reached.

    If another process was first, its folder stays.

    Raises:
        SaveError: the disk did not take it.
    """
    with ExitStack() as stack:
        with saving(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with alone_in(place.parent):  # who looks for what was left sees it made and taken
                _remove_abandoned(place.parent)
                folder = _beside(place)
                folder.mkdir()
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                stack.enter_context(alone_in(folder))
        yield folder
        with saving(place):
            _publish(folder, place)


def remove(place: Path) -> None:
    """Take a folder out of sight at once, then delete it.

    Raises:
        SaveError: the disk did not let it go.
    """
    with saving(place), suppress(FileNotFoundError):  # another process did it
        rubbish = _beside(place)
        place.rename(rubbish)
        _delete(rubbish)


def _require_same(folder: Path, files: Mapping[str, Any], folders: list[str]) -> None:
    found_files, found_folders = map(set, _below(folder))
    if gone := set(folders) - found_folders or set(files) - found_files:
        raise damaged(folder, f"{min(gone)} is gone")
    strange = (found_files - set(files)) | (found_folders - set(folders))
    if read := [name for name in strange if not _is_hidden(name)]:
        raise damaged(folder, f"{min(read)} was not there")
    for name, expected in files.items():
        size = (folder / name).stat().st_size
        if size != expected["bytes"]:
            raise damaged(folder, f"{name} has {size:,} of {expected['bytes']:,} bytes")
    try:
        hashes = file_hashes(folder, list(files))
    except DataNotFoundError as error:
        raise damaged(folder, error.received) from error
    for name, sha256 in hashes.items():
        if sha256 != files[name]["sha256"]:
            raise damaged(folder, f"{name} differs from its checksum")


def _below(folder: Path) -> tuple[list[str], list[str]]:
    """Files, without the seal, and folders below."""
    files, folders = [], []
    for place, inner, names in os.walk(folder):
        own = os.path.relpath(place, folder)
        folders += [os.path.normpath(os.path.join(own, name)) for name in inner]
        files += [os.path.normpath(os.path.join(own, name)) for name in names]
    return sorted(name for name in files if name != SEAL), sorted(folders)


def _is_hidden(name: str) -> bool:
    """As systems leave files anywhere, such as `.nfs0001`; nobody reads them as data."""
    return any(part.startswith(".") for part in name.split(os.sep))


def _synced_sum(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.{secrets.token_hex(4)}")


def _publish(folder: Path, place: Path) -> None:
    """Give the finished folder its name, if nobody else did."""
    try:
        folder.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    sync_folder(place.parent)


def _delete(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


def _remove_abandoned(folder: Path) -> None:
    """Delete what killed processes left."""
    for path in folder.glob(".*/"):
        with suppress(FileNotFoundError):  # another process did it
            if _is_abandoned(path):
                shutil.rmtree(path)


def _is_abandoned(folder: Path) -> bool:
    """Nobody is at it any more; by its age where that can't be known."""
    left = is_left(folder)
    return time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS if left is None else left
