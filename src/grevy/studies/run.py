"""A whole study in one call: plan, train what is missing, compare."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grevy.errors import RunsFailedError, StudyFileError
from grevy.figures.numerals import counted
from grevy.models.own.find import Model
from grevy.models.own.using import read_own
from grevy.recipes.registered import registered
from grevy.records.run_name import slug
from grevy.studies.compare import Comparison, compare
from grevy.studies.execute import execute, forget_failures
from grevy.studies.executors.task import Executor
from grevy.studies.listener import StudyListener
from grevy.studies.plan import Plan, plan, save_study
from grevy.studies.report import write_report
from grevy.studies.study import BASE, Study, ask

STUDIES = Path("studies")


def study(
    question: str | Path | Mapping[str, Any] | Study,
    out: str | Path | None = None,
    *,
    data: str | None = None,
    base: str | Mapping[str, Any] = BASE,
    vary: Sequence[str] = (),
    drop: Sequence[str] = (),
    recipes: Sequence[str] = (),
    seeds: int | None = None,
    on: str = "local",
    workers: int | None = None,
    model: Model | None = None,
    plugin: str | Path | None = None,
    retry_failed: bool = False,
    command: Sequence[str] = ("grevy.study",),
    listener: StudyListener | None = None,
) -> Comparison:
    """Train the arms of a study where they are missing, and compare them.

    Args:
        question: a YAML file, a mapping with the same fields (see `load_study`), a `Study`; or
            image data, with what is to be varied in the arguments that follow.
        out: the study's folder; called again, it goes on there. The report is in `out/report`.
            None: under `studies/`, called after the file or the image data.
        data: see `ask`, as the next five.
        base: the baseline's recipe.
        vary: arms such as `norm=batch`.
        drop: fields of the baseline that an arm has at their defaults.
        recipes: arms that are whole recipes.
        seeds: how many.
        on: "local", "ray" or "ray://HOST:PORT".
        workers: runs at a time on this machine; None: one a core, as far as memory lasts.
        model: the network of the baseline and of every arm that does not say another one: a class
            or function of yours, or its name as `mynet.py:Net`. Workers get its source.
        plugin: a Python file that every worker runs first, for what it registers.
        retry_failed: what failed before is tried once more.
        command: for the records.
        listener: hears how it goes on; None: nobody.

    Returns:
        The comparison; runs that failed are in its `failed`.

    Raises:
        RunsFailedError: so many runs failed that there is nothing to compare.
        GrevyError: one of its kinds; the message says what to do.
    """
    listener = listener or StudyListener()
    brought = read_own(plugin=plugin).registered  # arms may be of it
    with registered(brought):
        asked = ask(
            question, data=data, base=base, vary=vary, drop=drop, recipes=recipes, seeds=seeds
        )
        folder = Path(out) if out is not None else default_folder(question)
        planned = plan(asked, folder, model=model, plugin=plugin)
        if retry_failed:
            planned = forget_failures(planned)
        listener.planned(planned)
        todo = planned.having("missing", "unfinished")
        executor = choose_executor(on, len(todo), workers)
        save_study(planned.study, folder, planned.sources)
        if todo:
            listener.training(executor.description)
            planned = execute(planned, executor, listener.advanced, list(command))
            listener.planned(planned)
        if not comparable(planned):
            raise runs_failed(planned)
        comparison = compare([folder], margin=asked.margin)
        notes: list[str] = []
        figures = write_report(comparison, folder / "report", notes.append)
        listener.compared(comparison)  # whoever stops at what it shows, all is written
        for note in notes:
            listener.said(note)
        listener.reported(figures)
        return comparison


def default_folder(question: str | Path | Mapping[str, Any] | Study) -> Path:
    """`studies/` and the name of the file or of the image data.

    Raises:
        StudyFileError: a question that has no name.
    """
    if not isinstance(question, str | Path):
        raise StudyFileError("a study without a folder", "one", "name it: out='studies/mine'")
    return STUDIES / slug(Path(os.path.abspath(question)).stem, "study")


def comparable(planned: Plan) -> bool:
    """Whether the baseline and another arm have a finished run."""
    arms = {run.arm for run in planned.having("finished")}
    return planned.study.baseline.name in arms and len(arms) > 1


def runs_failed(planned: Plan) -> RunsFailedError:
    """How many runs of which arms, and why the first of them."""
    failed = planned.having("failed")
    arms = ", ".join(dict.fromkeys(run.arm for run in failed))
    first = (failed[0].error if failed else None) or {}
    why = f", the first because: {first['received']}" if first.get("received") else ""
    return RunsFailedError(
        f"{len(failed)} of {counted(len(planned.runs), 'run')} failed ({arms}) and are not in the"
        f" comparison{why}",
        "",
        f"{first.get('mend') or 'mend the arm'}; then try again with --retry-failed",
    )


def choose_executor(on: str, tasks: int, workers: int | None = None) -> Executor:
    """Where to train.

    Raises:
        StudyFileError: a place that is not known, or workers where a cluster decides.
    """
    if on == "local":
        from grevy.studies.executors.local import local_executor

        return local_executor(tasks, workers)
    if on == "ray" or on.startswith("ray://"):
        if workers is not None:
            raise StudyFileError(
                f"{workers} workers on a Ray cluster",
                "as many as the cluster has room for",
                "leave the workers out",
            )
        from grevy.studies.executors.cluster import RayExecutor

        return RayExecutor(on)
    raise StudyFileError(
        f"'{on}' as a place to train", "local, ray or ray://HOST:PORT", "correct it"
    )
