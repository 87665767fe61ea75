"""A CSV file that lists pictures and their labels."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from grevy.data.content_hash import content_hash
from grevy.data.sources.rules import SPLIT_WORDS, checked, listed
from grevy.data.types import SPLITS, EncodedSplit, Source
from grevy.errors import DataFormatError, DataNotFoundError

_COLUMNS = {
    "path": ("path", "file", "filename", "image"),
    "label": ("label", "class", "category"),
    "split": ("split",),
}


class _Row(NamedTuple):
    line: int
    path: str
    label: str
    split: str


def read_csv(path: Path, name: str) -> Source:
    """One picture a line, in UTF-8 and with commas; the first line names the columns.

    Columns, in any order and case: `path` (or `file`, `filename`, `image`), relative to the CSV
    file or absolute; `label` (or `class`, `category`), a class name; and optionally `split`:
    train, validation (or val, valid) or test. Other columns are not read.

    Raises:
        DataFormatError: no such columns, a line with an empty field, or a picture listed twice.
        DataNotFoundError: a picture is not there.
        DataError: what `checked` raises.
    """
    rows = _rows(path)
    _require_each_once(path, rows)
    missing = [row.path for row in rows if not (path.parent / row.path).is_file()]
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
    digest = content_hash(path.parent, [path.name, *(row.path for row in rows)])
    return checked(Source(name, splits, digest))


def _split(folder: Path, rows: list[_Row]) -> EncodedSplit:
    ids = tuple(row.path for row in rows)
    labels = tuple(row.label for row in rows)
    return EncodedSplit(ids, labels, lambda: [folder / name for name in ids])


def _rows(path: Path) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_read(path, csv.reader(file, strict=True)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _malformed(path, f"is no CSV in UTF-8 ({error})") from error


def _read(path: Path, lines: Iterator[list[str]]) -> Iterator[_Row]:
    header = next(lines, [])
    columns = _columns(path, header)
    for number, fields in enumerate(lines, start=2):
        if not fields:
            continue  # an empty line
        if len(fields) != len(header):
            raise _malformed(path, f"has {len(fields)} fields in row {number}, not {len(header)}")
        row = {column: fields[position].strip() for column, position in columns.items()}
        yield _row(path, number, row)


def _row(path: Path, number: int, row: dict[str, str]) -> _Row:
    for column, value in row.items():
        if not value:
            raise _malformed(path, f"has no {column} in row {number}")
    split = SPLIT_WORDS.get(row.get("split", "train").lower())
    if split is None:
        raise _malformed(path, f"has the split {row['split']!r} in row {number}")
    return _Row(number, PurePath(row["path"]).as_posix(), row["label"], split)


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    """Position of each column that is there."""
    names = [name.strip().lower() for name in header]
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
        "lines of path,label or path,label,split with commas, the first naming the columns, and "
        "each picture once",
        "correct the file",
    )
