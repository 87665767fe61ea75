"""Files that may be a stranger's: only regular ones are opened, and no link is followed."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from grevy.errors import CorruptRecordError
from grevy.memory import free_memory
from grevy.records.record import Count, Record

LARGEST = 16 * 2**30
"""Bytes that a file of a run may have where nothing says how many it has."""


_SMALL = 16 * 2**20
"""Bytes for which nobody asks how many are free."""


class FileSum(Record):
    """What a file must be when it is read again."""

    bytes: Count
    """Its length."""

    sha256: str
    """Of its content."""


def sum_of(content: bytes) -> FileSum:
    """Length and SHA-256 of a file with this content."""
    return FileSum(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


@contextmanager
def open_regular(path: Path, flags: int = os.O_RDONLY) -> Iterator[IO[bytes]]:
    """A file that is neither link nor device nor pipe, unbuffered; nothing is waited for.

    Args:
        path: of the file; the folders that lead to it may be links.
        flags: of `os.open`; with `os.O_RDWR` it may be written to.

    Raises:
        FileNotFoundError: nothing is there.
        CorruptRecordError: it is no regular file.
        OSError: it can't be opened.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise no_file(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise no_file(path)
    with os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "r+b", buffering=0) as file:
        yield file


def read_regular(path: Path, expected: FileSum | None = None, largest: int = LARGEST) -> bytes:
    """What a regular file holds.

    Args:
        path: of the file.
        expected: what it must be; None: anything up to `largest`.
        largest: bytes.

    Raises:
        FileNotFoundError: nothing is there.
        CorruptRecordError: no regular file, too large (also for half of the free memory), not
            readable, or not what is expected.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > (largest if expected is None else expected.bytes):
                raise _other(path, size, expected)
            if size > _SMALL and size > free_memory() / 2:
                raise _corrupt(path, f"has {size:,} bytes, more than half of the free memory")
            content = _whole(file, size)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise _corrupt(path, f"can't be read ({error.strerror or error})") from error
    if expected is not None and sum_of(content) != expected:
        raise _other(path, len(content), expected)
    return content


def folder_inside(path: Path) -> Path:
    """A folder of a run, made if it is not there.

    Raises:
        CorruptRecordError: it is a link or a file: nothing is written through one.
        OSError: it can't be made.
    """
    try:
        path.mkdir(exist_ok=True)
    except FileExistsError:
        raise _corrupt(path, "is no folder") from None
    if path.is_symlink():
        raise _corrupt(path, "is a link, and nothing is written through one")
    return path


def no_file(path: Path) -> CorruptRecordError:
    """A link, device, pipe or folder where a file should be."""
    return _corrupt(path, "is a link, and none is followed" if path.is_symlink() else "is no file")


def _whole(file: IO[bytes], size: int) -> bytes:
    """Up to one byte more than `size`: a file that grows meanwhile is seen to differ."""
    parts, left = [], size + 1
    while left and (part := file.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _other(path: Path, size: int, expected: FileSum | None) -> CorruptRecordError:
    if expected is None:
        return _corrupt(path, f"has {size:,} bytes")
    if size != expected.bytes:
        return _corrupt(path, f"has {size:,} bytes and was written with {expected.bytes:,}")
    return _corrupt(path, "differs from its SHA-256 in the record")


def _corrupt(path: Path, what: str) -> CorruptRecordError:
    return CorruptRecordError(
        f"{path} {what}", "the file that Grevy wrote", "restore it from a copy, or train again"
    )
