"""Per-picture predictions of somebody else's training, from a CSV or npz file."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from grevy.data.names import nfc
from grevy.errors import PredictionsFileError
from grevy.regular import open_named, read_named
from grevy.studies.output_rows import refuse_odd_rows

NAMES = {
    "id": (
        *("id", "ids", "picture", "picture_id", "path", "file", "filename", "file_name"),
        *("filepath", "image", "image_id", "image_path"),
    ),
    "label": ("label", "labels", "true", "target", "targets", "y_true", "ground_truth"),
    "prediction": ("prediction", "predictions", "predicted", "pred", "preds", "y_pred"),
    "logits": ("logits", "scores"),
    "probabilities": ("probabilities", "probs"),
    "classes": ("classes", "class_names"),
}
"""Column or array names that are understood, for each meaning; docs/studies.md lists them."""

_TABLE = ("id", "label", "prediction")
_OUTPUTS = ("logits", "probabilities")
_HELP = (
    "columns or arrays named label and prediction (npz: or logits or probabilities), and id where"
    " there are picture ids"
)
_UNREADABLE = (
    *(OSError, ValueError, EOFError, KeyError, NotImplementedError),
    *(csv.Error, zipfile.BadZipFile, zlib.error),
)
LARGEST = 2**30
"""Bytes of a CSV file."""

_WHOLE = re.compile(r"-?\d{1,18}")
_MISSING = frozenset({"", "nan", "inf", "-inf", "+inf"})


@dataclass(frozen=True)
class Imported:
    """What somebody else's network said, as the file has it.

    Attributes:
        path: the file.
        name: of the file, without `-seed3`.
        seed: from `-seed3` at the end of the file's name.
        labels: names or numbers of classes, one a picture.
        answers: the same of the predictions; numbers of columns where these are logits.
        ids: of the pictures; empty where the file has none.
        columns: how many logits or probabilities there are a picture; None without.
        classes: names in the order of columns and numbers; empty where the file has none.
    """

    path: Path
    name: str
    seed: int | None
    labels: tuple[str, ...]
    answers: tuple[str, ...]
    ids: tuple[str, ...]
    columns: int | None
    classes: tuple[str, ...]


def read_predictions(path: Path) -> Imported:
    """Read a CSV with a header, or an npz.

    Raises:
        PredictionsFileError: not there, not readable, without labels or predictions, of unequal
            lengths, with entries that are missing, or outputs that are no finite numbers, no
            probabilities, or other than the predictions beside them.
    """
    try:
        found = _from_npz(path) if path.suffix.lower() == ".npz" else _from_csv(path)
    except _UNREADABLE as error:
        raise PredictionsFileError(f"{path} can't be read ({error})", _HELP, "check it") from None
    columns = _known(path, found)
    _require_lengths(path, columns)
    outputs_NK = _outputs(path, columns)
    labels = _entries(path, "label", columns["label"])
    answers = _answers(path, columns, outputs_NK)
    _refuse_shifted(path, labels, answers)
    ids = _entries(path, "id", columns["id"]) if "id" in columns else ()
    if len(set(ids)) < len(ids):
        raise PredictionsFileError(f"{path} with an id twice", "an id a picture", "mend it")
    classes = _entries(path, "class", columns["classes"]) if "classes" in columns else ()
    if len(set(classes)) < len(classes):
        raise PredictionsFileError(f"{path} with a class twice", "each class once", "mend it")
    named = re.fullmatch(r"(.+?)[-_]seed[-_]?(\d+)", path.stem)
    name, seed = (named[1], int(named[2])) if named else (path.stem, None)
    width = None if outputs_NK is None else outputs_NK.shape[1]
    return Imported(path, name, seed, labels, answers, ids, width, classes)


def is_whole(entry: str) -> bool:
    """Whether it is a whole number in decimals."""
    return bool(_WHOLE.fullmatch(entry))


def _from_csv(path: Path) -> dict[str, NDArray[Any]]:
    text = read_named(path, LARGEST).decode("utf-8-sig")
    with io.StringIO(text, newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, strict=True, delimiter=max(",;\t", key=first.count))
        header, *rows = [row for row in reader if row] or [[]]
    if any(len(row) != len(header) for row in rows):
        raise ValueError("a row with more or fewer cells than the header")
    if len(set(header)) < len(header):
        raise ValueError("a column name twice")
    table = np.array(rows, str).reshape(len(rows), len(header))
    return {name: table[:, place] for place, name in enumerate(header)} if rows else {}


def _from_npz(path: Path) -> dict[str, NDArray[Any]]:
    with open_named(path) as file:
        if file.read(2) != b"PK":
            raise ValueError("no .npz but a single array or another file")
        file.seek(0)
        arrays = np.load(file, allow_pickle=False)
        return {name: arrays[name] for name in arrays.files}


def _known(path: Path, found: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The columns by their meaning."""
    lower = {name.strip().lower(): value for name, value in found.items()}
    columns: dict[str, NDArray[Any]] = {}
    for meaning, names in NAMES.items():
        several = [name for name in names if name in lower]
        if len(several) > 1 and meaning != "id":
            received = f"{path} with {' and '.join(several)}, which both mean {meaning}"
            raise PredictionsFileError(received, "one of them", "take out or rename the others")
        if several:
            columns[meaning] = lower[several[0]]
    if "label" not in columns or not columns.keys() & {"prediction", *_OUTPUTS}:
        raise PredictionsFileError(
            f"{path} with {', '.join(columns) or 'nothing known'}"
            + (f" (columns: {', '.join(list(found)[:10])})" if found else ""),
            _HELP,
            "rename them",
        )
    return columns


def _require_lengths(path: Path, columns: dict[str, NDArray[Any]]) -> None:
    for meaning in (*_TABLE, "classes"):
        if meaning in columns and columns[meaning].ndim != 1:
            raise PredictionsFileError(
                f"{path} with {meaning} of shape {_times(columns[meaning].shape)}",
                "one entry a picture" if meaning in _TABLE else "one name a class",
                "outputs of the network are an array logits; of one-hot labels take the argmax",
            )
    lengths = {np.shape(column)[:1] for name, column in columns.items() if name != "classes"}
    if len(lengths) > 1 or lengths in ({(0,)}, {()}):
        counts = sorted(length[0] if length else 0 for length in lengths)
        raise PredictionsFileError(
            f"{path} with columns of {counts} entries", "one for each picture", "mend it"
        )


def _outputs(path: Path, columns: dict[str, NDArray[Any]]) -> NDArray[np.float64] | None:
    """[N, K] of the logits or probabilities, of which only the order within a row counts."""
    found = [_numbers(path, kind, columns[kind]) for kind in _OUTPUTS if kind in columns]
    if len(found) > 1:
        best_N = found[0].argmax(1)[:, None]
        told_N = np.take_along_axis(found[1], best_N, 1)[:, 0]
        _refuse_differing(path, told_N < found[1].max(1), " and ".join(_OUTPUTS))
    return found[0] if found else None


def _numbers(path: Path, kind: str, array: NDArray[Any]) -> NDArray[np.float64]:
    if array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "fiu":
        raise PredictionsFileError(
            f"{path} with {kind} of shape {_times(array.shape)} and type {array.dtype}",
            "numbers, [pictures, classes]",
            "give classes as a column named prediction; a single output is one of two classes",
        )
    outputs_NK = array.astype(np.float64)
    refuse_odd_rows(path, kind, outputs_NK)
    return outputs_NK


def _answers(
    path: Path, columns: dict[str, NDArray[Any]], outputs_NK: NDArray[np.float64] | None
) -> tuple[str, ...]:
    """The predictions; beside outputs they must be the largest of each row."""
    said = _entries(path, "prediction", columns["prediction"]) if "prediction" in columns else ()
    if outputs_NK is None:
        return said
    best = outputs_NK.argmax(1).tolist()
    numbers = tuple(map(str, best))
    if not said:
        return numbers
    names = columns["classes"].tolist() if "classes" in columns else []
    named = [str(names[i]) for i in best] if len(names) == outputs_NK.shape[1] else numbers
    differing = [
        {number, name}.isdisjoint({answer})
        for number, name, answer in zip(numbers, named, said, strict=True)
    ]
    _refuse_differing(path, np.array(differing), "predictions and outputs")
    return numbers


def _refuse_differing(path: Path, differing_N: NDArray[np.bool_], what: str) -> None:
    if differing_N.any():
        raise PredictionsFileError(
            f"{path}, whose {what} tell different classes in {int(differing_N.sum()):,} of"
            f" {len(differing_N):,} rows",
            "the same answers twice, or once",
            "take one out; where predictions are names, add an array of classes for the columns",
        )


def _entries(path: Path, meaning: str, column: NDArray[Any]) -> tuple[str, ...]:
    """As text in NFC, as classes and picture ids are.

    Whole numbers that were saved as floats are whole numbers.
    """
    if column.dtype.kind == "S":
        column = np.char.decode(column, "utf-8", "replace")
    texts = [nfc(str(value).strip()) for value in column.tolist()]
    if missing := sum(text.lower() in _MISSING for text in texts):
        raise PredictionsFileError(
            f"{path}, where {missing:,} of {len(texts):,} entries of {meaning} are empty or no"
            " number",
            f"a {meaning} in every row",
            "fill them in, or leave these rows out in all files",
        )
    if meaning == "id":
        return tuple(texts)
    if all(re.fullmatch(r"-?\d{1,18}\.0*", text) or is_whole(text) for text in texts):
        texts = [text.partition(".")[0] for text in texts]
    return tuple(texts)


def _refuse_shifted(path: Path, labels: tuple[str, ...], answers: tuple[str, ...]) -> None:
    """Numbers that are nearly all wrong as they stand, and mostly right when moved by one."""
    if not all(map(is_whole, (*labels, *answers))):
        return
    off_N = np.array(answers, np.int64) - np.array(labels, np.int64)
    right = int((off_N == 0).sum())
    for step, words in ((1, "above"), (-1, "below")):
        moved = int((off_N == step).sum())
        if len(off_N) >= 20 and moved > len(off_N) / 2 and right < moved / 4:
            _refuse_counting(path, moved, len(off_N), words)


def _refuse_counting(path: Path, moved: int, of: int, words: str) -> NoReturn:
    raise PredictionsFileError(
        f"{path}, where {moved:,} of {of:,} predictions are one {words} their label",
        "labels and predictions that count the classes alike",
        f"one of them likely counts from 1: {'subtract' if words == 'above' else 'add'} 1 in the"
        " predictions",
    )


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single value"
