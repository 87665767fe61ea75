"""A part timer that keeps the seconds of each part, and has a few steps traced."""

from __future__ import annotations

import time
from collections import Counter

import torch

from grevy.classifier.device import wait_for
from grevy.training.profile.part_timer import PARTS, PartTimer
from grevy.training.profile.trace import StepTrace


class ProfilingTimer(PartTimer):
    """Every moment of the loop belongs to the part that began last, except in traced steps.

    At each border it waits until the device has done what it was given, since a GPU works on after
    the call that asked it to. That costs a little, which is why only this timer does it, and not in
    traced steps, where it would make the very gaps that one looks for.

    Attributes:
        seconds: by part.
        entries: how often a part began, by part.
    """

    def __init__(self, device: torch.device, trace: StepTrace) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.entries = Counter[str]()
        self.trace = trace
        self._device = device
        self._part: str | None = None
        self._since = 0.0

    def begins(self, part: str) -> None:
        """The part before ends, this one begins; in a traced step only the trace hears of it."""
        self._close()
        self.trace.begins(part)
        if not self.trace.active:
            wait_for(self._device)  # for what traced steps left
            self._part = part
        self._since = time.perf_counter()

    def ends(self) -> None:
        """The last part ends."""
        self._close()
        self.trace.ends()

    def _close(self) -> None:
        if self._part is not None:
            wait_for(self._device)
            self.seconds[self._part] += time.perf_counter() - self._since
            self.entries[self._part] += 1
            self._part = None
