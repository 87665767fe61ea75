"""What is compared: trainings of one arm each, by Grevy or by anybody, on the same pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.errors import (
    CorruptRecordError,
    DifferentDataError,
    RecipeError,
    RunNotFoundError,
    UsageError,
)
from grevy.figures.numerals import counted
from grevy.recipes.changes import differences
from grevy.recipes.own_changes import short_field
from grevy.recipes.schema import Recipe
from grevy.records.events import read_events
from grevy.records.index import find_runs
from grevy.records.predictions import load_predictions
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord, RunStatus
from grevy.records.source import hashes_of, recorded_sources
from grevy.records.study_record import StudyRecord, read_study
from grevy.studies.imported import read_predictions

IMPORTED = (".csv", ".npz")


@dataclass(frozen=True)
class Contestant:
    """One training and its answers on the test split.

    Attributes:
        source: run directory or file.
        arm: what it is compared as.
        seed: None where nobody said.
        right_N: whether it was right, for each test picture.
        labels_N: class of each picture.
        ids: of each picture; empty where an imported file has none.
        classes: names; empty where an imported file has numbers only.
        record: of the run; None for an imported file.
    """

    source: Path
    arm: str
    seed: int | None
    right_N: NDArray[np.bool_]
    labels_N: NDArray[np.int64]
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    record: RunRecord | None = None

    @property
    def accuracy(self) -> float:
        """On the test split."""
        return float(self.right_N.mean())

    @property
    def directory(self) -> RunDirectory:
        """Of a run by Grevy."""
        return RunDirectory(self.source)

    def checks(self) -> list[dict[str, Any]]:
        """Rows of checks.jsonl; none for an imported file."""
        return read_events(self.directory.checks_file) if self.record else []

    def steps(self) -> list[dict[str, Any]]:
        """Rows of steps.jsonl; none for an imported file."""
        return read_events(self.directory.steps_file) if self.record else []


@dataclass(frozen=True)
class Failed:
    """A run that has no result: it is shown, and never averaged away."""

    source: Path
    arm: str
    seed: int | None
    why: str

    @property
    def what(self) -> str:
        """Arm and seed, and why."""
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.arm}{seed} ({self.why})"


@dataclass(frozen=True)
class Contest:
    """All contestants, on the same pictures in the same order.

    Attributes:
        arms: names, the baseline first.
    """

    arms: tuple[str, ...]
    contestants: tuple[Contestant, ...]
    failed: tuple[Failed, ...]

    def of(self, arm: str) -> tuple[Contestant, ...]:
        """The trainings of one arm, by seed."""
        own = (c for c in self.contestants if c.arm == arm)
        return tuple(sorted(own, key=lambda c: -1 if c.seed is None else c.seed))


def read_contest(places: Sequence[str], baseline: str | None = None) -> Contest:
    """Everything at these places: run directories, folders of runs, study folders, CSV and npz.

    `NAME=PLACE` names an arm; else runs are grouped by their recipe, files by their name.

    Args:
        places: where.
        baseline: the arm that the others are compared with; None: a study's, or the first.

    Raises:
        RunNotFoundError: nothing there.
        DifferentDataError: other pictures, splits or classes.
        UsageError: fewer than two arms, or no such baseline.
        PredictionsFileError: a file that can't be read.
    """
    found = [item for place in places for item in _read_place(place)]
    contestants = _named_by_difference([c for c in found if isinstance(c, Contestant)])
    failed = tuple(item for item in found if isinstance(item, Failed))
    if not contestants:
        raise RunNotFoundError(
            f"no finished run at {', '.join(places)}", "two at least", "see: grevy runs"
        )
    same = _same_pictures(contestants)
    arms = _ordered(list(dict.fromkeys(c.arm for c in same)), baseline)
    _refuse_twice(same)
    return Contest(arms, same, failed)


def _read_place(place: str) -> list[Contestant | Failed]:
    name, path = _named(place)
    if path.suffix in IMPORTED:
        return [_imported(path, name)]
    if (path / "run.json").is_file():
        return [_run(RunDirectory(path), RunDirectory(path).read(), name)]
    asked = read_study(path)
    runs = list(find_runs(path / "runs" if asked else path)) if path.is_dir() else []
    if not runs:
        raise RunNotFoundError(
            f"no run at {path}",
            "a run, a folder of runs, a study, a .csv or .npz",
            "see: grevy runs",
        )
    arms = asked.load_arms() if asked else {}
    sources = asked.sources if asked else {}
    found = [_run_or_damage(run, name, arms, sources) for run in runs]
    found += _without_record(path / "runs") if asked else []
    order = list(arms)
    wanted = [f for f in found if not asked or f.seed is None or _is_asked(f, asked)]
    return sorted(wanted, key=lambda f: order.index(f.arm) if f.arm in order else -1)


def _named(place: str) -> tuple[str | None, Path]:
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
    said = load_predictions(directory.predictions_file("test"))
    right_N = said.answers_NK.argmax(1) == said.labels_N
    classes = record.data.classes
    return Contestant(
        directory.path, name, record.seed, right_N, said.labels_N, said.ids, classes, record
    )


def _without_record(folder: Path) -> list[Contestant | Failed]:
    """Runs of a study that failed before they had a record."""
    found: list[Contestant | Failed] = []
    for file in sorted(folder.glob("*.error.json")):
        path = file.with_name(file.name.removesuffix(".error.json"))
        if not (path / "run.json").exists():
            error = json.loads(file.read_bytes())
            found.append(Failed(path, error["arm"], error["seed"], f"failed: {error['received']}"))
    return found


def _imported(path: Path, arm: str | None) -> Contestant:
    said = read_predictions(path)
    right_N, labels_N = said.right_N, said.labels_N
    return Contestant(path, arm or said.name, said.seed, right_N, labels_N, said.ids, said.classes)


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


def _named_by_difference(contestants: Sequence[Contestant]) -> list[Contestant]:
    """Runs without an arm's name are called by their recipe, or by what it changes in the first."""
    nameless = [c for c in contestants if not c.arm and c.record]
    if not nameless:
        return list(contestants)
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

    return [replace(c, arm=name(c)) for c in contestants]


def _same_pictures(contestants: Sequence[Contestant]) -> tuple[Contestant, ...]:
    """All in the order of the first.

    Raises:
        DifferentDataError: not the same pictures, splits or classes.
    """
    first = next((c for c in contestants if c.record), contestants[0])
    for other in contestants:
        if first.record and other.record:
            _refuse_other_splits(first, other)
    return tuple(_aligned(first, other) for other in contestants)


def _refuse_other_splits(first: Contestant, other: Contestant) -> None:
    assert first.record
    assert other.record
    ours, theirs = first.record.data, other.record.data
    if ours.classes != theirs.classes:
        what = "other classes"
    elif ours.splits != theirs.splits:
        differing = [name for name in ours.splits if ours.splits[name] != theirs.splits.get(name)]
        what = f"another {' and '.join(differing)} split"
    else:
        return
    raise DifferentDataError(
        f"{other.source} with {what} than {first.source}",
        "runs on the same pictures and splits",
        "compare runs with the same data and pictures.split_seed",
    )


def _aligned(first: Contestant, other: Contestant) -> Contestant:
    """`other` in the order of `first`: by ids, or as it stands where a file has none."""
    labels_N, right_N = _labels_like(first, other), other.right_N
    if other.ids and first.ids:
        place = {picture: index for index, picture in enumerate(other.ids)}
        if set(place) != set(first.ids):
            missing = len(set(first.ids) - set(place))
            raise DifferentDataError(
                f"{other.source}, which lacks {missing:,} of the"
                f" {counted(len(first.ids), 'picture')} of {first.source} and has"
                f" {len(set(place) - set(first.ids)):,} others",
                "the same picture ids",
                "predict the same test split",
            )
        order_N = np.array([place[picture] for picture in first.ids])
        labels_N, right_N = labels_N[order_N], right_N[order_N]
    if not np.array_equal(labels_N, first.labels_N):
        raise DifferentDataError(
            f"{other.source}, whose labels are not those of {first.source}"
            f" ({len(labels_N):,} and {counted(len(first.labels_N), 'picture')})",
            "the same pictures in the same order, or a column of ids",
            "add the picture ids, which a run's predictions have",
        )
    return replace(other, right_N=right_N, labels_N=labels_N, ids=first.ids, classes=first.classes)


def _labels_like(first: Contestant, other: Contestant) -> NDArray[np.int64]:
    """Labels of `other` as indices into the classes of `first`."""
    if not other.classes or not first.classes or other.classes == first.classes:
        return other.labels_N
    if set(other.classes) != set(first.classes):
        raise DifferentDataError(
            f"{other.source} with the classes {', '.join(other.classes[:10])}",
            f"those of {first.source}: {', '.join(first.classes[:10])}",
            "use the same class names",
        )
    index_K = np.array([first.classes.index(name) for name in other.classes])
    return index_K[other.labels_N]


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
