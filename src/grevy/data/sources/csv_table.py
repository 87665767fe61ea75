"""A CSV file that lists pictures and their labels."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from grevy.data.content_hash import content_hash
from grevy.data.names import Spellings, listed, nfc
from grevy.data.sources.csv_text import Grid, read_grid
from grevy.data.sources.labels import class_labels, is_no_label, no_labels, rows_said
from grevy.data.sources.rules import readable
from grevy.data.sources.table_splits import (
    require_no_splits,
    row_splits,
    split_column,
    unread_note,
)
from grevy.data.types import SPLITS, EncodedSplit, Source
from grevy.errors import DataFormatError, DataNotFoundError
from grevy.figures.numerals import counted
from grevy.recipes.split_choice import SplitChoice

_COLUMNS = {
    "path": (
        *("path", "file", "filename", "image", "file_name", "file_path", "filepath"),
        *("image_path", "image_file", "image_name", "img_path", "img", "picture"),
    ),
    "label": ("label", "class", "category", "labels", "class_name", "label_name", "target"),
}
_AS_NAMED = SplitChoice()


class _Row(NamedTuple):
    number: int
    path: str
    file: str
    """The path as the disk spells it."""
    label: str
    split: str


class _Table(NamedTuple):
    rows: list[_Row]
    notes: tuple[str, ...]
    has_splits: bool


def read_csv(path: Path, name: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """One picture a line; the first line names the columns, and shows what separates them.

    Columns, in any order and case: `path` (or `file`, `file_name`, `image`, `image_path`, ...),
    relative to the CSV file or absolute; `label` (or `class`, `category`, ...), a class name; and
    optionally `split`, in any usual word, or the chosen column. Others are named in a note. What is
    there and no file (a link that leads nowhere, a pipe) is a picture that can't be read.

    Raises:
        NoLabelsError: a split without labels.
        DataFormatError: no such columns, a line with an empty field, a picture listed twice, or a
            column or value that looks like a split and is not understood.
        DataNotFoundError: a picture is not there.
        DataError: what `readable` raises.
    """
    rows, notes, has_splits = _table(path, choice)
    _require_each_once(path, rows)
    missing = [row.path for row in rows if not os.path.lexists(path.parent / row.file)]
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
    notes += _outside_note(path.parent, rows)
    read = [row.file for row in rows if (path.parent / row.file).is_file()]
    digest = content_hash(path.parent, [path.name, *read])
    return readable(Source(name, splits, digest, notes=notes, has_splits=has_splits))


def _outside_note(folder: Path, rows: Sequence[_Row]) -> tuple[str, ...]:
    """The note on pictures that lie elsewhere: who lists them means them, but should see it."""
    files = (PurePath(row.file) for row in rows)
    outside = [file for file in files if file.is_absolute() or ".." in file.parts]
    if not outside:
        return ()
    count = counted(len(outside), "picture")
    return (f"{count} outside of the folder {folder}: {listed(outside, 1)}",)


def _split(folder: Path, rows: list[_Row]) -> EncodedSplit:
    ids = tuple(row.path for row in rows)
    labels = tuple(row.label for row in rows)
    return EncodedSplit(ids, labels, lambda: [folder / row.file for row in rows])


def _table(path: Path, choice: SplitChoice) -> _Table:
    grid = read_grid(path, lambda header: _positions(header).keys() == _COLUMNS.keys())
    columns = _columns(path, grid)
    named = split_column(str(path), grid.header, choice)
    read = [*columns.values(), *([grid.header.index(named)] if named is not None else [])]
    if named is None and not choice:
        require_no_splits(str(path), _unread(grid, read))
    splits, split_notes = _splits(path, grid, named, choice)
    kept = [row for row, split in enumerate(splits) if split]
    numbers = [grid.numbers[row] for row in kept]
    paths = _filled(path, grid, "path", columns["path"], kept)
    _require_no_addresses(path, paths)
    names = [_name(path.parent, text) for text in paths]
    cells = [grid.rows[row][columns["label"]] for row in kept]
    taken = [split for split in splits if split]
    _require_labels(path, cells, taken)
    labels = class_labels(cells, None, str(path), numbers)
    files = map(Spellings(path.parent).find, names)
    rows = list(map(_Row, numbers, names, files, labels.names, taken))
    unread = unread_note(grid.header, [grid.header[position] for position in read])
    rivals = _rivals_note(grid.header, columns)
    notes = (*split_notes, *rivals, *unread, *labels.notes)
    return _Table(rows, notes, has_splits=named is not None)


def _unread(grid: Grid, read: Sequence[int]) -> dict[str, set[str]]:
    """The values of each column that is not read."""
    places = [place for place in range(len(grid.header)) if place not in read]
    return {grid.header[place]: {row[place] for row in grid.rows} for place in places}


def _require_no_addresses(path: Path, paths: Sequence[str]) -> None:
    addresses = [text for text in paths if re.match(r"[A-Za-z][\w+.-]+://", text)]
    if addresses:
        raise DataFormatError(
            f"{path} lists {listed(addresses)}, which {'is' if len(addresses) == 1 else 'are'} on"
            " the network",
            f"paths of pictures on this machine, relative to {path.parent} or absolute",
            "download them first, and list where they are then",
        )


def _require_labels(path: Path, cells: Sequence[str], splits: Sequence[str]) -> None:
    """Refuse a split in which no picture has a label."""
    for split in dict.fromkeys(splits):
        members = [cell for cell, of in zip(cells, splits, strict=True) if of == split]
        if all(map(is_no_label, members)):
            raise no_labels(f"{path} has no label for any picture of its {split} split: no labels")


def _rivals_note(header: Sequence[str], columns: dict[str, int]) -> tuple[str, ...]:
    """The note on columns that are called like those that are read, and may be meant."""
    return tuple(
        f"the {kind} is read from the column '{header[place]}', not from {listed(rivals)}"
        for kind, place in columns.items()
        if (rivals := [n for n in header if n != header[place] and _word(n) in _COLUMNS[kind]])
    )


def _name(folder: Path, text: str) -> str:
    """The path with slashes; backslashes are taken for them where that names what is there."""
    name = PurePath(text).as_posix()
    slashed = name.replace("\\", "/")
    return name if slashed == name or os.path.lexists(folder / name) else slashed


def _splits(
    path: Path, grid: Grid, named: str | None, choice: SplitChoice
) -> tuple[Sequence[str | None], tuple[str, ...]]:
    """The split of each row, None for those of no chosen split; and the notes on it."""
    if named is None:
        return ["train"] * len(grid.rows), ()
    place = grid.header.index(named)
    every = range(len(grid.rows))
    values = [row[place].strip() for row in grid.rows]
    if not choice.names:
        values = _filled(path, grid, "split", place, every)
    return row_splits(str(path), named, values, choice, grid.numbers)


def _filled(path: Path, grid: Grid, kind: str, place: int, rows: Sequence[int]) -> list[str]:
    """The cells of a column in these rows, none of them empty."""
    cells = [grid.rows[row][place].strip() for row in rows]
    empty = [grid.numbers[row] for row, cell in zip(rows, cells, strict=True) if not cell]
    if empty:
        raise _malformed(path, f"has no {kind} in {rows_said(empty, len(cells))}")
    return cells


def _columns(path: Path, grid: Grid) -> dict[str, int]:
    """Position of the columns of paths and of labels; each row has a cell for each column."""
    columns = _positions(grid.header)
    if columns.keys() != _COLUMNS.keys():
        raise _malformed(path, f"has the columns {listed(grid.header) or 'of an empty file'}")
    for name in (grid.header[position] for position in columns.values()):
        if grid.header.count(name) > 1:
            raise _malformed(path, f"has the column {name!r} twice")
    for number, row in zip(grid.numbers, grid.rows, strict=True):
        if len(row) != len(grid.header):
            fields = f"{len(row)} fields in row {number}, not {len(grid.header)}"
            raise _malformed(path, f"has {fields}")
    return columns


def _positions(header: Sequence[str]) -> dict[str, int]:
    """Of the columns of paths and of labels, as far as they are there."""
    names = list(map(_word, header))
    return {
        column: names.index(word)
        for column, words in _COLUMNS.items()
        for word in reversed(words)
        if word in names
    }


def _word(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.lower())


def _require_each_once(path: Path, rows: list[_Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        known = first.setdefault(nfc(row.path), row.number)
        if known != row.number:
            raise _malformed(path, f"lists {row.path} in rows {known} and {row.number}")


def _malformed(path: Path, received: str) -> DataFormatError:
    return DataFormatError(
        f"{path} {received}",
        "lines of path,label or path,label,split with commas (or semicolons, tabs or | throughout),"
        f" the first naming the columns ({', '.join(_COLUMNS['path'])};"
        f" {', '.join(_COLUMNS['label'])}), and each picture once",
        "correct the file",
    )
