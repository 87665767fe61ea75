"""Ctrl-C, SIGTERM and SIGHUP become a flag that the loop reads between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from grevy.errors import SourceFaultError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupt:
    """Whether somebody asked to stop.

    The first time the loop stops after its step. The second time it stops at once, but only inside
    `with interrupt.at_once:`, so that the record is never left between two states: before it the
    second time is remembered, and after it the end is being written already.
    """

    def __init__(self) -> None:
        self.requested = False
        self.twice = False
        self.at_once = _AtOnce(self)

    def request(self, number: int, frame: FrameType | None) -> None:
        """A signal has come."""
        self.twice = self.requested
        self.requested = True
        if self.twice and self.at_once.is_entered:
            raise KeyboardInterrupt


class _AtOnce:
    """Where a second signal raises; a plain class, so that leaving it is one assignment."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self.is_entered = False

    def __enter__(self) -> None:
        self.is_entered = True
        if self._interrupt.twice:
            self.is_entered = False
            raise KeyboardInterrupt

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_entered = False


@contextmanager
def watch_interrupt() -> Iterator[Interrupt]:
    """Catch the signals while the block runs; outside the main thread nothing is caught.

    Under `nohup` SIGHUP is ignored, and stays so.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heard = [number for number in SIGNALS if not (is_nohup and number is signal.SIGHUP)]
    before = {number: signal.signal(number, interrupt.request) for number in heard}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ends_shown() -> Iterator[None]:
    """A part or a listener that ends the program would leave a run that nobody trains.

    Raises:
        SourceFaultError: one does.
    """
    try:
        yield
    except SystemExit as stop:
        what = f"a part or a listener that ends the program (sys.exit({stop.code!r}))"
        raise SourceFaultError(what, "one that returns", "take the exit out of it") from stop
