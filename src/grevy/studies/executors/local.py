"""Runs as processes of this machine, one thread each: two such runs beat one run of two threads.

Small batches leave a second thread little to do; the measurement is in docs/results.md.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from grevy.errors import WorkerDiedError
from grevy.figures.numerals import counted
from grevy.studies.executors.task import RETRIES, Failure, Outcome, Task

TICK_SECONDS = 1.0
STOP_SECONDS = 60.0
"""A worker that is asked to stop has so long to save its run."""

MEMORY_PER_WORKER = 3 * 2**30
"""Bytes; a run on CIFAR-10 takes about half of it."""


@dataclass
class _Worker:
    """A process, and the task that it has."""

    process: subprocess.Popen[str]
    task: Task | None = None


@dataclass
class LocalExecutor:
    """Several worker processes that live until all is done.

    Attributes:
        workers: how many runs at a time.
        threads: of each.
    """

    workers: int
    threads: int = 1
    _kills: dict[str, int] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """For the screen."""
        return f"{self.workers} at a time on this machine, {counted(self.threads, 'thread')} each"

    def run(self, tasks: Sequence[Task]) -> Generator[Outcome | None]:
        """See `Executor.run`."""
        waiting = deque(tasks)
        answers: queue.Queue[tuple[_Worker, str | None]] = queue.Queue()
        staff: list[_Worker] = []
        try:
            while waiting or any(worker.task for worker in staff):
                self._hand_out(waiting, staff, answers)
                yield self._next(waiting, staff, answers)
        finally:
            stop(staff)

    def _hand_out(
        self,
        waiting: deque[Task],
        staff: list[_Worker],
        answers: queue.Queue[tuple[_Worker, str | None]],
    ) -> None:
        """A task for every idle worker, and new workers up to the number."""
        while waiting and len(staff) < min(
            self.workers, len(waiting) + sum(bool(w.task) for w in staff)
        ):
            staff.append(self._employ(len(staff), answers))
        for worker in staff:
            if waiting and worker.task is None and worker.process.poll() is None:
                worker.task = waiting.popleft()
                _send_task(worker)

    def _next(
        self,
        waiting: deque[Task],
        staff: list[_Worker],
        answers: queue.Queue[tuple[_Worker, str | None]],
    ) -> Outcome | None:
        """The next answer within a second, as an outcome; what must be tried again waits."""
        try:
            worker, line = answers.get(timeout=TICK_SECONDS)
        except queue.Empty:
            return None
        task, worker.task = worker.task, None
        if line is None:
            staff.remove(worker)
            how = f"exit status {worker.process.wait()}"
            return self._died(task, how, waiting) if task else None
        assert task is not None
        answer = json.loads(line)
        if answer["ending"] == "busy":
            time.sleep(TICK_SECONDS)
            waiting.append(task)
            return None
        if answer["ending"] == "interrupted":  # somebody asked the worker to stop, not the study
            return self._died(task, "asked to stop", waiting)
        failure = Failure(**answer["failure"]) if answer["failure"] else None
        return Outcome(task, answer["ending"], failure)

    def _died(self, task: Task, how: str, waiting: deque[Task]) -> Outcome | None:
        """A run whose worker was killed goes on in another, up to `RETRIES` times."""
        kills = self._kills[task.out] = self._kills.get(task.out, 0) + 1
        if kills <= RETRIES:
            waiting.appendleft(task)
            return None
        return Outcome(task, "failed", worker_died(kills, how))

    def _employ(self, number: int, answers: queue.Queue[tuple[_Worker, str | None]]) -> _Worker:
        process = subprocess.Popen(
            [sys.executable, "-m", "grevy.studies.executors.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **_environment(number, self.threads)},
            start_new_session=True,  # Ctrl-C comes to the planner, which stops the workers
        )
        worker = _Worker(process)
        threading.Thread(target=_hear, args=(worker, answers), daemon=True).start()
        return worker


def local_executor(tasks: int, workers: int | None = None) -> LocalExecutor:
    """As many workers as there are GPUs, or else cores, tasks, and gibibytes for them.

    Args:
        tasks: how many there are.
        workers: the user's own number.
    """
    import torch

    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEMORY_PER_WORKER
    most = torch.cuda.device_count() or min(cores, memory)
    chosen = max(1, min(workers or most, tasks))
    return LocalExecutor(chosen, max(1, cores // chosen))


def stop(staff: Sequence[_Worker]) -> None:
    """Ask every worker to save and leave; kill who does not."""
    for worker in staff:
        if worker.process.stdin:
            worker.process.stdin.close()  # it hears the end and stops after its step
    end = time.monotonic() + STOP_SECONDS
    for worker in staff:
        try:
            worker.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def worker_died(times: int, how: str) -> Failure:
    """The error of a run that kills its workers, or is killed with them."""
    return Failure.of(
        WorkerDiedError(
            f"the process that trained it died {times} times ({how})",
            "",
            "look for a lack of memory, then go on with --retry-failed",
        )
    )


def _environment(number: int, threads: int) -> dict[str, str]:
    import torch

    gpus = torch.cuda.device_count()
    one_gpu = {"CUDA_VISIBLE_DEVICES": str(number % gpus)} if gpus else {}
    return {"OMP_NUM_THREADS": str(threads), **one_gpu}


def _send_task(worker: _Worker) -> None:
    assert worker.task is not None
    assert worker.process.stdin is not None
    try:
        worker.process.stdin.write(json.dumps(vars(worker.task)) + "\n")
        worker.process.stdin.flush()
    except BrokenPipeError:
        pass  # it has just died: `_hear` says so, and its task is given to another


def _hear(worker: _Worker, answers: queue.Queue[tuple[_Worker, str | None]]) -> None:
    assert worker.process.stdout is not None
    for line in worker.process.stdout:
        answers.put((worker, line))
    answers.put((worker, None))
