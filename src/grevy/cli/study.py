"""`grevy study`: train the arms of a study with several seeds and say which change helped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from grevy.cli.comparison import tell_comparison, tell_figures
from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.errors import RunsFailedError, StudyFileError

if TYPE_CHECKING:
    from grevy.studies.execute import Progress, Tell
    from grevy.studies.executors.task import Outcome
    from grevy.studies.plan import Plan, State
    from grevy.studies.study import Study


@dataclass(frozen=True)
class StudyArguments:
    """Train a baseline and changes of it with the same seeds; effects, intervals, verdicts.

    What is finished is never trained again: the same command goes on where it was.
    """

    what: Annotated[str, tyro.conf.Positional]
    """A study in YAML, or image data."""

    data: str | None = None
    """Other image data than the study's file names."""

    base: str = "base"
    """The baseline: a named recipe or a YAML file."""

    vary: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An arm: norm=batch, or several changes with a name, "Adam: optimizer=adam,lr=0.001". May be
    given several times."""

    drop: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An arm that has this field of the baseline at its default."""

    recipe: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """An arm that is a whole recipe."""

    seeds: int | None = None
    """How many; a study's own number, or else 5."""

    out: Path | None = None
    """The study's folder. Default: studies/ and the name of the study or of the image data."""

    on: str = "local"
    """local, ray, or ray://HOST:PORT."""

    workers: int | None = None
    """Runs at a time on this machine. Default: one a core, as far as memory lasts."""

    retry_failed: bool = False
    """Try what failed before once more."""

    plan: bool = False
    """Only show what there is to do."""

    plugin: Path | None = None
    """A Python file to run first, which registers your own networks."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, plan, train what is missing, compare."""
    arguments = parse(StudyArguments, "study", words)
    output = Output(arguments.json)
    from grevy.studies.compare import compare
    from grevy.studies.execute import execute, forget_failures
    from grevy.studies.plan import plan, save_study
    from grevy.studies.report import write_report
    from grevy.studies.run import choose_executor

    study = study_of(arguments)
    folder = arguments.out or Path("studies") / _name(arguments.what)
    planned = plan(study, folder)
    if arguments.retry_failed:
        planned = forget_failures(planned)
    tell_plan(planned, output)
    if arguments.plan:
        output.result(_states(planned))
        return
    todo = planned.having("missing", "unfinished")
    executor = choose_executor(arguments.on, len(todo), arguments.workers)
    save_study(study, folder)
    if todo:
        output.line(f"training {executor.description}")
        command = ["grevy", "study", *words]
        with _progress(output) as tell:
            planned = execute(planned, executor, tell, command, arguments.plugin)
    found = {}
    if _comparable(planned):
        comparison = compare([str(folder)], margin=study.margin)
        output.line()
        tell_comparison(comparison, output)
        tell_figures(write_report(comparison, folder / "report", output.line), output)
        found = comparison.to_dict()
    failed = planned.having("failed")
    if failed and arguments.json:
        raise _failed(planned)
    output.result({**_states(planned), **found})
    if failed:
        raise _failed(planned)


def study_of(arguments: StudyArguments) -> Study:
    """From a YAML file, or from flags.

    Raises:
        StudyFileError: flags that would change a study that stands in a file.
    """
    from grevy.studies.study import SEEDS, load_study, read_study_file

    flags: dict[str, Any] = {
        "vary": list(arguments.vary),
        "drop": list(arguments.drop),
        "arms": {name: name for name in arguments.recipe},
    }
    if Path(arguments.what).suffix in (".yaml", ".yml"):
        if any(flags.values()) or arguments.base != "base":
            raise StudyFileError(
                f"{arguments.what} together with --base, --vary, --drop or --recipe",
                "a study in a file or in flags",
                "write the arms into the file",
            )
        given = {"seeds": arguments.seeds, "where": arguments.data}
        own = read_study_file(arguments.what)
        return load_study({**own, **{name: v for name, v in given.items() if v is not None}})
    seeds = arguments.seeds if arguments.seeds is not None else SEEDS
    return load_study({"where": arguments.what, "base": arguments.base, "seeds": seeds, **flags})


def tell_plan(planned: Plan, output: Output) -> None:
    """How many runs there are in which state; each that failed, with its reason."""
    arms, seeds = len(planned.study.arms), len(planned.study.seeds)
    counts = [(state, len(planned.having(state))) for state in _STATES]
    parts = ", ".join(f"{count} {state}" for state, count in counts if count)
    output.line(f"{planned.folder}: {arms} arms, {seeds} seeds, {arms * seeds} runs ({parts})")
    for run in planned.having("failed"):
        why = (run.error or {}).get("received", "")
        output.line(f"failed   {run.arm}, seed {run.seed}: {why}")


_STATES: tuple[State, ...] = ("finished", "unfinished", "missing", "failed")


def _comparable(planned: Plan) -> bool:
    """Whether the baseline and another arm have a finished run."""
    arms = {run.arm for run in planned.having("finished")}
    return planned.study.baseline.name in arms and len(arms) > 1


@contextmanager
def _progress(output: Output) -> Iterator[Tell]:
    """A bar over all runs, and a line for each that ends."""
    with output.progress("runs") as bar:

        def tell(progress: Progress, outcome: Outcome | None) -> None:
            if outcome is not None:
                name = Path(outcome.task.out).name
                why = f": {outcome.failure.received}" if outcome.failure else ""
                left = progress.seconds_left
                time = f", {_duration(left)} left" if left else ""
                ended = progress.finished + progress.failed
                output.line(f"{ended}/{progress.total}{time}  {outcome.ending}  {name}{why}")
            bar.advance_to(int(100 * progress.done), 100 * progress.total)

        yield tell


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _states(planned: Plan) -> dict[str, Any]:
    runs = [
        {"arm": r.arm, "seed": r.seed, "state": r.state, "run": str(r.path), "error": r.error}
        for r in planned.runs
    ]
    return {"study": str(planned.folder), "runs": runs}


def _failed(planned: Plan) -> RunsFailedError:
    failed = planned.having("failed")
    arms = ", ".join(dict.fromkeys(run.arm for run in failed))
    return RunsFailedError(
        f"{len(failed)} of {len(planned.runs)} runs failed ({arms}) and are not in the comparison",
        "",
        "mend the arm, or try again with --retry-failed",
    )


def _name(what: str) -> str:
    from grevy.studies.plan import slug

    return slug(Path(os.path.abspath(what)).stem)
