"""Where the time of the loop goes: the loop says which phase begins, and somebody may listen."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile, record_function, schedule

from grevy.classifier.device import wait_for
from grevy.records.atomic import write_bytes

PHASES = ("data", "selection", "forward", "backward", "optimizer", "evaluation", "records")
"""In the order of a table. A step begins with `data`, and its row is written before `backward`;
`selection` is there only where a proxy selects pictures."""

LATEST_FIRST = 10
"""The steps before this one are not traced: the first ones prepare kernels and memory."""
WARM_UP = 1
"""Steps in which torch.profiler runs already but keeps nothing."""
STEPS = 3
"""Steps that are kept."""


class LoopTimer:
    """Hears which phase of the loop begins; this one does nothing, so that it costs nothing."""

    def begins(self, phase: str) -> None:
        """`phase`, one of `PHASES`, begins here, and the one before ends."""

    def ends(self) -> None:
        """The loop is over."""


class ProfilingTimer(LoopTimer):
    """Every moment of the loop belongs to the phase that began last, except in traced steps.

    At each border it waits until the device has done what it was given, since a GPU works on after
    the call that asked it to. That costs a little, which is why only this timer does it, and not in
    traced steps, where it would make the very gaps that one looks for.

    Attributes:
        seconds: by phase.
        entries: how often a phase began, by phase.
    """

    def __init__(self, device: torch.device, trace: StepTrace) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self.entries = Counter[str]()
        self.trace = trace
        self._device = device
        self._phase: str | None = None
        self._since = 0.0

    def begins(self, phase: str) -> None:
        """The phase before ends, this one begins; in a traced step only the trace hears of it."""
        self._close()
        self.trace.begins(phase)
        if not self.trace.active:
            wait_for(self._device)  # for what traced steps left
            self._phase = phase
        self._since = time.perf_counter()

    def ends(self) -> None:
        """The last phase ends."""
        self._close()
        self.trace.ends()

    def _close(self) -> None:
        if self._phase is not None:
            wait_for(self._device)
            self.seconds[self._phase] += time.perf_counter() - self._since
            self.entries[self._phase] += 1
            self._phase = None


class StepTrace:
    """Traces some steps in the first half of a training, each phase as a range of its own.

    Attributes:
        steps: first and last step in the file, counted from 1 in this process; None: there is no
            file, since the training is too short or not that far.
    """

    def __init__(self, path: Path, device: torch.device, total_steps: int) -> None:
        self.path = path
        self.steps: tuple[int, int] | None = None
        self._first = max(1, min(LATEST_FIRST, total_steps // 2))
        self._wanted = total_steps > self._first + WARM_UP
        self._step = -1
        self._range: record_function | None = None
        kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] * (device.type == "cuda"))]
        plan = schedule(wait=0, warmup=WARM_UP, active=STEPS, repeat=1)
        self._profile = profile(activities=kinds, schedule=plan, on_trace_ready=self._write)

    @property
    def active(self) -> bool:
        """Whether torch.profiler runs, which makes steps slower."""
        return 0 <= self._step - self._first < WARM_UP + STEPS and self._wanted

    @property
    def steps_begun(self) -> int:
        """Of this process, also those that are not traced."""
        return self._step + 1

    def begins(self, phase: str) -> None:
        """`phase` begins; with `PHASES[0]` a step does."""
        self._close_range()
        if phase == PHASES[0]:
            self._next_step()
        if self.active:
            self._range = record_function(phase)
            self._range.__enter__()  # type: ignore[no-untyped-call]

    def ends(self) -> None:
        """The loop is over: what was traced until here is written."""
        self._close_range()
        if self.active:
            self._profile.stop()

    def _next_step(self) -> None:
        was_active = self.active
        self._step += 1
        if self.active and not was_active:
            self._profile.start()
        elif was_active:
            self._profile.step()
        if was_active and not self.active:
            self._profile.stop()

    def _close_range(self) -> None:
        if self._range is not None:
            self._range.__exit__(None, None, None)
            self._range = None

    def _write(self, done: profile) -> None:
        with tempfile.TemporaryDirectory(prefix="grevy-") as folder:
            file = Path(folder) / self.path.name
            done.export_chrome_trace(str(file))
            write_bytes(self.path, file.read_bytes())
        kept = self._first + WARM_UP
        self.steps = (kept + 1, min(kept + STEPS, self._step + 1))
