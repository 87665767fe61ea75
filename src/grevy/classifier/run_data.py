"""The image data that a run was trained on, found again."""

from __future__ import annotations

from pathlib import Path

from grevy.classifier.run import Run
from grevy.data.load import load_data
from grevy.data.types import ImageData, Split
from grevy.errors import MissingSplitError, RunMismatchError
from grevy.models.transfer.preprocessing import pictures_as_read


def data_of_run(run: Run, where: str | Path | None = None) -> ImageData:
    """The data that a run was trained on.

    Args:
        run: with its record.
        where: the data, if it is no longer where it was.

    Raises:
        RunMismatchError: it has changed since.
        DataError: it is not there.
    """
    record = run.record
    place = where if where is not None else record.data.where
    data = load_data(place, pictures_as_read(record.load_sections("pictures", "model")))
    if data.fingerprint != record.data.fingerprint:
        raise RunMismatchError(
            f"{data.where}, which has changed since the run was trained",
            "the same pictures and labels",
            "restore them, or name other data where the command takes some",
        )
    return data


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


def is_test_split(split: Split, run: Run) -> bool:
    """Whether these are the test pictures of a run, whatever they are called and wherever from."""
    test = run.record.data.splits.get("test")
    return test is not None and test.content_hash == split.content_hash
