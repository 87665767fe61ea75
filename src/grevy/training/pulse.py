"""Several processes that train together say that they are alive, so that a missing one has a name.

Each counts up a number of its own in the store that torchrun gives to all. Who waits for another
looks whether that one still counts: slow is waited for, silent is told of, and gone is an error.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from grevy.errors import ProcessMissingError
from grevy.figures.numerals import counted
from grevy.printing import on_stderr

BEAT_SECONDS = 1.0
SILENT_SECONDS = 15.0
"""After so long without a beat a process is told of."""

GONE_SECONDS = 60.0
"""After so long nobody waits for it before the next piece of work."""

SETTLE_SECONDS = 5.0
"""So long is looked who still counts, where a connection broke."""


class Store(Protocol):
    """What all processes share: torch.distributed's."""

    def set(self, key: str, value: str, /) -> None:
        """Write."""

    def get(self, key: str, /) -> bytes:
        """Read; waits for a key that is not there."""

    def add(self, key: str, amount: int, /) -> int:
        """Count up, and the count."""

    def check(self, keys: list[str], /) -> bool:
        """Whether they are there."""


class Pulse:
    """This process's beat and what it hears of the others'."""

    def __init__(self, store: Store, rank: int, size: int) -> None:
        self._store = store
        self._rank = rank
        self._others = [other for other in range(size) if other != rank]
        self._size = size
        now = time.monotonic()
        self._counts = dict.fromkeys(self._others, 0)
        self._heard = dict.fromkeys(self._others, now)
        self._names: dict[int, str] = {}
        self._told: set[int] = set()
        self._meetings = 0
        self._over = threading.Event()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat and listen while the block runs; then say how it ended."""
        self._store.set(f"grevy/name/{self._rank}", f"{os.getpid()} on {socket.gethostname()}")
        thread = threading.Thread(target=self._beat, daemon=True, name="grevy-pulse")
        thread.start()
        ending = ""
        try:
            yield
        except BaseException as error:
            ending = " ".join(str(error).split()) or type(error).__name__
            raise
        finally:
            self._over.set()
            thread.join(BEAT_SECONDS)
            with suppress(RuntimeError):  # whoever held the store may be gone
                self._store.set(f"grevy/ended/{self._rank}", ending)

    def meet(self) -> None:
        """Wait until all processes are here, however long those take that are alive.

        Raises:
            ProcessMissingError: one has ended, or has been silent for too long.
        """
        self._meetings += 1
        key = f"grevy/meeting/{self._meetings}"
        self._store.add(key, 1)
        while self._store.add(key, 0) < self._size:
            if missing := [r for r in self._others if self._has_ended(r) or self._is_gone(r)]:
                raise self._error(missing)
            time.sleep(0.05)

    def broken(self) -> ProcessMissingError:
        """Who is missing, after a connection broke or was waited for in vain."""
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end:
            if ended := [rank for rank in self._others if self._has_ended(rank)]:
                return self._error(ended)
            time.sleep(0.1)
        last = end - SETTLE_SECONDS + 2 * BEAT_SECONDS
        return self._error([rank for rank in self._others if self._heard[rank] < last])

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                self._store.add(f"grevy/beat/{self._rank}", 1)
                for rank in self._others:
                    self._hear(rank, self._store.add(f"grevy/beat/{rank}", 0))
            except RuntimeError:  # the store is gone, with the process that had it
                return

    def _hear(self, rank: int, count: int) -> None:
        now = time.monotonic()
        if count != self._counts[rank]:
            self._counts[rank], self._heard[rank] = count, now
            if rank in self._told:
                self._told.remove(rank)
                on_stderr(f"grevy: {self._name(rank)} is heard of again")
        silent = now - self._heard[rank]
        if silent > SILENT_SECONDS and rank not in self._told and not self._has_ended(rank):
            self._told.add(rank)
            on_stderr(f"grevy: {self._name(rank)} has not been heard of for {silent:.0f} s")

    def _is_gone(self, rank: int) -> bool:
        return time.monotonic() - self._heard[rank] > GONE_SECONDS

    def _has_ended(self, rank: int) -> bool:
        try:
            return self._store.check([f"grevy/ended/{rank}"])
        except RuntimeError:
            return False

    def _name(self, rank: int) -> str:
        """Its number, and the system's number and the host, where it has said so."""
        with suppress(RuntimeError):
            if rank not in self._names and self._store.check([f"grevy/name/{rank}"]):
                self._names[rank] = self._store.get(f"grevy/name/{rank}").decode()
        known = f" ({self._names[rank]})" if rank in self._names else ""
        return f"process {rank}{known} of {self._size}"

    def _error(self, ranks: list[int]) -> ProcessMissingError:
        told = ", ".join(map(self._how, ranks))
        what = told or f"one of {counted(self._size, 'process', 'processes')} can't be reached"
        return ProcessMissingError(
            what,
            "all processes to train together",
            "look why it ended or stands still, then begin all again; --resume goes on with the"
            " last checkpoint",
        )

    def _how(self, rank: int) -> str:
        with suppress(RuntimeError):
            if self._has_ended(rank):
                why = self._store.get(f"grevy/ended/{rank}").decode(errors="replace")
                return f"{self._name(rank)} ended" + (f" ({why})" if why else "")
        return f"{self._name(rank)} is missing"
