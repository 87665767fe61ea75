"""Writing so that a file is either the old one or the new one, also after a power cut."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from grevy.errors import SaveError


def write_bytes(path: Path, content: bytes) -> None:
    """Write to a temporary file in the same folder, fsync, rename, fsync of the folder.

    Raises:
        SaveError: the disk did not take it; the old file, if any, is untouched.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # as where the folder is a file
            temporary.unlink()
        raise save_error(path, error) from error


def write_json(path: Path, value: Any) -> None:
    """`value` as indented JSON, written atomically. NaN is refused: it is not JSON.

    Raises:
        SaveError: the disk did not take it.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def save_error(path: Path, error: OSError) -> SaveError:
    """What the user should know when a write fails."""
    return SaveError(
        f"could not write {path} ({error.strerror or error})",
        "a disk with free space that may be written to",
        "free some space or choose another --out; what was saved before is still there",
    )
