"""`grevy.reproduce`: the whole source assignment in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from grevy.classifier.run import open_run
from grevy.documents.blocks import Block, Document, Heading, Items, Paragraph
from grevy.errors import JobError, RunInterruptedError
from grevy.reports.comparison_report import runs_table
from grevy.reports.report import Report
from grevy.reports.reproduce.assignment import OUT, SEEDS, TASKS, Assignment, prepare
from grevy.reports.reproduce.by_hand import by_hand
from grevy.reports.reproduce.carry_out import Listeners, carry_out
from grevy.reports.reproduce.experiments import Experiment
from grevy.reports.reproduce.listener import ReproduceListener
from grevy.reports.reproduce.networks import Runs, base_network, variants
from grevy.reports.reproduce.transferred import transferred
from grevy.reports.reproduce.verdict import figures_of
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.open import names_of
from grevy.reports.sources.run_source import RunSource
from grevy.studies.compare import compare

QUICK = (
    "The quick form: a tenth of CIFAR-10. Its figures show that all works, and nothing about"
    " the source's."
)


def reproduce(
    where: str | Path = "cifar10",
    *,
    tasks: Sequence[int] = TASKS,
    seeds: int = SEEDS,
    quick: bool = False,
    picture: str | Path | None = None,
    out: str | Path = OUT,
    train: bool = True,
    command: Sequence[str] = ("grevy.reproduce",),
    listener: ReproduceListener | None = None,
) -> Report:
    """Do the source assignment: work it by hand, train, compare, transfer, and write the report.

    What is finished in `out` is not trained again, and what was begun goes on.

    Args:
        where: CIFAR-10: its name, or where it lies.
        tasks: of 1 (by hand), 2 (the network), 3 (variants), 4 (transfer).
        seeds: of the assignment's networks and of single changes of them.
        quick: all of it on a tenth of the data, with one seed.
        picture: what the filters look at; None: a validation picture.
        out: folder of all runs.
        train: whether to train; else the report is on what is there.
        command: for the records.
        listener: hears how it goes on; None: nobody.

    Returns:
        The report, which says what is missing.

    Raises:
        InputError: other image data than CIFAR-10, or tasks that there are not.
        RunInterruptedError: somebody asked to stop; the same call goes on.
        GrevyError: as they say.
    """
    listener = listener or ReproduceListener()
    asked = prepare(where, tasks=tasks, seeds=seeds, quick=quick, picture=picture, out=out)
    listener.planned(asked)
    if train:
        for experiment in asked.experiments:
            listener.begins(experiment)
            _carry_out(asked, experiment, command, listener)
    return Report(_document(asked, listener))


def _carry_out(
    asked: Assignment, experiment: Experiment, command: Sequence[str], listener: ReproduceListener
) -> None:
    """A training that fails is told, here and in the report; the others go on."""
    listeners: Listeners = listener.listeners
    try:
        carry_out(experiment, asked.where, asked.out, asked.data.fingerprint, command, listeners)
    except RunInterruptedError:
        raise
    except JobError as error:
        listener.said(f"{experiment.name}: {error}")


def _document(asked: Assignment, listener: ReproduceListener) -> Document:
    runs = finished_runs(asked)
    comparison = _comparison(runs)
    blocks = tuple(_blocks(asked, runs, comparison, listener))
    sources = [source for of_arm in runs.values() for source in of_arm]
    compared = (
        [replace(comparison.origin(), files=())] if comparison else []
    )  # as those of its runs
    origins = [*compared, *(source.origin() for source in sources)]
    title = "The assignment, reproduced" + (" (quick form)" if asked.quick else "")
    return Document(title, blocks, tuple(origins), QUICK if asked.quick else "")


def finished_runs(asked: Assignment) -> Runs:
    """By arm, in the order of their seeds."""
    paths: dict[str, list[Path]] = {}
    for _, found in asked.found:
        for run in found:
            if run.finished and run.path is not None and run.path not in paths.get(run.arm, ()):
                paths.setdefault(run.arm, []).append(run.path)
    every = [str(path) for of_arm in paths.values() for path in of_arm]
    names = names_of(every)
    return {
        arm: tuple(RunSource(names[str(path)], str(path), open_run(path)) for path in of_arm)
        for arm, of_arm in paths.items()
    }


def _comparison(runs: Runs) -> ComparisonSource | None:
    """All arms but the transfer, which is another question; None with fewer than two."""
    arms = {arm: of_arm for arm, of_arm in runs.items() if arm != "transfer"}
    if len(arms) < 2 or "baseline" not in arms:
        return None
    places = tuple(f"{arm}={run.place}" for arm, of_arm in arms.items() for run in of_arm)
    return ComparisonSource("comparison", places, compare(places, baseline="baseline"))


def _blocks(
    asked: Assignment,
    runs: Runs,
    comparison: ComparisonSource | None,
    listener: ReproduceListener,
) -> Iterator[Block]:
    yield from _first(asked, runs, comparison)
    if 1 in asked.tasks:
        listener.writes("task 1", 0, 4)
        yield Heading("Task 1: by hand")
        yield from by_hand(asked.shown)
    if 2 in asked.tasks:
        listener.writes("task 2", 1, 4)
        yield Heading("Task 2: the five-layer network")
        yield from base_network(runs, comparison, asked.where, quick=asked.quick)
    if 3 in asked.tasks:
        listener.writes("task 3", 2, 4)
        yield Heading("Task 3: what helps?")
        yield from variants(runs, comparison, asked.where, listener.writes, quick=asked.quick)
    if 4 in asked.tasks:
        listener.writes("task 4", 3, 4)
        yield Heading("Task 4: a pretrained network")
        yield from transferred(runs, asked.where, asked.shown, asked.note, quick=asked.quick)
    yield Heading("Every run")
    yield runs_table(tuple(source for of_arm in runs.values() for source in of_arm))


def _first(asked: Assignment, runs: Runs, comparison: ComparisonSource | None) -> Iterator[Block]:
    """What this is, what is missing, and all figures at a glance."""
    yield Paragraph(
        "A course's assignment on image classification, done again by Grevy: its arithmetic by"
        " hand, its network and variants on CIFAR-10, a pretrained network. The source is one"
        " student's report; its figures are from one training each. Ours are means over seeds with"
        " 95 % intervals over seeds, or, of a single run, over test pictures."
    )
    missing = tuple(_missing(asked))
    if missing:
        yield Items(missing)
    trained = [task for task in asked.tasks if task > 1]
    if trained:
        yield Heading("The source's figures and ours")
        yield from figures_of(trained, comparison, runs, quick=asked.quick)
        yield Paragraph(
            "reached: within half a point, or above; above, below: one further training of ours"
            " would, with a probability of 95 %, not fall there (Student's t, of two seeds or"
            " more); can't be told: lower, but another training might reach it, or with one seed"
            " nobody knows. The intervals in the table are of the mean over seeds, or of one run"
            " over its pictures."
        )


def _missing(asked: Assignment) -> Iterator[str]:
    for experiment, found in asked.found:
        lacking = [run for run in found if not run.finished]
        if lacking:
            names = ", ".join(f"{run.arm} seed {run.seed}" for run in lacking)
            yield f"{experiment.name}: {len(lacking)} of {len(found)} runs are missing ({names})"
