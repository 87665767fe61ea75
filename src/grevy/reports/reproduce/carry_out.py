"""Training what is missing: a study where there are several arms, else one run after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from grevy.errors import RunsFailedError
from grevy.reports.reproduce.experiments import Experiment, Found, find
from grevy.studies.listener import StudyListener
from grevy.studies.run import study
from grevy.studies.study import MARGIN, Arm, Study
from grevy.training.listeners.listener import Listener
from grevy.training.train import train

Listeners: TypeAlias = Callable[[], tuple[Listener, StudyListener]]


def carry_out(
    experiment: Experiment,
    where: str,
    out: Path,
    fingerprint: str,
    command: Sequence[str],
    listeners: Listeners,
) -> None:
    """Train what is not finished; what was begun goes on.

    Args:
        experiment: what is wanted.
        where: the image data.
        out: the folder of all experiments.
        fingerprint: of the image data.
        command: for the records.
        listeners: makes those that hear of a training and of a study.

    Raises:
        GrevyError: the training could not be done.
    """
    found = find(experiment, out, fingerprint)
    if all(run.finished for run in found):
        return
    of_run, of_study = listeners()
    if len(experiment.arms) == 1:
        for run in found:
            if not run.finished:
                _train(experiment, run, where, out, command, of_run)
        return
    arms = tuple(Arm(name, recipe) for name, recipe in experiment.arms.items())
    asked = Study(where, arms, experiment.seeds, MARGIN)
    try:
        study(asked, out / "networks", command=command, listener=of_study)
    except RunsFailedError as error:  # the report says which, and goes on with the others
        of_study.said(str(error))


def _train(
    experiment: Experiment,
    run: Found,
    where: str,
    out: Path,
    command: Sequence[str],
    listener: Listener,
) -> None:
    """A new run, or one that was begun."""
    folder = out / experiment.name / "runs" if experiment.name == "networks" else out / "runs"
    path = run.path or folder / f"{run.arm}-seed{run.seed}"
    begun = run.path is not None
    train(
        None if begun else where,
        None if begun else experiment.arms[run.arm],
        seed=None if begun else run.seed,
        out=path,
        resume=begun,
        command=list(command),
        listener=listener,
    )
