"""Where the records that a page names are now, and whether they may be read there.

A page may be of a stranger. So nothing outside of the current folder, or of the folder that the
user named, is opened for it, whatever links lead there; and of what is inside only runs, studies,
and the files of predictions that were compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grevy.errors import GrevyError, RunNotFoundError
from grevy.records.index import find_runs
from grevy.records.run import RunDirectory
from grevy.records.study_record import study_file
from grevy.reports.page import PageRecord
from grevy.studies.contest import is_imported, named_place

RUN_FILES = ("run.json", "steps.jsonl", "checks.jsonl", "predictions/*.safetensors")


@dataclass(frozen=True)
class Ground:
    """What may be read.

    Attributes:
        root: the folder.
        moved: the user named it: places of the page are looked for in it, and not where they were.
    """

    root: Path
    moved: bool = False

    def holds(self, path: Path) -> bool:
        """Whether a path stays inside of the folder once all links are followed."""
        try:
            return path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError, ValueError):
            return False


def folder_to_name(places: Iterable[str]) -> str | None:
    """With which `--runs` these places are found again; None if they lie in the current folder."""
    paths = [named_place(place)[1] for place in places]
    if all(map(Ground(Path(".")).holds, paths)):
        return None
    return os.path.commonpath([path.resolve().parent for path in paths])


def places_now(record: PageRecord, ground: Ground) -> Mapping[str, str]:
    """For each place of a record where it is now; `NAME=` before it stays.

    Raises:
        RunNotFoundError: it is not there, or leads out of what may be read.
    """
    found = {place: _place_now(place, record, ground) for place in record.places}
    for old, new in found.items():
        _refuse_links(Path(_without_shared_name(old, new)[1]), ground)
    return found


def _place_now(place: str, record: PageRecord, ground: Ground) -> str:
    found = [
        (name, candidate)
        for name, path in _spellings(place)
        for candidate in _candidates(path, ground, _below(path, record))
        if _is_record(candidate, _below(path, record))
    ]
    inside = [(name, candidate) for name, candidate in found if ground.holds(candidate)]
    if not inside:
        where = ground.root if ground.moved else "the current folder"
        raise RunNotFoundError(
            f"{place} leads out of {where}" if found else f"nothing at {place} in {where}",
            f"what the report is about: {record.name}",
            "say in which folder it is: --runs DIR",
        )
    name, candidate = min(inside, key=lambda pair: _is_other(pair[1], record))
    return f"{name}{candidate}"


def _spellings(place: str) -> Iterator[tuple[str, str]]:
    """A place as a whole, and without the name of an arm in front of it."""
    yield "", place
    name, equals, path = place.partition("=")
    if equals and path:
        yield f"{name}=", path


def _candidates(path: str, ground: Ground, below: list[str]) -> list[Path]:
    """Where it may be; of a folder that the user named, the likeliest first."""
    if not ground.moved:
        return [Path(path)]
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    ends = [ground.root.joinpath(*parts[start:]) for start in range(len(parts))]
    return [*ends, *_alike(ground.root, parts, below), ground.root]


def _alike(root: Path, parts: list[str], below: list[str]) -> Iterator[Path]:
    """Runs of the name of a run; of a folder of runs, folders that hold the first of these."""
    within = PurePosixPath(below[0]).parts if below else ()
    tail = within or tuple(parts[-1:])
    for run in find_runs(root):
        if tail and run.path.parts[-len(tail) :] == tail:
            yield Path(*run.path.parts[: -len(within)]) if within else run.path


def _is_other(run: Path, record: PageRecord) -> bool:
    """Whether a run is not the one that the page remembers; of other records nobody knows."""
    content = record.content or {}
    if "identity" not in content:
        return False
    try:
        found = RunDirectory(run).read()
    except GrevyError:
        return True
    return (found.identity, found.created) != (content["identity"], content.get("created"))


def _below(path: str, record: PageRecord) -> list[str]:
    """Runs of the record that lie at or below a place, by their path from there on."""
    runs = (record.content or {}).get("runs")
    if not isinstance(runs, list):
        return ["."]
    paths = [PurePosixPath(str(run.get("run"))) for run in runs if isinstance(run, dict)]
    return [p.relative_to(path).as_posix() for p in paths if p.is_relative_to(path)]


def _is_record(candidate: Path, below: list[str]) -> bool:
    try:
        if is_imported(candidate):
            return candidate.is_file()
        if not below:  # runs that failed are not among those that are compared
            return next(find_runs(candidate), None) is not None
        return any((candidate / path / "run.json").is_file() for path in below)
    except (OSError, ValueError):
        return False


def _refuse_links(place: Path, ground: Ground) -> None:
    """Of every run at a place nothing may be read that lies elsewhere, or is no file."""
    folder = place / "runs" if study_file(place).is_file() else place
    for run in find_runs(folder):
        files = [file for pattern in RUN_FILES for file in run.path.glob(pattern)]
        for file in files:
            if not (file.is_file() and ground.holds(file)):
                raise RunNotFoundError(
                    f"{file} is no file of the run",
                    f"files in {ground.root if ground.moved else 'the current folder'}",
                    "put the file itself there",
                )


def as_remembered(path: str, now: Mapping[str, str]) -> str:
    """A path that begins with a place of now, as the page has it.

    Args:
        path: of a run, or of a file in one.
        now: as `places_now` found it.
    """
    for old, new in sorted(now.items(), key=lambda pair: -len(pair[1])):
        before, after = _without_shared_name(old, new)
        if PurePosixPath(path).is_relative_to(after):
            return (PurePosixPath(before) / PurePosixPath(path).relative_to(after)).as_posix()
    return path


def _without_shared_name(old: str, new: str) -> tuple[str, str]:
    """Both places without `NAME=`, if both have that in front."""
    name, equals, path = new.partition("=")
    if equals and old.startswith(f"{name}="):
        return old.partition("=")[2], path
    return old, new
