"""One lock a run, held by who changes it; the operating system's, so it ends with its process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from grevy.errors import RunBusyError
from grevy.records.atomic import save_error

LOCK = ".lock"
"""In the run directory, where it goes with the run."""

WAIT_SECONDS = 60.0
"""A change of a record takes milliseconds; who waits longer waits for a training."""


@contextmanager
def hold_run(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Nobody else changes the run meanwhile; who holds it may take it again in the same thread.

    Args:
        path: the run directory; it is made if it is not there.
        wait_seconds: how long to wait for somebody else; 0 does not wait.

    Raises:
        RunBusyError: somebody else holds it.
        SaveError: the disk did not take the lock.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.resolve() / LOCK, is_singleton=True)
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise RunBusyError(
            f"{path} is in use by another process", "a run that nobody changes", "wait for its end"
        ) from None
    except OSError as error:
        raise save_error(path / LOCK, error) from error
    try:
        yield
    finally:
        lock.release()
