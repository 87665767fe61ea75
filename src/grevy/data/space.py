"""What the disk says, as one line for the user."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grevy.errors import SaveError
from grevy.records.atomic import mend_of

_ELSEWHERE = "let GREVY_CACHE name a folder on another disk"


def free_space(folder: Path) -> int:
    """Bytes that are free where `folder` is, or will be."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free


def require_space(folder: Path, needed: int, what: str = "the decoded pictures") -> None:
    """Raise `SaveError` unless `needed` bytes are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SaveError(
            f"{_megabytes(free)} free in {folder}",
            f"{_megabytes(needed)} for {what}",
            f"free some space, or {_ELSEWHERE}",
        )


@contextmanager
def saving(path: Path, size: int | None = None) -> Iterator[None]:
    """Turn an `OSError` while writing `path` (of `size` bytes in the end) into a `SaveError`."""
    try:
        yield
    except OSError as error:
        of_size = f" ({_megabytes(size)})" if size else ""
        raise SaveError(
            f"{path}{of_size} could not be written: {error.strerror or error}",
            "a folder that may be written to, on a disk with free space",
            mend_of(error, _ELSEWHERE),
        ) from error


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
