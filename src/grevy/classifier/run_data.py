"""The image data that a run was trained on, found again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from grevy.classifier.run import Run
from grevy.data.load import Where, find, load_data
from grevy.data.types import ImageData, Split
from grevy.errors import (
    DataError,
    DownloadError,
    MissingSplitError,
    RunMismatchError,
    UnaskedError,
)
from grevy.figures.numerals import counted
from grevy.models.transfer.preprocessing import pictures_as_read
from grevy.records.consent import following


def data_of_run(run: Run, where: str | Path | None = None) -> ImageData:
    """The data that a run was trained on.

    Args:
        run: with its record.
        where: the data, if it is no longer where it was.

    Raises:
        RunMismatchError: it has changed since.
        DataError: it is not there.
        UnaskedError: as `place_of`.
    """
    record = run.record
    with place_of(run, where) as place:
        data = load_data(place, pictures_as_read(record.load_sections("pictures", "model")))
    if data.fingerprint != record.data.fingerprint:
        raise RunMismatchError(
            f"{data.where}, which has changed since the run was trained",
            "the same pictures and labels",
            "restore them, or name other data where the command takes some",
        )
    return data


@contextmanager
def place_of(run: Run, where: Where | None = None) -> Iterator[Where]:
    """Where the data of a run is; read inside, it is only contacted if the user asked for it.

    Args:
        run: with its record.
        where: what the user says.

    Raises:
        UnaskedError: the user says nothing, and the record names a place that he never trained
            with, or one that would have to be downloaded.
    """
    if where is not None:
        yield where
        return
    recorded = run.record.data.where
    with following(run.path, recorded):
        yield recorded


def data_of_run_at(run: Run, where: Where) -> ImageData | None:
    """The data that a run was trained on, if that is what is at a place; None: it is not."""
    data = _as_trained_on(run, where, sum(split.n for split in run.record.data.splits.values()))
    return data if data and data.fingerprint == run.record.data.fingerprint else None


def shared_with(run: Run, split: Split, where: Where | None) -> dict[str, int]:
    """How many of these pictures are in each split of a run, pixel for pixel.

    Where the run's own data can't be read any more, what the record's hashes tell.

    Args:
        run: with its record.
        split: the pictures.
        where: their place, if they are all that is there.
    """
    try:
        own = data_of_run(run)
    except (DataError, DownloadError, UnaskedError, RunMismatchError):
        return {} if where is None else _shared_whole(run, where)
    hashes = {name: set(part.pixel_hashes) for name, part in own.splits.items()}
    found = {
        name: sum(picture in known for picture in split.pixel_hashes)
        for name, known in hashes.items()
    }
    return {name: count for name, count in found.items() if count}


def shared_note(shared: Mapping[str, int], of: int) -> tuple[str, ...]:
    """What is said of pictures that a run was trained, chosen or tested with."""
    these = f"of {'these ' * (of > 1)}{counted(of, 'picture')}"
    return tuple(
        f"{count:,} {these} {_are(count, name)} of the run" for name, count in shared.items()
    )


def _are(count: int, split: str) -> str:
    return f"is a {split} picture" if count == 1 else f"are {split} pictures"


def _shared_whole(run: Run, where: Where) -> dict[str, int]:
    """The same of data without splits that holds all pictures which a run was trained on."""
    train = run.record.data.splits["train"]
    data = _as_trained_on(run, where, train.n)
    is_same = data is not None and data.splits["train"].content_hash == train.content_hash
    return {"train": train.n} if is_same else {}


def _as_trained_on(run: Run, where: Where, least: int) -> ImageData | None:
    """What is at a place, read and split as a run's data was.

    None where that can't be, or where there are fewer than the `least` pictures.
    """
    pictures = pictures_as_read(run.record.load_sections("pictures", "model"))
    try:
        found = find(where, pictures.split_choice()).splits.values()
        if sum(len(split.labels) for split in found) < least:
            return None
        return load_data(where, pictures)
    except DataError:  # one can't train on it as the run did
        return None


def changed_note(run: Run, where: Where) -> tuple[str, ...]:
    """What is said of the place of a run's data that holds other data now."""
    recorded = run.record.data.where
    if not isinstance(where, str | Path) or Path(where).resolve() != Path(recorded).resolve():
        return ()
    told = "has changed since the run was trained: pictures of its training may be among these"
    return (f"{where} {told}",)


def split_of(data: ImageData, split: str) -> Split:
    """One split.

    Raises:
        MissingSplitError: the data does not have it.
    """
    if split not in data.splits:
        raise MissingSplitError(
            f"no {split} split in {data.where}",
            f"one of {', '.join(data.splits)}",
            "choose another --split",
        )
    return data.splits[split]


def same_as(split: Split, run: Run) -> str | None:
    """Which split of a run these pictures are, whatever they are called and wherever from."""
    splits = run.record.data.splits
    asked = ("test", "validation", "train")  # test pictures are counted, whatever they are besides
    alike = (n for n in asked if n in splits and splits[n].content_hash == split.content_hash)
    return next(alike, None)
