"""Opening what a user or a stranger names: files, and nothing else. Links are followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_named(path: Path) -> BinaryIO:
    """The file, open for reading; a pipe would be waited for, and a device may never end.

    Raises:
        ValueError: it is one of these.
        OSError: it is not there, is a folder, or may not be read.
    """
    kind = stat.S_IFMT(os.stat(path).st_mode)
    if kind in _KINDS:
        raise ValueError(f"{_KINDS[kind]}, not a file")
    return path.open("rb")


def read_named(path: Path, largest: int) -> bytes:
    """What a file holds that the user named.

    Args:
        path: of the file.
        largest: bytes that it may have.

    Raises:
        ValueError: it is a pipe or a device, or larger.
        OSError: it is not there, is a folder, or may not be read.
    """
    with open_named(path) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"more than {largest:,} bytes")
    return content
