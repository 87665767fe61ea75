"""Processes that take turns: one works while the others wait.

The parent starts a process an arm and writes a word a line to it; the child answers with a line of
JSON. A child trains in whatever loop its library has; `Pace.step`, called after each step, is where
it waits for its turn and where its time is taken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

WARM_UP = 30
"""Steps before the first turn."""
LEAD_IN = 8
"""Steps at the beginning of a turn that are not timed: they use up the batches that worker
processes prepared while others had their turn."""


class Pace:
    """The child's side: counts steps, takes the time, waits between turns."""

    def __init__(self, steps: int, warm_up: int = WARM_UP) -> None:
        self._steps = steps
        self._left = warm_up
        self._timed = False
        self._since = 0.0
        # What a library prints must not come between the answers.
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def ready(self, **facts: Any) -> None:
        """The loop is about to begin; `facts` go into the table."""
        self._facts = facts

    def step(self) -> None:
        """A step is done. Raises SystemExit when the parent wants no more."""
        self._left -= 1
        if self._left:
            return
        if self._timed or self._since == 0:
            self._answer()
            self._wait_for_turn()
            self._timed, self._left = False, LEAD_IN
        else:
            self._timed, self._left = True, self._steps
        _finish_gpu_work()
        self._since = time.perf_counter()

    def _answer(self) -> None:
        _finish_gpu_work()
        seconds = time.perf_counter() - self._since
        answer = {"seconds": seconds} if self._timed else self._facts
        print(json.dumps(answer), file=self._answers, flush=True)

    def _wait_for_turn(self) -> None:
        if sys.stdin.readline().strip() != "go":
            sys.exit(0)


@dataclass
class Arm:
    """The parent's side of one child.

    Attributes:
        name: of the arm.
        facts: what the child said of itself; empty if it failed.
        failure: the last line of its complaint, or None.
    """

    name: str
    process: subprocess.Popen[str]
    complaints: IO[str]
    facts: dict[str, Any]
    failure: str | None = None

    @classmethod
    def start(
        cls, name: str, words: list[str], environment: Mapping[str, str] | None = None
    ) -> Arm:
        """Start `python WORDS` and wait until it is warm; `environment`: None is this process's."""
        complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, *words],
            stdin=pipe,
            stdout=pipe,
            stderr=complaints,
            text=True,
            env=environment,
        )
        arm = cls(name, process, complaints, {})
        arm.facts = arm._read()
        return arm

    def turn(self) -> float | None:
        """Seconds of one turn; None if the child failed."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        seconds: float | None = self._read().get("seconds")
        return seconds

    def stop(self) -> None:
        """No more turns."""
        if self.process.poll() is None:
            self.process.communicate("stop\n")

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.process.wait()
        self.complaints.seek(0)
        said = self.complaints.read().strip().splitlines()
        self.failure = said[-1] if said else f"exit status {self.process.returncode}"
        return {}


def _finish_gpu_work() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.synchronize()
