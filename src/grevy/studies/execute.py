"""Train what a plan lacks, tell how far it is, and keep why a run failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from grevy.errors import CorruptRecordError, RunInterruptedError, RunNotFoundError
from grevy.records.atomic import save_error, write_json
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunStatus
from grevy.records.source import with_files
from grevy.records.summed import with_sum
from grevy.studies.executors.task import Executor, Outcome, Task
from grevy.studies.plan import Plan, PlannedRun, refresh


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is.

    Attributes:
        done: runs, the parts of unfinished ones counted by their epochs.
        total: runs.
        finished: whole runs.
        failed: runs.
        seconds_left: None: nothing to judge it by yet.
    """

    done: float
    total: int
    finished: int
    failed: int
    seconds_left: float | None


Tell = Callable[[StudyProgress, Outcome | None], None]


def execute(plan: Plan, executor: Executor, tell: Tell, command: list[str]) -> Plan:
    """Train every run that is missing or unfinished; returns the plan as it is then.

    Args:
        plan: what failed before is left alone; see `forget_failures`.
        executor: where.
        tell: called at each outcome, and about every second with None.
        command: for the records.

    Raises:
        RunInterruptedError: Ctrl-C; all runs are saved and go on with the same command.
    """
    todo = plan.having("missing", "unfinished")
    by_path = {str(run.path.resolve()): run for run in todo}
    tasks = [task_of(plan.study.where, run, command) for run in todo]
    clock = _Clock(plan.runs)
    with closing(executor.run(tasks)) as outcomes:
        try:
            for outcome in outcomes:
                if outcome and outcome.failure:
                    run = by_path[outcome.task.out]
                    facts = {"arm": run.arm, "seed": run.seed, **outcome.failure.to_dict()}
                    write_json(run.error_file, with_sum(facts))
                tell(clock.progress(), outcome)
        except KeyboardInterrupt:
            outcomes.close()
            raise RunInterruptedError(
                f"stopped on request, every run is saved in {plan.folder}",
                "",
                "go on with the same command",
            ) from None
    return refresh(plan)


def task_of(where: str, run: PlannedRun, command: list[str]) -> Task:
    """The message to a worker."""
    return Task(
        where=where,
        recipe=run.recipe.effective(),
        like=run.like.effective() if run.like else None,
        seed=run.seed,
        out=str(run.path.resolve()),
        command=command,
        sources=[asdict(source) for source in with_files(run.sources)],
    )


def forget_failures(plan: Plan) -> Plan:
    """What failed is to be tried again: its error goes, its record stays.

    Raises:
        SaveError: the disk did not take it.
    """
    for run in plan.having("failed"):
        try:
            run.error_file.unlink(missing_ok=True)
        except OSError as error:
            raise save_error(run.error_file, error) from error
        directory = RunDirectory(run.path)
        if directory.record_file.exists():
            directory.change(status=RunStatus.INTERRUPTED)
    return refresh(plan)


class _Clock:
    """Progress over all runs, and the time left if they go on at the pace so far."""

    def __init__(self, runs: Sequence[PlannedRun]) -> None:
        self._runs = runs
        self._began = time.monotonic()
        self._before = sum(map(part_done, runs))

    def progress(self) -> StudyProgress:
        """Now, from the records."""
        parts = [part_done(run) for run in self._runs]
        failed = sum(run.error_file.exists() for run in self._runs)
        done = sum(part for part, run in zip(parts, self._runs, strict=True) if part)
        seconds, gained = time.monotonic() - self._began, done - self._before
        left = len(parts) - failed - done
        return StudyProgress(
            done=done,
            total=len(parts),
            finished=sum(part == 1.0 for part in parts),
            failed=failed,
            seconds_left=max(0.0, left * seconds / gained) if gained > 0 else None,
        )


def part_done(run: PlannedRun) -> float:
    """0 to 1: epochs trained of those that the recipe has at most; 1 only when finished."""
    directory = RunDirectory(run.path)
    try:
        if directory.read().status is RunStatus.FINISHED:
            return 1.0
        checks = directory.read_checks()
    except (RunNotFoundError, CorruptRecordError):  # told where the run goes on
        return 0.0
    return min(0.99, checks[-1]["epoch"] / run.recipe.epochs) if checks else 0.0
