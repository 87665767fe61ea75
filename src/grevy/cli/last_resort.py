"""What is said where nothing else was foreseen: one line for any exception, and for a stop."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from grevy.errors import GrevyError, JobError, OutOfMemoryError, UnexpectedError

HOUSE = Path(__file__).parents[1]

INTERRUPTED = 130
"""What a shell shows for a program that Ctrl-C ended."""

STOPPED = "what it wrote is whole, and nothing else was changed; the same command begins again"
GOES_ON = {
    "train": "a run that had begun is kept as far as it was saved; grevy train --resume goes on",
    "study": "every run is kept as far as it was saved; the same command goes on",
    "reproduce": "every run is kept as far as it was saved; the same command goes on",
}
"""By command: what stays, and how to go on."""

_OTHERS_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def as_ours(error: Exception) -> GrevyError:
    """Any exception as one line: what happened, and what to do about it."""
    if isinstance(error, GrevyError):
        return error
    if is_out_of_memory(error):
        return OutOfMemoryError(
            "the memory is full" if isinstance(error, MemoryError) else _first_line(error),
            "",
            "take smaller batches or pictures (--batch-size, --pictures.size), or end other"
            " programs; what was saved before is still there",
        )
    if isinstance(error, RecursionError):
        what = "something that is nested too deeply to be followed"
        return JobError(what, "", f"make it flatter; else {_report()}")
    if isinstance(error, OSError) and error.filename is not None:
        from grevy.records.atomic import MENDS

        what = f"{os.fsdecode(error.filename)}: {error.strerror or type(error).__name__}"
        mend = MENDS.get(error.errno or 0, "look at that place")
        return JobError(what, "", f"{mend}; --debug shows where it happened")
    return UnexpectedError(
        f"an error that Grevy did not foresee ({_first_line(error)}, {_place(error)})",
        "",
        _report(),
    )


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory lacks: Python's, or an accelerator's, whose error is PyTorch's own."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def stopped(command: str) -> str:
    """The truth about a command that was stopped before its end."""
    return f"stopped on request before its end: {GOES_ON.get(command, STOPPED)}"


@contextmanager
def stops_heard() -> Iterator[None]:
    """SIGTERM and SIGHUP end a command like Ctrl-C does: with a line that says what is kept.

    A signal that the process ignores, as under `nohup`, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    process = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != process:  # a child that was forked: as if nobody had listened
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        raise KeyboardInterrupt

    heard = [n for n in _OTHERS_SIGNALS if signal.getsignal(n) is signal.SIG_DFL]
    for number in heard:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def last_words() -> Iterator[None]:
    """No further Ctrl-C takes away the line that says how it ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _first_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _place(error: Exception) -> str:
    """The last line of Grevy's own that was running."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(HOUSE)]
    if not ours:
        return "outside it"
    return f"{Path(ours[-1].filename).relative_to(HOUSE)}, line {ours[-1].lineno}"


def _report() -> str:
    return f"--debug shows the trace: report it with that {_tracker()}"


def _tracker() -> str:
    """Where to, as the installed package says."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        entries = metadata("grevy").get_all("Project-URL") or []
    except PackageNotFoundError:
        entries = []
    addresses = dict(entry.split(", ", 1) for entry in entries if ", " in entry)
    found = addresses.get("Issues")
    return f"at {found}" if found else "as an issue, where you have Grevy from"
