"""What a finished run keeps that nobody needs any more: the state to resume from."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grevy.errors import CorruptRecordError, RunMismatchError, RunNotFoundError
from grevy.records.atomic import save_error
from grevy.records.index import find_runs
from grevy.records.lock import hold_run
from grevy.records.near import near_runs
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunStatus


@dataclass(frozen=True)
class Slimmed:
    """What became of one run.

    Attributes:
        path: its directory.
        freed: bytes that are free now.
        kept: why all was kept; "" where it was not.
    """

    path: Path
    freed: int
    kept: str = ""


def slim_runs(folder: str | Path = "runs", names: Sequence[str | Path] = ()) -> list[Slimmed]:
    """Remove the checkpoints of finished runs; their weights, predictions and logs stay.

    A finished run is evaluated, looked into, compared, reported and verified from what stays. What
    goes is the state behind its last step: `look --snapshot last` needs it.

    Args:
        folder: every finished run at any depth in it; one that is not finished is kept, and says
            so.
        names: only these runs, by their names in `folder` or as paths.

    Raises:
        RunNotFoundError: there is no such run.
        RunMismatchError: a run that is named is not finished; then nothing is removed.
        RunBusyError: somebody changes one of them just now.
        SaveError: the disk did not let it go.
    """
    runs = [run for name in names for run in _named(Path(folder), Path(name))]
    whole = [(run, _why_kept(run)) for run in runs or find_runs(Path(folder))]
    if not whole:
        raise RunNotFoundError(f"no run in {folder}", "a folder of runs", "see: grevy runs")
    for run, why in whole:
        if runs and why:
            raise RunMismatchError(
                f"the run at {run.path} is {why}",
                "a finished run: another one goes on from its checkpoint",
                f"finish it: grevy train --resume --out {run.path}; or leave it out",
            )
    return [Slimmed(r.path, 0, why) if why else Slimmed(r.path, _slim(r)) for r, why in whole]


def _named(folder: Path, name: Path) -> list[RunDirectory]:
    """The run of that name, or those below a folder of that name."""
    for place in (folder / name, name):
        if found := list(find_runs(place)):
            return found
    near = near_runs(folder / name)
    raise RunNotFoundError(
        f"no run {name} in {folder}",
        " or ".join(near) or "the name of a run, or its directory",
        "see: grevy runs",
    )


def _why_kept(run: RunDirectory) -> str:
    try:
        record = run.read()
    except CorruptRecordError:
        return "damaged"
    return "" if record.status is RunStatus.FINISHED else str(record.status)


def _slim(run: RunDirectory) -> int:
    """Remove the checkpoint; a link is not followed, only taken away."""
    place = run.checkpoint
    with hold_run(run.path, wait_seconds=0):
        if _why_kept(run):
            return 0
        freed = _bytes(place)
        try:
            if place.is_symlink():
                place.unlink()
            elif place.exists():
                shutil.rmtree(place)
        except OSError as error:
            raise save_error(place, error) from error
    return freed


def _bytes(folder: Path) -> int:
    if folder.is_symlink() or not folder.is_dir():
        return 0
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
