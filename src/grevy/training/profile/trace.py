"""A few steps of the loop as torch.profiler sees them, in a file that trace viewers open."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile, record_function, schedule

from grevy.records.atomic import write_bytes
from grevy.training.profile.part_timer import PARTS

LATEST_FIRST = 10
"""The steps before this one are not traced: the first ones prepare kernels and memory."""
WARM_UP = 1
"""Steps in which torch.profiler runs already but keeps nothing."""
STEPS = 3
"""Steps that are kept."""


class StepTrace:
    """Traces some steps in the first half of a training, each part as a range of its own.

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

    def begins(self, part: str) -> None:
        """`part` begins; with `PARTS[0]` a step does."""
        self._close_range()
        if part == PARTS[0]:
            self._next_step()
        if self.active:
            self._range = record_function(part)
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
