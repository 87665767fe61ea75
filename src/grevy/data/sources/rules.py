"""What holds for every source: split and class names, what is hidden, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from grevy.data.archives import ARCHIVE_SUFFIXES
from grevy.data.natural import natural_key
from grevy.data.types import Source
from grevy.errors import (
    ClassMismatchError,
    DataFormatError,
    EmptyDataError,
    MissingSplitError,
    NoLabelsError,
    OneClassError,
)
from grevy.figures.numerals import counted

PICTURE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
)


def short_name(path: Path) -> str:
    """Name of a source for run directories: the last part of its path, in plain letters."""
    name = path.resolve().name
    for suffix in (*ARCHIVE_SUFFIXES, ".csv", ".npz", ".parquet"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"


def listed(names: Iterable[object], limit: int = 5) -> str:
    """The first few names in quotes, and how many more there are."""
    texts = [f"'{name}'" for name in names]
    more = f" and {len(texts) - limit:,} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more


def row_ids(split: str, count: int) -> tuple[str, ...]:
    """Picture ids of a table or an array: "train/000123"."""
    return tuple(f"{split}/{row:06d}" for row in range(count))


def class_labels(
    values: Sequence[object], names: Sequence[str] | None, where: str
) -> tuple[str, ...]:
    """Class name of each picture.

    Args:
        values: integers, which are positions in `names` or else named by their decimals; or class
            names.
        names: the class names in the publisher's order, if there are any.
        where: what to call the place in an error.

    Raises:
        NoLabelsError: none of them is a label.
        DataFormatError: a label that is neither, is empty, or has no name.
    """
    if values and all(_is_no_label(value) for value in values):
        raise no_labels(
            f"{where} has {len(values):,} pictures and {values[0]!r} for each: no labels"
        )
    try:
        table = {value: _class_label(value, names) for value in set(values)}
    except (ValueError, TypeError) as error:
        raise DataFormatError(
            f"{where} has a label that can't be used ({error})",
            "integers from 0 that have a name each, or class names",
            "correct the labels, or leave out pictures that have none",
        ) from error
    return tuple(table[value] for value in values)


def _class_label(value: object, names: Sequence[str] | None) -> str:
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} of type {type(value).__name__}")
    if names is None:
        return str(value)
    if not 0 <= value < len(names):
        raise ValueError(f"{value}, and there are names for 0 to {len(names) - 1}")
    return names[value]


def _is_no_label(value: object) -> bool:
    """Whether it is what data sets have in the place of labels that they keep back."""
    return value is None or (value in (-1, "-1", "") and not isinstance(value, bool))


def no_labels(received: str) -> NoLabelsError:
    """The refusal of pictures whose classes nobody says."""
    return NoLabelsError(
        received,
        "a folder per class, or a label for every picture",
        "predict them (grevy predict), or leave the split out (name the others with "
        "--pictures.splits)",
    )


def readable(source: Source) -> Source:
    """The source itself, if it has labelled pictures in every split that is there.

    Raises:
        EmptyDataError: no pictures, or none in one split.
        NoLabelsError: a split without any label.
        DataFormatError: a file name that is no text.
    """
    _require_pictures(source)
    for name, split in source.splits.items():
        _require_text(source.name, split.ids)
        if all(map(_is_no_label, split.labels)):
            count = counted(len(split.labels), "picture")
            raise no_labels(f"the split '{name}' of {source.name} has {count}: no labels")
    return source


def checked(source: Source) -> Source:
    """The source itself, if it has pictures to train on and the same classes in every split.

    Raises:
        EmptyDataError: no pictures, or none in one split.
        MissingSplitError: no train split.
        OneClassError: fewer than two classes.
        ClassMismatchError: a split lacks a class or has an extra one.
        DataFormatError: a file name that is no text.
    """
    _require_train(readable(source))
    train = set(source.splits["train"].labels)
    classes = set(source.class_names or train)
    for name, split in source.splits.items():
        _require_same_classes(source.name, name, set(split.labels), classes)
    if len(classes) < 2:
        raise OneClassError(
            f"{source.name} has the one class {listed(classes)}",
            "two classes or more",
            "add a folder or label for each further class",
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
