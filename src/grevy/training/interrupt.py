"""Ctrl-C, SIGTERM and SIGHUP become a flag that the loop reads between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupt:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.requested = False
        self._at_once = False

    def request(self, number: int, frame: FrameType | None) -> None:
        """First time: stop after this step. Second time: at once. Then it is stopping already."""
        if self._at_once:
            return
        if self.requested:
            self._at_once = True
            raise KeyboardInterrupt
        self.requested = True


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
