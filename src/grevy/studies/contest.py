"""Reading what is to be compared: runs, folders of runs, studies, files of predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from grevy.errors import CorruptRecordError, RecipeError, RunNotFoundError, UsageError
from grevy.figures.numerals import counted
from grevy.recipes.changes import differences
from grevy.recipes.own_changes import short_field
from grevy.recipes.schema import Recipe
from grevy.records.index import find_runs
from grevy.records.near import near_runs
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord, RunStatus
from grevy.records.source import hashes_of, recorded_sources
from grevy.records.study_record import StudyRecord, read_failure, read_study
from grevy.studies.contestants import Contest, Contestant, Failed
from grevy.studies.imported import Imported, read_predictions
from grevy.studies.same_pictures import same_pictures

IMPORTED = (".csv", ".npz")


def read_contest(
    places: Sequence[str], baseline: str | None = None, *, same_order: bool = False
) -> Contest:
    """Everything at these places: run directories, folders of runs, study folders, CSV and npz.

    `NAME=PLACE` names an arm; else runs are grouped by their recipe, files by their name.

    Args:
        places: where.
        baseline: the arm that the others are compared with; None: a study's, or the first.
        same_order: files without picture ids have the pictures in the order of the others.

    Raises:
        RunNotFoundError: nothing there.
        DifferentDataError: other pictures, splits or classes.
        UsageError: fewer than two arms, or no such baseline.
        PredictionsFileError: a file that can't be read, or without ids.
    """
    found = [item for place in places for item in _read_place(place)]
    compared = [item for item in found if not isinstance(item, Failed)]
    failed = tuple(item for item in found if isinstance(item, Failed))
    if not compared:
        raise RunNotFoundError(
            f"no finished run at {', '.join(places)}", "two at least", "see: grevy runs"
        )
    same = _named_by_difference(same_pictures(compared, same_order))
    arms = _ordered(list(dict.fromkeys(c.arm for c in same)), baseline)
    _refuse_twice(same)
    return Contest(arms, same, failed)


def _read_place(place: str) -> Sequence[Contestant | Imported | Failed]:
    name, path = named_place(place)
    if is_imported(path):
        said = read_predictions(path)
        return [replace(said, name=name or said.name)]
    if (path / "run.json").is_file():
        return [_run(RunDirectory(path), RunDirectory(path).read(), name)]
    asked = read_study(path)
    runs = list(find_runs(path / "runs" if asked else path)) if path.is_dir() else []
    if not runs:
        near = near_runs(path)
        meant = f"did you mean {' or '.join(near)}? Else " if near else ""
        raise RunNotFoundError(
            f"no run at {path}",
            "a run, a folder of runs, a study, a .csv or .npz",
            f"{meant}see: grevy runs",
        )
    arms = asked.load_arms() if asked else {}
    sources = asked.sources if asked else {}
    found = [_run_or_damage(run, name, arms, sources) for run in runs]
    found += _without_record(path / "runs") if asked else []
    order = list(arms)
    wanted = [f for f in found if not asked or f.seed is None or _is_asked(f, asked)]
    return sorted(wanted, key=lambda f: order.index(f.arm) if f.arm in order else -1)


def is_imported(path: Path) -> bool:
    """Whether a place is a file of predictions, and no folder of that name."""
    return path.suffix.lower() in IMPORTED and not path.is_dir()


def named_place(place: str) -> tuple[str | None, Path]:
    """`NAME=PLACE` in its parts, unless there is something of just that name."""
    name, equals, rest = place.partition("=")
    if not equals or Path(place).exists():
        return None, Path(place)
    return name, Path(rest)


def _is_asked(found: Contestant | Failed, asked: StudyRecord) -> bool:
    """Whether a study still has that arm and seed."""
    return found.arm in asked.arms and found.seed in asked.seeds


def _run_or_damage(
    directory: RunDirectory,
    arm: str | None,
    arms: Mapping[str, Recipe],
    sources: Mapping[str, str],
) -> Contestant | Failed:
    """One odd record in a folder is shown, and the others are compared."""
    try:
        record = directory.read()
    except CorruptRecordError as damage:
        return Failed(directory.path, arm or directory.path.name, None, str(damage))
    return _run(directory, record, arm or _arm_of(record, arms, sources))


def _run(directory: RunDirectory, record: RunRecord, arm: str | None) -> Contestant | Failed:
    name = arm or ""
    if record.results is None or record.status is not RunStatus.FINISHED:
        why = f"{record.status}: {record.error}" if record.error else str(record.status)
        return Failed(directory.path, name or record.recipe_name, record.seed, why)
    if record.results.test is None:
        return Failed(directory.path, name, record.seed, "its data has no test split")
    said = directory.read_predictions("test")
    if odd := int((~np.isfinite(said.answers_NK)).any(1).sum()):
        why = f"NaN or infinite outputs for {odd:,} of {counted(len(said.labels_N), 'picture')}"
        return Failed(directory.path, name or record.recipe_name, record.seed, why)
    right_N = said.answers_NK.argmax(1) == said.labels_N
    classes = record.data.classes
    return Contestant(
        directory.path, name, record.seed, right_N, said.labels_N, said.ids, classes, record
    )


def _without_record(folder: Path) -> list[Contestant | Failed]:
    """Runs of a study that failed before they had a record, or lost it."""
    found: list[Contestant | Failed] = [
        Failed(path, path.name, None, f"{path} has no run.json") for path in _lost(folder)
    ]
    for file in sorted(folder.glob("*.error.json")):
        path = file.with_name(file.name.removesuffix(".error.json"))
        if not (path / "run.json").exists():
            found.append(_failed(path, file))
    return found


def _lost(folder: Path) -> list[Path]:
    """Folders of runs in which all is but run.json; one that a run begins in is hidden files."""
    below = sorted(path for path in folder.glob("*/") if not (path / "run.json").exists())
    return [path for path in below if any(p.name[0] != "." for p in path.iterdir())]


def _failed(path: Path, file: Path) -> Failed:
    try:
        error = read_failure(file)
    except CorruptRecordError as damage:
        return Failed(path, path.name, None, str(damage))
    return Failed(path, error["arm"], error["seed"], f"failed: {error['received']}")


def _arm_of(
    record: RunRecord, arms: Mapping[str, Recipe], sources: Mapping[str, str]
) -> str | None:
    """The arm that a run belongs to; none if it has a source that was edited since."""
    if not hashes_of(recorded_sources(record)).items() <= sources.items():
        return None
    own = record.load_recipe()
    return next((name for name, recipe in arms.items() if not differences(recipe, own)), None)


def _recipe_of(record: RunRecord) -> Recipe | None:
    """None where it has a part of a plugin that is not here: then its name must do."""
    try:
        return record.load_recipe()
    except RecipeError:
        return None


def _named_by_difference(contestants: Sequence[Contestant]) -> tuple[Contestant, ...]:
    """Runs without an arm's name are called by their recipe, or by what it changes in the first."""
    nameless = [c for c in contestants if not c.arm and c.record]
    if not nameless:
        return tuple(contestants)
    recipes = {c.source: found for c in nameless if c.record and (found := _recipe_of(c.record))}
    first = recipes.get(nameless[0].source)

    def name(contestant: Contestant) -> str:
        own = recipes.get(contestant.source)
        if own is None or first is None:
            return contestant.arm or (contestant.record.recipe_name if contestant.record else "")
        changes = differences(first, own)
        if own.name != first.name or not changes:
            return own.name
        return ", ".join(f"{short_field(field)}={value}" for field, value in changes.items())

    return tuple(replace(c, arm=name(c)) for c in contestants)


def _ordered(arms: list[str], baseline: str | None) -> tuple[str, ...]:
    if len(arms) < 2:
        raise UsageError(
            f"runs of one recipe only ({arms[0]})", "runs of two at least", "name another run"
        )
    first = baseline or ("baseline" if "baseline" in arms else arms[0])
    if first not in arms:
        raise UsageError(f"no arm '{first}'", f"one of {', '.join(arms)}", "correct --baseline")
    return (first, *(arm for arm in arms if arm != first))


def _refuse_twice(contestants: Sequence[Contestant]) -> None:
    seen: dict[tuple[str, int | None], Path] = {}
    for contestant in contestants:
        key = contestant.arm, contestant.seed
        if key in seen:
            raise UsageError(
                f"{contestant.source} and {seen[key]}, both {key[0]} with seed {key[1]}",
                "one run for each arm and seed",
                "leave one out, or name arms: NAME=RUN",
            )
        seen[key] = contestant.source
