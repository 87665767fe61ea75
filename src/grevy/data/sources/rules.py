"""What holds for every source: split and class names, what is hidden, what is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grevy.data.archives import ARCHIVE_SUFFIXES
from grevy.data.names import listed, nfc
from grevy.data.natural import natural_key
from grevy.data.sources.composed import composed
from grevy.data.sources.labels import is_no_label, no_labels
from grevy.data.types import Source
from grevy.errors import (
    ClassMismatchError,
    DataFormatError,
    DataNotFoundError,
    EmptyDataError,
    MissingSplitError,
    OneClassError,
)
from grevy.figures.numerals import counted

PICTURE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
)


def short_name(path: Path) -> str:
    """Name of a source for run directories: the last part of its path, in plain letters."""
    name = nfc(path.resolve().name)
    for suffix in (*ARCHIVE_SUFFIXES, ".csv", ".tsv", ".npz", ".parquet"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"


def refuse_folder(error: OSError) -> None:
    """For `os.walk`: a folder that can't be listed is no empty one.

    Raises:
        DataNotFoundError: always.
    """
    raise DataNotFoundError(
        f"{error.filename} can't be read ({error.strerror})",
        "a folder that may be read",
        "check its permissions",
    ) from error


def row_ids(split: str, count: int) -> tuple[str, ...]:
    """Picture ids of a table or an array: "train/000123"."""
    return tuple(f"{split}/{row:06d}" for row in range(count))


def readable(source: Source) -> Source:
    """The source, its names spelled one way (NFC), if every split has labelled pictures.

    This is the one door of names: whatever a reader found, classes and picture ids leave here
    composed.

    Raises:
        EmptyDataError: no pictures, or none in one split.
        NoLabelsError: a split without any label.
        DataFormatError: a file name that is no text; what `composed` raises.
    """
    _require_pictures(source)
    source = composed(source)
    for name, split in source.splits.items():
        _require_text(source.name, split.ids)
        if not source.sure_labels and all(map(is_no_label, split.labels)):
            count = counted(len(split.labels), "picture")
            raise no_labels(f"the split '{name}' of {source.name} has {count}: no labels")
    return source


def checked(source: Source) -> Source:
    """The source, if it has pictures to train on and the same classes in every split.

    Raises:
        EmptyDataError: no pictures, or none in one split.
        MissingSplitError: no train split.
        OneClassError: fewer than two classes.
        ClassMismatchError: a split lacks a class or has an extra one.
        DataError: what `readable` raises.
    """
    source = readable(source)
    _require_train(source)
    train = set(source.splits["train"].labels)
    classes = set(source.class_names or train)
    for name, split in source.splits.items():
        _require_same_classes(source.name, name, set(split.labels), classes)
    if len(classes) < 2:
        raise OneClassError(
            f"{source.name} has the one class {listed(classes)}",
            "two classes or more",
            "add a folder or label for each further class, or give the table that lists labels",
        )
    return source


def _require_pictures(source: Source) -> None:
    empty = [name for name, split in source.splits.items() if not split.labels]
    if empty or not source.splits:
        raise EmptyDataError(
            f"{source.name} has no pictures" + (f" in the split {listed(empty)}" if empty else ""),
            "pictures in every split that is there",
            "put pictures there, or remove the empty split",
        )


def _require_train(source: Source) -> None:
    if "train" not in source.splits:
        raise MissingSplitError(
            f"{source.name} has the splits {listed(source.splits)} and no train split",
            "a split named 'train'",
            "give the place that holds the train pictures, or rename a split",
        )


def _require_same_classes(source: str, split: str, found: set[str], classes: set[str]) -> None:
    lacking = sorted(classes - found, key=natural_key)
    extra = sorted(found - classes, key=natural_key)
    if not lacking and not extra:
        return
    complaints = [f"has no picture of class {listed(lacking)}"] * bool(lacking)
    complaints += [f"has the extra class {listed(extra)}"] * bool(extra)
    raise ClassMismatchError(
        f"the split '{split}' of {source} {' and '.join(complaints)}",
        "the same classes in every split, each with pictures",
        "add the missing pictures, or remove or rename the class",
    )


def _require_text(source: str, ids: Sequence[str]) -> None:
    try:
        "".join(ids).encode()
    except UnicodeEncodeError:
        odd = next(name for name in ids if not _is_text(name))
        raise DataFormatError(
            f"{source} has a file name that is no UTF-8 text ({odd!a})",
            "file names in UTF-8",
            "rename the file",
        ) from None


def _is_text(name: str) -> bool:
    return name == name.encode("utf-8", "ignore").decode()
