"""`grevy reproduce`: the source assignment, done again, and its report."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from annotated_types import Interval

from grevy.cli.duration import in_words
from grevy.cli.output import Output
from grevy.errors import MissingPackageError, UsageError
from grevy.records.atomic import save_error
from grevy.reports.reproduce.listener import ReproduceListener
from grevy.words.parse import parse
from grevy.words.places import PLACE

if TYPE_CHECKING:
    from grevy.reports.reproduce.assignment import Assignment
    from grevy.reports.reproduce.cost import Cost
    from grevy.reports.reproduce.experiments import Experiment
    from grevy.studies.listener import StudyListener
    from grevy.training.listeners.listener import Listener

ASSIGNMENT = "assignment"


@dataclass(frozen=True)
class ReproduceArguments:
    """Do the assignment that Grevy grew out of, all of it, and write its report.

    Convolution by hand, the five-layer network on CIFAR-10, its variants, a pretrained network.
    What is finished is not trained again: the same command goes on where it was.
    """

    what: Annotated[tuple[str, ...], tyro.conf.Positional, PLACE] = ()
    """"assignment", which may be left out, and where CIFAR-10 lies. Default: cifar10."""

    tasks: str = "1,2,3,4"
    """Which: 1 by hand, 2 the network, 3 variants, 4 a pretrained network."""

    seeds: Annotated[int, Interval(ge=1, le=1000)] = 3
    """Of the assignment's networks and of single changes."""

    quick: bool = False
    """All of it on a tenth of the data with one seed."""

    picture: Path | None = None
    """What the filters look at, such as zebra.jpg. Default: a validation picture."""

    out: Path = Path("reproduce")
    """Folder of all runs and of the report."""

    plan: bool = False
    """Only show what there is to do, and what it costs on this machine."""

    train: bool = True
    """Train what is missing; else write the report on what is there."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, plan, train what is missing, write the report."""
    arguments = parse(ReproduceArguments, "reproduce", words)
    output, where = Output(arguments.json), place(arguments.what)
    tasks = tasks_of(arguments.tasks)
    from grevy.reports.reproduce.assignment import prepare
    from grevy.reports.reproduce.reproduce import reproduce

    asked: dict[str, Any] = {
        "tasks": tasks,
        "seeds": arguments.seeds,
        "quick": arguments.quick,
        "picture": arguments.picture,
        "out": arguments.out,
    }
    if arguments.plan:
        planned = prepare(where, **asked)
        output.result({"experiments": [vars(cost) for cost in tell_plan(planned, output)]})
        return
    _make_folder(arguments.out)
    with ExitStack() as stack:
        report = reproduce(
            where,
            **asked,
            train=arguments.train,
            command=["grevy", "reproduce", *words],
            listener=ScreenListener(output, stack),
        )
    written = []
    for suffix in (".html", ".pdf"):
        try:
            written.append(report.write(arguments.out / f"report{suffix}"))
        except MissingPackageError as error:
            output.line(f"left out  {suffix[1:].upper()}: {error}")
    for path in written:
        output.line(f"written   {path}")
    if report.content.origins:
        output.line(f"next      grevy report --verify {written[0]}")
    output.result({"written": [str(path) for path in written]})


def _make_folder(out: Path) -> None:
    """Before hours of training; and task 1 trains nothing that would make it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(out, error) from error


def place(what: tuple[str, ...]) -> str:
    """Where CIFAR-10 lies.

    Raises:
        UsageError: more than the assignment and one place.
    """
    rest = what[1:] if what[:1] == (ASSIGNMENT,) else what
    if len(rest) > 1:
        raise UsageError(f"the places {', '.join(rest)}", "one", "name where CIFAR-10 lies")
    return rest[0] if rest else "cifar10"


def tasks_of(text: str) -> tuple[int, ...]:
    """Numbers from "1,2,4".

    Raises:
        UsageError: something else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part in ("1", "2", "3", "4") for part in parts):
        raise UsageError(f"--tasks {text}", "some of 1,2,3,4", "for example --tasks 1,2")
    return tuple(sorted({int(part) for part in parts}))


def tell_plan(asked: Assignment, output: Output) -> tuple[Cost, ...]:
    """What there is to do and about how long it takes here."""
    costs = asked.costs()
    rows = [(c.name, c.runs, c.finished, in_words(c.seconds) if c.seconds else "") for c in costs]
    output.table(("experiment", "runs", "finished", "left, about"), rows)
    left = sum(cost.seconds for cost in costs)
    if left:
        output.line(f"about {in_words(left)} on this machine, from a timed step of base")
    return costs


class ScreenListener(ReproduceListener):
    """Shows the assignment on the screen."""

    def __init__(self, output: Output, stack: ExitStack) -> None:
        self._output = output
        self._stack = stack

    def planned(self, asked: Assignment) -> None:
        """The table of experiments."""
        tell_plan(asked, self._output)
        if asked.note:
            self._output.line(f"note      {asked.note}")

    def begins(self, experiment: Experiment) -> None:
        """Its name."""
        self._stack.close()
        self._output.line()
        self._output.line(f"{experiment.name}: {', '.join(experiment.arms)}")

    def listeners(self) -> tuple[Listener, StudyListener]:
        """Those of `grevy train` and `grevy study`."""
        from grevy.cli.study import ScreenListener as OfStudy
        from grevy.cli.train import ScreenListener as OfTraining

        return OfTraining(self._output, self._stack), OfStudy(self._output, self._stack)

    def said(self, text: str) -> None:
        """A line."""
        self._output.line(text)

    def writes(self, what: str, done: int, total: int) -> None:
        """A line."""
        self._stack.close()
        self._output.line(f"writing   {what}")
