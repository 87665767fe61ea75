"""Which sources may be run without a question: those that this user trained with on this machine.

A list in the user's state folder, one line each: digest, day, place. It is only ever added to, by
a training whose source the user named or wrote. A run that comes from elsewhere is not on it.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from grevy.errors import UntrustedSourceError
from grevy.records.run import RunDirectory
from grevy.records.source import Sources, digest_of


def state_folder() -> Path:
    """`GREVY_STATE`, else the user's state folder for Grevy. It need not exist yet."""
    chosen = os.environ.get("GREVY_STATE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_state_path("grevy")


def trust_list() -> Path:
    """The file; only its owner can read or write it."""
    return state_folder() / "trusted-sources"


def remember(sources: Sources, place: Path) -> None:
    """Put sources on the list, once.

    Args:
        sources: that the user named for a training, or wrote in Python.
        place: of the run, for who reads the list.

    Raises:
        OSError: the list can't be written.
        UntrustedSourceError: nor read; see `is_remembered`.
    """
    if not sources or is_remembered(sources):
        return
    day = datetime.now(UTC).date().isoformat()
    line = f"{digest_of(sources)} {day} {' '.join(str(place.absolute()).splitlines())}\n"
    trust_list().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(trust_list(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a") as file:
        file.write(line)


def is_remembered(sources: Sources) -> bool:
    """Whether just these files, under these names and for these objects, are on the list.

    Raises:
        UntrustedSourceError: the list can't be read, or others can write to it.
    """
    try:
        with trust_list().open() as file:
            _require_own(os.fstat(file.fileno()))
            return digest_of(sources) in {line.split(" ", maxsplit=1)[0] for line in file}
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UntrustedSourceError(
            f"{trust_list()} can't be read ({error})", "a file of your own", "mend it or remove it"
        ) from error


def require_trust(sources: Sources, directory: RunDirectory) -> None:
    """Refuse to run what somebody else may have written.

    Raises:
        UntrustedSourceError: it is not on the list.
    """
    if is_remembered(sources):
        return
    files = " and ".join(str(directory.source / s.file) for s in sources if s.file)
    raise UntrustedSourceError(
        f"{directory.path} brings its own Python source, which was not trained with here",
        "a source that you know",
        f"read {files}, then add --trust-source (trust_source=True in Python)",
    )


def _require_own(facts: os.stat_result) -> None:
    if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UntrustedSourceError(
            f"{trust_list()}, to which others can write",
            "a file of your own with mode 600",
            f"look through it, then: chmod 600 {trust_list()}",
        )
