"""One training as a message: what a worker is told and what it answers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from grevy.errors import GrevyError, RunBusyError, RunInterruptedError
from grevy.records.source import Source

Ending = Literal["finished", "failed", "busy", "interrupted"]

RETRIES = 2
"""A run whose worker was killed is begun again so often."""


@dataclass(frozen=True)
class Task:
    """What a worker must know; plain values, so that it can travel as JSON."""

    where: str
    recipe: dict[str, Any]
    like: dict[str, Any] | None
    seed: int
    out: str
    command: list[str]
    sources: list[dict[str, Any]] = field(default_factory=list)
    """Of the user's own networks, with their texts: what is trained is what was planned."""


@dataclass(frozen=True)
class Failure:
    """Why a run failed, in the three parts of an error."""

    type: str
    received: str
    expected: str
    mend: str

    def to_dict(self) -> dict[str, str]:
        """For the error file; the names are those that a run's record has too."""
        return asdict(self)

    @classmethod
    def of(cls, error: GrevyError) -> Failure:
        """From an error of ours."""
        return cls(type(error).__name__, error.received, error.expected, error.mend)


@dataclass(frozen=True)
class Outcome:
    """How a task ended. busy: another process trains this run."""

    task: Task
    ending: Ending
    failure: Failure | None = None


class Executor(Protocol):
    """Trains tasks in some order, several at a time."""

    @property
    def description(self) -> str:
        """Where and how many at a time, for the screen."""

    def run(self, tasks: Sequence[Task]) -> Generator[Outcome | None]:
        """Each task's outcome as it comes, and None at least every second, for progress.

        Closing the iterator stops the workers so that every run can go on later.
        """


def train_task(task: Task) -> tuple[Ending, Failure | None]:
    """Train or go on, unless somebody else does so just now.

    The lock is the operating system's: it is gone with the process that held it.
    """
    from grevy.records.lock import hold_run

    try:
        with hold_run(Path(task.out), wait_seconds=0):
            _train(task)
    except RunBusyError:
        return "busy", None
    except RunInterruptedError:
        return "interrupted", None
    except GrevyError as error:
        return "failed", Failure.of(error)
    except Exception as error:  # a defect, ours or a plugin's: shown as this run's failure
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return "failed", Failure(type(error).__name__, what, "", "see the run's record")
    return "finished", None


def _train(task: Task) -> None:
    from grevy.models.own.using import using_sources
    from grevy.recipes.load import load_recipe
    from grevy.training.listeners.listener import Listener
    from grevy.training.train import train

    with using_sources(tuple(Source(**source) for source in task.sources)):
        train(
            task.where,
            load_recipe(task.recipe),
            seed=task.seed,
            out=Path(task.out),
            resume=True,
            listener=Listener(),
            command=task.command,
            like=load_recipe(task.like) if task.like else None,
        )
