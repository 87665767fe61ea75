"""A CSV file that lists pictures and their labels."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from grevy.data.content_hash import content_hash
from grevy.data.sources.rules import listed, no_labels, readable
from grevy.data.sources.table_splits import row_splits, split_column, unread_note
from grevy.data.types import SPLITS, EncodedSplit, Source
from grevy.errors import DataFormatError, DataNotFoundError
from grevy.recipes.split_choice import SplitChoice

_COLUMNS = {
    "path": (
        *("path", "file", "filename", "image", "file_name", "file_path", "filepath"),
        *("image_path", "image_file", "image_name", "img_path", "img", "picture"),
    ),
    "label": ("label", "class", "category", "labels", "class_name", "label_name", "target"),
}
_AS_NAMED = SplitChoice()
_NO_LABELS = frozenset(("nan", ""))
"""What programs write for a label that is not there."""


class _Row(NamedTuple):
    line: int
    path: str
    label: str
    split: str


class _Table(NamedTuple):
    rows: list[_Row]
    notes: tuple[str, ...]
    has_splits: bool


def read_csv(path: Path, name: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """One picture a line, in UTF-8 and with commas; the first line names the columns.

    Columns, in any order and case: `path` (or `file`, `file_name`, `image`, `image_path`, ...),
    relative to the CSV file or absolute; `label` (or `class`, `category`, ...), a class name; and
    optionally `split`, in any usual word, or the chosen column. Others are named in a note.

    Raises:
        NoLabelsError: a split without labels.
        DataFormatError: no such columns, a line with an empty field, a picture listed twice, or a
            column or value that looks like a split and is not understood.
        DataNotFoundError: a picture is not there.
        DataError: what `readable` raises.
    """
    rows, notes, has_splits = _table(path, choice)
    _require_each_once(path, rows)
    missing = [row.path for row in rows if not _is_listed(path.parent / row.path)]
    if missing:
        raise DataNotFoundError(
            f"{path} lists {listed(missing)}, which are not there",
            f"paths relative to {path.parent}, or absolute",
            "correct the paths",
        )
    splits = {
        split: _split(path.parent, [row for row in rows if row.split == split])
        for split in SPLITS
        if not rows or any(row.split == split for row in rows)
    }
    read = [row.path for row in rows if (path.parent / row.path).is_file()]
    digest = content_hash(path.parent, [path.name, *read])
    return readable(Source(name, splits, digest, notes=notes, has_splits=has_splits))


def _is_listed(picture: Path) -> bool:
    """Whether it is there; a link that leads nowhere is a picture that can't be read."""
    return picture.is_file() or picture.is_symlink()


def _split(folder: Path, rows: list[_Row]) -> EncodedSplit:
    ids = tuple(row.path for row in rows)
    labels = tuple(row.label for row in rows)
    return EncodedSplit(ids, labels, lambda: [folder / name for name in ids])


def _table(path: Path, choice: SplitChoice) -> _Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = _lines(path, csv.reader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _malformed(path, f"is no CSV in UTF-8 ({error})") from error
    columns = _columns(path, header[1])
    named = split_column(str(path), header[1], choice)
    if named is not None:
        columns["split"] = header[1].index(named)
    cells = [_cells(path, number, fields, columns) for number, fields in lines]
    splits: list[str | None] = ["train"] * len(cells)
    notes = unread_note(header[1], [header[1][position] for position in columns.values()])
    if named is not None:
        values = [row["split"] for row in cells]
        splits, more = row_splits(str(path), named, values, choice, [n for n, _ in lines])
        notes = (*more, *notes)
    found = zip(lines, cells, splits, strict=True)
    rows = [
        _Row(number, PurePath(row["path"]).as_posix(), row["label"], split)
        for (number, _), row, split in found
        if split
    ]
    _require_labels(path, rows)
    return _Table(rows, notes, named is not None)


def _lines(path: Path, lines: Iterator[list[str]]) -> list[tuple[int, list[str]]]:
    """Row and fields of the header, its names stripped, and of every line that is not empty."""
    header = [name.strip() for name in next(lines, [])]
    numbered = [(number, fields) for number, fields in enumerate(lines, start=2) if fields]
    _columns(path, header)
    for number, fields in numbered:
        if len(fields) != len(header):
            raise _malformed(path, f"has {len(fields)} fields in row {number}, not {len(header)}")
    return [(1, header), *numbered]


def _cells(path: Path, number: int, fields: list[str], columns: dict[str, int]) -> dict[str, str]:
    row = {column: fields[position].strip() for column, position in columns.items()}
    for column, value in row.items():
        if not value and column != "label":
            raise _malformed(path, f"has no {column} in row {number}")
    return row


def _require_labels(path: Path, rows: Sequence[_Row]) -> None:
    """Refuse a split without labels, and rows without one."""
    for split in SPLITS:
        members = [row for row in rows if row.split == split]
        without = [row for row in members if row.label.casefold() in _NO_LABELS]
        if without and len(without) == len(members):
            raise no_labels(f"{path} has no label for any picture of its {split} split: no labels")
        if without:
            label, number = without[0].label, without[0].line
            what = f"the label {label!r}, which is none," if label else "no label"
            raise _malformed(path, f"has {what} in row {number}")


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    """Position of the columns of paths and of labels."""
    names = [re.sub(r"[\s-]+", "_", name.lower()) for name in header]
    columns = {
        column: names.index(word)
        for column, words in _COLUMNS.items()
        for word in reversed(words)
        if word in names
    }
    if not {"path", "label"} <= columns.keys():
        raise _malformed(path, f"has the columns {listed(header) or 'of an empty file'}")
    return columns


def _require_each_once(path: Path, rows: list[_Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.path in first:
            raise _malformed(path, f"lists {row.path} in rows {first[row.path]} and {row.line}")
        first[row.path] = row.line


def _malformed(path: Path, received: str) -> DataFormatError:
    return DataFormatError(
        f"{path} {received}",
        "lines of path,label or path,label,split with commas, the first naming the columns "
        f"({', '.join(_COLUMNS['path'])}; {', '.join(_COLUMNS['label'])}), and each picture once",
        "correct the file",
    )
