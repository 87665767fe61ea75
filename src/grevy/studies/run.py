"""A whole study in one call: plan, train what is missing, compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grevy.errors import StudyFileError
from grevy.studies.compare import Comparison, compare
from grevy.studies.execute import Tell, execute
from grevy.studies.executors.task import Executor
from grevy.studies.plan import plan, save_study
from grevy.studies.report import write_report
from grevy.studies.study import Study, load_study


def study(
    question: str | Path | Mapping[str, Any] | Study,
    out: str | Path,
    *,
    on: str = "local",
    workers: int | None = None,
    plugin: str | Path | None = None,
    tell: Tell = lambda progress, outcome: None,
) -> Comparison:
    """Train the arms of a study where they are missing, and compare them.

    Args:
        question: a YAML file, a mapping with the same fields (see `load_study`), or a `Study`.
        out: the study's folder; called again, it goes on there. The report is in `out/report`.
        on: "local", "ray" or "ray://HOST:PORT".
        workers: runs at a time on this machine; None: one a core, as far as memory lasts.
        plugin: a Python file that every worker runs first: networks that are registered only in
            the calling script are not known there.
        tell: called with the progress at each outcome, and about every second.

    Returns:
        The comparison; runs that failed are in its `field.failed`.

    Raises:
        GrevyError: one of its kinds; the message says what to do.
    """
    asked = question if isinstance(question, Study) else load_study(question)
    folder = Path(out)
    planned = plan(asked, folder)
    executor = choose_executor(on, len(planned.having("missing", "unfinished")), workers)
    save_study(asked, folder)
    execute(planned, executor, tell, ["grevy.study"], Path(plugin) if plugin else None)
    comparison = compare([str(folder)], margin=asked.margin)
    write_report(comparison, folder / "report", lambda text: None)
    return comparison


def choose_executor(on: str, tasks: int, workers: int | None = None) -> Executor:
    """Where to train.

    Raises:
        StudyFileError: a place that is not known.
    """
    if on == "local":
        from grevy.studies.executors.local import local_executor

        return local_executor(tasks, workers)
    if on == "ray" or on.startswith("ray://"):
        from grevy.studies.executors.cluster import RayExecutor

        return RayExecutor(on)
    raise StudyFileError(
        f"'{on}' as a place to train", "local, ray or ray://HOST:PORT", "correct it"
    )
