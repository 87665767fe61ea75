"""Lists that this user alone writes: what was trained with on this machine.

A file in the user's state folder, one line each: digest, day, and what it is, for who reads it. It
is only ever added to.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from grevy.errors import UntrustedSourceError


def state_folder() -> Path:
    """`GREVY_STATE`, else the user's state folder for Grevy. It need not exist yet."""
    chosen = os.environ.get("GREVY_STATE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_state_path("grevy")


def list_more(file: Path, digest: str, told: str) -> None:
    """Put a digest on a list, once, with the day and what is told to who reads it.

    Raises:
        OSError: the list can't be written.
        UntrustedSourceError: nor read; see `is_listed`.
    """
    if is_listed(file, digest):
        return
    day = datetime.now(UTC).date().isoformat()
    line = f"{digest} {day} {' '.join(told.splitlines())}\n"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
    with os.fdopen(os.open(file, flags, 0o600), "a", errors="surrogateescape") as opened:
        opened.write(line)


def is_listed(file: Path, digest: str) -> bool:
    """Whether a digest is on a list of the user's own.

    Raises:
        UntrustedSourceError: the list can't be read, or others can write to it.
    """
    try:
        with file.open(errors="surrogateescape") as lines:
            _require_own(os.fstat(lines.fileno()), file)
            return digest in {line.split(" ", maxsplit=1)[0] for line in lines}
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UntrustedSourceError(
            f"{file} can't be read ({error})", "a file of your own", "mend it or remove it"
        ) from error


def _require_own(facts: os.stat_result, file: Path) -> None:
    if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UntrustedSourceError(
            f"{file}, to which others can write",
            "a file of your own with mode 600",
            f"look through it, then: chmod 600 {file}",
        )
