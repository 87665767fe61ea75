"""One lock a run, held by who changes it; the operating system's, so it ends with its process."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from grevy.errors import CorruptRecordError, RunBusyError
from grevy.records.atomic import save_error
from grevy.records.files import no_file, read_regular

LOCK = ".lock"
"""In the run directory, where it goes with the run."""

HOLDER = ".holder"
"""Beside it: who holds it. Only said: the lock itself is the operating system's."""

WAIT_SECONDS = 60.0
"""A change of a record takes milliseconds; who waits longer waits for a training."""


@contextmanager
def hold_run(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Nobody else changes the run meanwhile; who holds it may take it again in the same thread.

    Args:
        path: the run directory; it is made if it is not there.
        wait_seconds: how long to wait for somebody else; 0 does not wait.

    Raises:
        RunBusyError: somebody else holds it; who is named.
        SaveError: the disk did not take the lock.
        CorruptRecordError: the lock is a link or no file.
    """
    file = path.resolve() / LOCK
    try:
        path.mkdir(parents=True, exist_ok=True)
        if file.is_symlink() or (file.exists() and not file.is_file()):
            raise no_file(file)
        lock = FileLock(file, is_singleton=True)
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise RunBusyError(
            f"{path} is in use by {holder_of(path)}",
            "a run that nobody changes",
            "wait for its end, or stop it",
        ) from None
    except OSError as error:
        raise save_error(path / LOCK, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def train_alone(path: Path) -> Iterator[None]:
    """Hold a run for as long as it is trained, and say so to others; nothing is waited for.

    Raises:
        RunBusyError, SaveError, CorruptRecordError: as `hold_run`.
    """
    with hold_run(path, wait_seconds=0):
        holder = path.resolve() / HOLDER
        with suppress(OSError):  # only said to others
            holder.unlink(missing_ok=True)
            with holder.open("x") as file:
                json.dump({"process": os.getpid(), "host": socket.gethostname()}, file)
        try:
            yield
        finally:
            with suppress(OSError):
                holder.unlink(missing_ok=True)


def is_in_use(path: Path) -> bool:
    """Whether another process trains the run, or changes it at this moment."""
    try:
        with hold_run(path, wait_seconds=0):
            return False
    except RunBusyError:
        return True


def holder_of(path: Path) -> str:
    """Who trains the run, in words."""
    try:
        facts = json.loads(read_regular(path.resolve() / HOLDER, largest=4096))
        return f"process {int(facts['process'])} on {str(facts['host'])[:80]}"
    except (OSError, CorruptRecordError, ValueError, KeyError, TypeError):
        return "another process"
