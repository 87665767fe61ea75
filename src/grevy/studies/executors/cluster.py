"""Runs as tasks of a Ray cluster (the extra `grevy[cluster]`).

The study's folder and the pictures must lie where every node finds them under the same path.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from grevy.errors import MissingPackageError
from grevy.studies.executors.local import TICK_SECONDS, worker_died
from grevy.studies.executors.task import RETRIES, Ending, Failure, Outcome, Task, train_task


@dataclass(frozen=True)
class RayExecutor:
    """One core a run, on all nodes.

    Attributes:
        address: `ray` joins the cluster of RAY_ADDRESS or begins one on this machine;
            `ray://host:port` joins another.
    """

    address: str

    @property
    def description(self) -> str:
        """For the screen."""
        return f"on the Ray cluster {self.address}, one core each"

    def run(self, tasks: Sequence[Task]) -> Generator[Outcome | None]:
        """See `Executor.run`."""
        ray = connect(self.address)
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_train_in_cluster)
        running = {remote.remote(task): task for task in tasks}
        try:
            while running:
                done, _ = ray.wait(list(running), timeout=TICK_SECONDS)
                for reference in done:
                    yield _outcome(ray, reference, running.pop(reference))
                if not done:
                    yield None
        finally:
            for reference in running:
                ray.cancel(reference)
            ray.wait(list(running), num_returns=len(running), timeout=60) if running else None
            ray.shutdown()


def connect(address: str) -> Any:
    """Ray, joined to a cluster.

    Raises:
        MissingPackageError: Ray is not installed.
    """
    try:
        import ray
    except ImportError:
        raise MissingPackageError(
            "--on ray without the package ray", "it", "pip install 'grevy[cluster]'"
        ) from None
    # Without an address Ray takes that of RAY_ADDRESS, or begins a cluster on this machine.
    joined = address if address.startswith("ray://") else None
    ray.init(joined, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def _train_in_cluster(task: Task) -> tuple[Ending, Failure | None]:
    import time

    ending, failure = train_task(task)
    while ending == "busy":  # the process that was retried may not be quite dead yet
        time.sleep(TICK_SECONDS)
        ending, failure = train_task(task)
    return ending, failure


def _outcome(ray: Any, reference: Any, task: Task) -> Outcome:
    try:
        return Outcome(task, *ray.get(reference))
    except ray.exceptions.RayError as error:
        first = str(error).strip().splitlines()[0]
        return Outcome(task, "failed", worker_died(RETRIES + 1, first))
