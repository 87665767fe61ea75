"""From places to sources: runs with a name each, and the comparison of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from grevy.classifier.run import Run, open_run
from grevy.errors import CorruptRecordError, GrevyError, RunNotFoundError
from grevy.records.index import find_runs
from grevy.records.study_record import read_study
from grevy.reports.sources.comparison_source import ComparisonSource, comparison_of
from grevy.reports.sources.run_source import RunSource
from grevy.reports.sources.source import Source
from grevy.studies.contest import is_imported, named_place


@dataclass(frozen=True)
class Sources:
    """What a report is made from.

    Attributes:
        runs: each once, in the order of the places.
        comparison: of all; None where there is nothing to compare.
        missing: sentences: why there is no comparison, which runs can't be read.
    """

    runs: tuple[RunSource, ...]
    comparison: ComparisonSource | None = None
    missing: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Source, ...]:
        """The comparison, and every run."""
        return (*([self.comparison] if self.comparison else []), *self.runs)


def open_sources(places: Sequence[str | Path | Run], *, trust_source: bool = False) -> Sources:
    """Runs, folders of runs and studies.

    Args:
        places: one at least.
        trust_source: run the source that records keep, wherever they are from.

    Raises:
        RunNotFoundError: no run there at all.
        CorruptRecordError: of a single run: its run.json can't be read.
    """
    names = _each_once([str(p.path if isinstance(p, Run) else p) for p in places])
    runs, damaged = _runs(names, trust_source)
    if len(runs) == 1 and not damaged and not any(map(_is_imported, names)):
        return Sources(tuple(runs))
    try:
        comparison = comparison_of(names)
    except GrevyError as error:
        if not runs:
            raise CorruptRecordError(damaged[0], "", "") if damaged else error from error
        return Sources(tuple(runs), None, (*damaged, f"Nothing is compared: {error}"))
    name = _comparison_name(names, {run.name for run in runs})
    return Sources(tuple(runs), ComparisonSource(name, tuple(names), comparison), tuple(damaged))


def _each_once(names: Sequence[str]) -> list[str]:
    """A place that is named twice, however it is spelled, counts once."""
    return list({os.path.realpath(name): name for name in reversed(names)}.values())[::-1]


def _is_imported(place: str) -> bool:
    """Whether somebody else's predictions are there, and no run."""
    return is_imported(named_place(place)[1])


def _runs(places: Sequence[str], trust_source: bool) -> tuple[list[RunSource], list[str]]:
    found: dict[str, Run] = {}
    damaged = []
    for place in places:
        if _is_imported(place):
            continue
        directories = list(find_runs(_runs_of(place)))
        if not directories:
            raise RunNotFoundError(
                f"no run at {place}", "a run, a folder of runs, or a study", "see: grevy runs"
            )
        for directory in directories:
            try:
                found[str(directory.path)] = open_run(directory.path, trust_source=trust_source)
            except GrevyError as error:
                if directory.path == Path(place):
                    raise
                damaged.append(f"{directory.path} is left out: {error}")
    names = names_of(list(found))
    return [RunSource(names[path], path, run) for path, run in found.items()], damaged


def _runs_of(place: str) -> Path:
    """The folder in which a study keeps its runs, or the place itself."""
    _, path = named_place(place)
    return path / "runs" if read_study(path) else path


def _comparison_name(places: Sequence[str], taken: Collection[str]) -> str:
    name = Path(os.path.abspath(places[0])).name if len(places) == 1 else "comparison"
    return f"comparison in {name}" if name in taken else name


def names_of(paths: Sequence[str]) -> dict[str, str]:
    """The last part of each path, and as many more before it as tell them apart."""
    parts = {path: Path(os.path.abspath(path)).parts for path in paths}
    names = {path: own[-1] for path, own in parts.items()}
    for length in range(2, max(map(len, parts.values()), default=0) + 1):
        count = Counter(names.values())
        names |= {p: "/".join(parts[p][-length:]) for p, name in names.items() if count[name] > 1}
    return names
