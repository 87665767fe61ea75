"""Writing so that a file is either the old one or the new one, also after a power cut."""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from grevy.errors import SaveError

UNFINISHED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}")
"""What a file is called while it is written."""

ELSEWHERE = "choose another place"
MENDS = {
    errno.ENOSPC: "free some space there, or {elsewhere}",
    errno.EDQUOT: "free some of your quota, or {elsewhere}",
    errno.EACCES: "give yourself the right to write there, or {elsewhere}",
    errno.EPERM: "give yourself the right to write there, or {elsewhere}",
    errno.EROFS: "the disk can only be read: {elsewhere}",
    errno.EMFILE: "too many files are open: raise the limit with ulimit -n",
    errno.ENFILE: "too many files are open on this machine: close some programs",
    errno.EIO: "the disk reports a fault: check it, or {elsewhere}",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "remove the link: nothing is written through one",
}
"""By the cause that the system gives."""


def write_bytes(path: Path, content: bytes) -> None:
    """Write to a temporary file in the same folder, fsync, rename, fsync of the folder.

    Raises:
        SaveError: the disk did not take it; the old file, if any, is untouched.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):  # as where the disk can only be read now
            temporary.unlink()
        if isinstance(error, OSError):
            raise save_error(path, error) from error
        raise


def write_json(path: Path, value: Any) -> None:
    """`value` as indented JSON, written atomically. NaN is refused: it is not JSON.

    Raises:
        SaveError: the disk did not take it.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_unfinished(path: Path) -> bool:
    """Whether it is what `write_bytes` left when its process died."""
    return UNFINISHED.fullmatch(path.name) is not None and not path.is_dir()


def sweep(folder: Path) -> None:
    """Remove what a process that died was writing, in a folder and the folders in it.

    Only for who holds the folder's lock: another process's files would go as well.

    Raises:
        SaveError: one can't be removed.
    """
    for place, _, names in os.walk(folder):
        for name in filter(UNFINISHED.fullmatch, names):
            _remove(Path(place, name))


def sweep_beside(path: Path) -> None:
    """Remove what processes that died were writing as this one file.

    Only for who alone may write it.

    Raises:
        SaveError: one can't be removed.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        if is_unfinished(left):
            _remove(left)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise save_error(path, error) from error


def save_error(path: Path, error: OSError) -> SaveError:
    """What the user should know when a write fails: file, cause, and what mends that cause."""
    return SaveError(
        f"could not write {path} ({error.strerror or error})",
        "a disk with free space that may be written to",
        f"{mend_of(error)}; what was saved before is still there",
    )


def mend_of(error: OSError, elsewhere: str = ELSEWHERE) -> str:
    """What mends the cause of an error of writing.

    Args:
        error: of the system.
        elsewhere: how another place is chosen.
    """
    return MENDS.get(error.errno or 0, "{elsewhere}").format(elsewhere=elsewhere)
