"""Which classes the entries of a file mean: by their names, or by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grevy.data.natural import natural_key
from grevy.errors import DifferentDataError, PredictionsFileError
from grevy.recipes.plain import is_number
from grevy.studies.imported import Imported, is_whole


@dataclass(frozen=True)
class Reading:
    """One way to understand a file: indices into the classes that are compared; −1 for none."""

    labels_N: NDArray[np.int64]
    answers_N: NDArray[np.int64]


def classes_said(files: Sequence[Imported]) -> tuple[str, ...]:
    """The class names where no run has any: of a file that lists or uses some, else numbers."""
    if listed := next((file.classes for file in files if file.classes), None):
        return listed
    named = (file for file in files if not all(map(is_whole, file.labels)))
    if names := next((set(file.labels) for file in named), None):
        return tuple(sorted(names, key=natural_key))
    if columns := max(file.columns or 0 for file in files):
        return tuple(map(str, range(columns)))
    return tuple(map(str, sorted({int(label) for file in files for label in file.labels})))


def readings(said: Imported, classes: Sequence[str], whose: str) -> list[Reading]:
    """Every way in which all labels and predictions are classes, the likeliest first.

    Names that are numbers are names ("0", "90", "180", "270"). Two ways are possible where names
    are whole numbers that also count the classes: then the labels of the pictures decide.

    Args:
        said: a file.
        classes: names in the order of the indices.
        whose: the run or file that they are from, for the error.

    Raises:
        DifferentDataError: labels that are no class, or another set of classes.
        PredictionsFileError: predictions that are no class, or columns that are not these classes.
    """
    _require_columns(said, classes, whose)
    ways = list(_ways(said, classes))
    labelled = [way for way in ways if (way.labels_N >= 0).all()]
    if not labelled:
        _refuse_labels(said, max(ways, key=lambda way: (way.labels_N >= 0).sum()), classes, whose)
    found = [way for way in labelled if (way.answers_N >= 0).all()]
    if not found:
        _refuse_answers(said, max(labelled, key=lambda way: (way.answers_N >= 0).sum()), classes)
    return found


def _ways(said: Imported, classes: Sequence[str]) -> Iterator[Reading]:
    """By name and by number; outputs have columns, which are numbers, and labels that are either.

    Without class names in the file, columns are understood by the labels' own numbers only.
    """
    own = said.classes or tuple(classes)
    place_K = np.array([classes.index(name) for name in own])

    def named(entries: Sequence[str]) -> NDArray[np.int64]:
        index = {name: number for number, name in enumerate(classes)}
        found = (index.get(e, index.get(_plain(e), -1)) for e in entries)
        return np.fromiter(found, np.int64, len(entries))

    def numbered(entries: Sequence[str]) -> NDArray[np.int64]:
        numbers = (int(e) if is_whole(e) else -1 for e in entries)
        found = (place_K[n] if 0 <= n < len(own) else -1 for n in numbers)
        return np.fromiter(found, np.int64, len(entries))

    if said.columns is None or said.classes:
        answers_N = (named if said.columns is None else numbered)(said.answers)
        yield Reading(named(said.labels), answers_N)
    yield Reading(numbered(said.labels), numbered(said.answers))


def _plain(entry: str) -> str:
    """`01` as `1`."""
    return str(int(entry)) if is_whole(entry) else entry


def _require_columns(said: Imported, classes: Sequence[str], whose: str) -> None:
    if said.classes and set(said.classes) != set(classes):
        raise DifferentDataError(
            f"{said.path} with the classes {_some(said.classes)}",
            f"those of {whose}: {_some(classes)}",
            "use the same class names",
        )
    if said.columns not in (None, len(classes)):
        raise PredictionsFileError(
            f"{said.path} with outputs for {said.columns:,} classes",
            f"{len(classes):,}, those of {whose}: {_some(classes)}",
            "predict with a network for these classes, and keep all its columns in their order",
        )


def _refuse_labels(said: Imported, way: Reading, classes: Sequence[str], whose: str) -> None:
    strange = _strange(said.labels, way.labels_N)
    if said.columns is not None and not said.classes and set(strange) <= set(classes):
        raise PredictionsFileError(
            f"{said.path} with outputs whose columns have no names, and labels that are names"
            f" ({_some(strange)})",
            "an array of class names in the order of the columns",
            "add it as classes",
        )
    count = int((way.labels_N < 0).sum())
    from_one = _counts_from_one(said.labels, len(classes))
    raise DifferentDataError(
        f"{said.path}, where {count:,} of {len(said.labels):,} labels are no class: with the"
        f" classes {_some(sorted(set(said.labels), key=natural_key))}",
        f"those of {whose}: {_some(classes)}",
        "the labels likely count from 1: subtract 1" if from_one else "use the same class names",
    )


def _refuse_answers(said: Imported, way: Reading, classes: Sequence[str]) -> None:
    strange = _strange(said.answers, way.answers_N)
    count = int((way.answers_N < 0).sum())
    first, *more = strange
    others = f" and {len(more):,} more" if more else ""
    raise PredictionsFileError(
        f"{said.path}, where {count:,} of {len(said.answers):,} predictions are no class: with the"
        f" prediction '{first}'{others}",
        f"one of the labels {_some(classes)}",
        _likely_cause(said, strange, len(classes)),
    )


def _likely_cause(said: Imported, strange: Sequence[str], count: int) -> str:
    if _counts_from_one(said.answers, count):
        return "the predictions likely count from 1: subtract 1"
    if strange == ["-1"]:
        return "-1 likely stands for pictures without a prediction: predict them"
    if all(is_number(entry) and not is_whole(entry) for entry in strange):
        return "they are likely probabilities or logits: give the class that is meant"
    if all(map(is_whole, said.answers)) and not all(map(is_whole, said.labels)):
        return "the predictions are likely numbers of classes: write the names, as in the labels"
    if all(map(is_whole, (*said.answers, *said.labels))):
        return (
            "use one numbering for both; if classes without a picture are meant, compare with a"
            " run, or give an npz with an array of classes"
        )
    return "use the same names or the same numbers for labels and predictions"


def _counts_from_one(entries: Sequence[str], count: int) -> bool:
    if not all(map(is_whole, entries)):
        return False
    numbers = list(map(int, entries))
    return min(numbers) >= 1 and max(numbers) == count


def _strange(entries: Sequence[str], found_N: NDArray[np.int64]) -> list[str]:
    strange = {entry for entry, index in zip(entries, found_N, strict=True) if index < 0}
    return sorted(strange, key=natural_key)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
