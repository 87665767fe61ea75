"""`grevy study`: train the arms of a study with several seeds and say which change helped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from annotated_types import Interval

from grevy.cli.comparison import figure_lines, tell_comparison
from grevy.cli.duration import in_words
from grevy.cli.output import Output, ProgressBar
from grevy.cli.plugin import load_plugin
from grevy.figures.numerals import counted
from grevy.studies.listener import StudyListener
from grevy.words.parse import parse
from grevy.words.places import PLACE

if TYPE_CHECKING:
    from grevy.studies.compare import Comparison
    from grevy.studies.execute import StudyProgress
    from grevy.studies.executors.task import Outcome
    from grevy.studies.plan import Plan, PlannedStatus


@dataclass(frozen=True)
class StudyArguments:
    """Train a baseline and changes of it with the same seeds; effects, intervals, verdicts.

    What is finished is never trained again: the same command goes on where it was.
    """

    what: Annotated[str, tyro.conf.Positional, PLACE]
    """A study in YAML, or image data."""

    data: Annotated[str | None, PLACE] = None
    """Other image data than the study's file names."""

    base: Annotated[str, PLACE] = "base"
    """The baseline: a named recipe or a YAML file."""

    model: Annotated[str | None, PLACE] = None
    """The baseline's network, and that of every arm without another: your own as FILE.py:NAME, or
    a name. Its source is kept in the records."""

    vary: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An arm: norm=batch, or several changes with a name, "Adam: optimizer=adam,lr=0.001". May be
    given several times."""

    drop: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An arm that has this field of the baseline at its default."""

    recipe: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An arm that is a whole recipe."""

    seeds: Annotated[int | None, Interval(ge=1, le=1000)] = None
    """How many; a study's own number, or else 5."""

    out: Path | None = None
    """The study's folder. Default: studies/ and the name of the study or of the image data."""

    on: str = "local"
    """local, ray, or ray://HOST:PORT."""

    workers: Annotated[int | None, Interval(ge=1, le=1000)] = None
    """Runs at a time on this machine. Default: one a core, as far as memory lasts."""

    retry_failed: bool = False
    """Try what failed before once more."""

    plan: bool = False
    """Only show what there is to do."""

    plugin: Path | None = None
    """A Python file to run first, which registers your own networks and other parts."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, train what is missing, print."""
    arguments = parse(StudyArguments, "study", words)
    output = Output(arguments.json)
    from grevy.studies.plan import plan
    from grevy.studies.run import default_folder, runs_failed, study
    from grevy.studies.study import ask

    load_plugin(arguments.plugin)  # arms may be of what it registers
    asked = ask(
        arguments.what,
        data=arguments.data,
        base=arguments.base,
        vary=arguments.vary,
        drop=arguments.drop,
        recipes=arguments.recipe,
        seeds=arguments.seeds,
    )
    folder = arguments.out or default_folder(arguments.what)
    if arguments.plan:
        planned = plan(asked, folder, model=arguments.model, plugin=arguments.plugin)
        tell_plan(planned, output)
        output.result(_states(planned))
        return
    with ExitStack() as stack:
        listener = ScreenListener(output, stack)
        comparison = study(
            asked,
            folder,
            on=arguments.on,
            workers=arguments.workers,
            model=arguments.model,
            plugin=arguments.plugin,
            retry_failed=arguments.retry_failed,
            command=["grevy", "study", *words],
            listener=listener,
        )
    failed = listener.last.having("failed")
    if not (failed and arguments.json):
        output.result({**_states(listener.last), **comparison.to_dict()})
    if failed:
        raise runs_failed(listener.last)


class ScreenListener(StudyListener):
    """Shows a study on the screen: the plan, a bar over all runs, a line for each that ends."""

    last: Plan

    def __init__(self, output: Output, stack: ExitStack) -> None:
        self._output = output
        self._stack = stack
        self._bar: ProgressBar | None = None
        self._told = False

    def planned(self, planned: Plan) -> None:
        """The first time it is told."""
        self.last = planned
        if not self._told:
            tell_plan(planned, self._output)
        self._told = True

    def training(self, where: str) -> None:
        """One line, and the bar."""
        self._output.line(f"training {where}")
        self._bar = self._stack.enter_context(self._output.progress("runs"))

    def advanced(self, progress: StudyProgress, outcome: Outcome | None) -> None:
        """A line for a run that ended, and the bar."""
        if outcome is not None:
            name = Path(outcome.task.out).name
            why = f": {outcome.failure.received}" if outcome.failure else ""
            left = progress.seconds_left
            time = f", {in_words(left)} left" if left else ""
            ended = progress.finished + progress.failed
            self._output.line(f"{ended}/{progress.total}{time}  {outcome.ending}  {name}{why}")
        if self._bar is not None:
            self._bar.advance_to(int(100 * progress.done), 100 * progress.total)

    def compared(self, comparison: Comparison) -> None:
        """The result."""
        self._stack.close()
        self._output.line()
        tell_comparison(comparison, self._output)

    def said(self, text: str) -> None:
        """A line."""
        self._output.line(text)

    def reported(self, figures: Sequence[Path]) -> None:
        """Where the figures lie."""
        for line in figure_lines(figures):
            self._output.line(line)


def tell_plan(planned: Plan, output: Output) -> None:
    """How many runs there are with which status; each that failed, with its reason."""
    arms, seeds = len(planned.study.arms), len(planned.study.seeds)
    counts = [(status, len(planned.having(status))) for status in _STATUSES]
    parts = ", ".join(f"{count} {status}" for status, count in counts if count)
    size = (counted(arms, "arm"), counted(seeds, "seed"), counted(arms * seeds, "run"))
    output.line(f"{planned.folder}: {', '.join(size)} ({parts})")
    for run in planned.having("failed"):
        why = (run.error or {}).get("received", "")
        output.line(f"failed   {run.arm}, seed {run.seed}: {why}")


_STATUSES: tuple[PlannedStatus, ...] = ("finished", "unfinished", "missing", "failed")


def _states(planned: Plan) -> dict[str, Any]:
    runs = [
        {"arm": r.arm, "seed": r.seed, "state": r.status, "run": str(r.path), "error": r.error}
        for r in planned.runs
    ]
    return {"study": str(planned.folder), "runs": runs}
