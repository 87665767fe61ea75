"""The run directories that were probably meant by a name that is none."""

from __future__ import annotations

from pathlib import Path

from grevy.recipes.nearest import nearest

RUNS = Path("runs")
RECORD = "run.json"
MOST = 10_000
"""Folders that are looked at: a hint is not worth more."""


def near_runs(name: str | Path) -> list[str]:
    """Runs whose names are near, beside the place that was named and in `runs/`; as paths.

    A bare name that stands in `runs/` is the first of them.
    """
    place = Path(name)
    paths: dict[str, str] = {}
    for folder in dict.fromkeys((place.parent, RUNS)):
        for each in _run_names(folder):
            paths.setdefault(each, str(folder / each))
    return nearest(place.name, paths) if place.name else []


def _run_names(folder: Path) -> list[str]:
    try:
        found = [path for _, path in zip(range(MOST), folder.iterdir(), strict=False)]
        return sorted(path.name for path in found if (path / RECORD).is_file())
    except OSError:
        return []
