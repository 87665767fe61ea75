"""Every run in a folder, at any depth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from grevy.records.run import RunDirectory


def find_runs(folder: Path) -> Iterator[RunDirectory]:
    """The run directories in a folder and in all folders below, in the order of their paths.

    A folder that is a run directory itself is the only one. Nothing is looked for inside run
    directories and hidden folders; linked folders are followed, each place once. A folder that
    can't be listed comes as if it were a run, so that reading it says why.
    """
    waiting, seen = [folder], set[tuple[int, int]]()
    while waiting:
        place = waiting.pop()
        try:
            about = place.stat()
            if (about.st_dev, about.st_ino) in seen:
                continue
            seen.add((about.st_dev, about.st_ino))
            below = [] if _is_run(place) else _folders(place)
        except FileNotFoundError:
            continue
        except OSError:
            yield RunDirectory(place)
            continue
        if _is_run(place):
            yield RunDirectory(place)
        waiting += reversed(below)


def _is_run(place: Path) -> bool:
    """Whether something is called run.json there, readable or not."""
    return os.path.lexists(RunDirectory(place).record_file)


def _folders(place: Path) -> list[Path]:
    with os.scandir(place) as entries:
        names = [e.name for e in entries if not e.name.startswith(".") and _is_folder(e)]
    return [place / name for name in sorted(names)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Of a link: what it leads to; one that leads in a circle leads to none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
