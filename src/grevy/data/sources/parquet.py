"""Parquet files in the Hugging Face image layout: a struct of `bytes` and `path`, and a label."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path, PurePath
from typing import Any, overload

from grevy.data.content_hash import content_hash
from grevy.data.litter import is_litter
from grevy.data.names import Spellings, listed, nfc
from grevy.data.natural import natural_key
from grevy.data.sources.labels import Labels, class_labels
from grevy.data.sources.parquet_parts import require_all_parts
from grevy.data.sources.parquet_room import picture_cells, require_column
from grevy.data.sources.parquet_schema import features, names_of, picture_columns
from grevy.data.sources.parquet_texts import require_no_split_texts
from grevy.data.sources.rules import readable, row_ids
from grevy.data.sources.split_words import how_to_name, split_of, taken_note
from grevy.data.sources.table_splits import row_splits, split_column, unread_note
from grevy.data.types import SPLITS, EncodedSplit, Source
from grevy.errors import DataFormatError
from grevy.recipes.split_choice import SplitChoice

_LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "category", "target")
_PICTURE_COLUMNS = ("image", "img")
_USUAL_FOLDERS = ("", "data", "plain_text", "default")
_WITHOUT_LABELS = re.compile(r"unsupervised|unlabell?ed", re.IGNORECASE)
_AS_NAMED = SplitChoice()
LONGEST = 200
"""Letters of a path that are shown."""


def find_parquet(folder: Path) -> Path | None:
    """This folder, if Parquet files lie in it or in folders inside it."""
    return folder if next(_parquet_files(folder), None) else None


def read_parquet_folder(folder: Path, name: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """All Parquet files of a folder, or of the `data` or `plain_text` inside it.

    The split is a word in a file's name ("train-00000-of-00003.parquet", "pets_val") or in that of
    the folder that it lies in; or stands in a column `split`, or the chosen column. One file whose
    name says nothing is train.

    Raises:
        DataFormatError: a damaged file, no or several columns that may be meant, several data sets,
            a label without a name, or files or columns that may be splits and are not understood.
        DataError: what `readable` raises.
    """
    files = _one_data_set(folder)
    splits = {file: _chosen_split(folder, file, choice) for file in files}
    if any(splits.values()):  # else a column has the names
        _require_chosen(folder, files, choice)
    used = [file for file in files if splits[file] or not _WITHOUT_LABELS.search(file.stem)]
    if choice.names and not choice.column and any(splits.values()):
        used = [file for file in files if splits[file]]
    if not choice:
        require_all_parts(folder, used)
    strangers = sorted(str(f.relative_to(folder)) for f in _parquet_files(folder) if f not in used)
    notes = (f"not read, for in no split or in another folder: {listed(strangers)}",)
    return _read(folder, name, {f: splits[f] for f in used}, choice, notes if strangers else ())


def read_parquet_file(path: Path, name: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """One Parquet file, which is train unless its name means another split or a column says it."""
    return _read(path.parent, name, {path: _chosen_split(path.parent, path, choice)}, choice, ())


def parquet_splits(folder: Path) -> list[str]:
    """The Parquet files in a folder whose names mean a split."""
    files = ((file.relative_to(folder).as_posix(), file) for file in _parquet_files(folder))
    return sorted(name for name, file in files if _split(folder, file))


def _parquet_files(folder: Path) -> Iterator[Path]:
    """Files up to two folders deep, as the hub lays them out: `plain_text/train/0000.parquet`."""
    for pattern in ("*.parquet", "*/*.parquet", "*/*/*.parquet"):
        for path in folder.glob(pattern):
            if path.is_file() and not any(map(is_litter, path.relative_to(folder).parts)):
                yield path


def _one_data_set(folder: Path) -> list[Path]:
    """The files of the one data set in a folder; the usual places win over others."""
    sets: dict[str, list[Path]] = {}
    for path in sorted(_parquet_files(folder), key=lambda path: natural_key(str(path))):
        inside = path.parent.relative_to(folder)
        place = inside.parent if split_of(inside.name) else inside
        sets.setdefault(place.as_posix().removeprefix("."), []).append(path)
    for usual in _USUAL_FOLDERS:
        if usual in sets:
            return sets[usual]
    if len(sets) > 1:
        raise _unclear(folder, f"Parquet files in the folders {listed(sets)}", "one data set")
    return next(iter(sets.values()))


def _split(folder: Path, file: Path) -> str | None:
    return split_of(file.stem) or (split_of(file.parent.name) if file.parent != folder else None)


def _chosen_split(folder: Path, file: Path, choice: SplitChoice) -> str | None:
    """The split of a whole file; None where a column is to say it, or nothing does."""
    if choice.column:
        return None
    if choice.all_train:
        return "train"
    if not choice.names:
        return _split(folder, file)
    inside = file.relative_to(folder)
    return next((split for name in _called(inside) if (split := choice.split_of(name))), None)


def _called(inside: Path) -> tuple[str, ...]:
    """What a user may call a file: by its path, name or stem, or by its folder."""
    names = (inside.as_posix(), inside.with_suffix("").as_posix(), inside.name, inside.stem)
    return (*names, inside.parent.as_posix())


def _require_chosen(folder: Path, files: Sequence[Path], choice: SplitChoice) -> None:
    """Refuse names in --pictures.splits that no file has."""
    called = {nfc(name) for file in files for name in _called(file.relative_to(folder))}
    if not choice.column and not choice.all_train and (absent := set(choice.names) - called):
        raise _unclear(folder, f"no file or folder {listed(sorted(absent))}", "names of files")


def _read(
    folder: Path,
    name: str,
    files: Mapping[Path, str | None],
    choice: SplitChoice,
    notes: tuple[str, ...],
) -> Source:
    shards = {_open(file): split for file, split in files.items()}
    names = _common_class_names(folder, list(shards))
    splits, more = _splits(folder, shards, choice)
    notes = (*more, *notes)
    if names:
        used = {label for split in splits.values() for label in split.labels}
        unused = [label for label in names if label not in used]
        names = tuple(label for label in names if label in used)
        notes += (f"classes without any picture, left out: {listed(unused)}",) * bool(unused)
    read = [shard.path for shard in shards]
    read += [file for shard in shards for file in _referenced_files(shard)]
    digest = content_hash(folder, [_relative(folder, file) for file in read])
    return readable(Source(name, splits, digest, names, notes, _say_splits(shards, choice)))


def _splits(
    folder: Path, shards: Mapping[_Shard, str | None], choice: SplitChoice
) -> tuple[dict[str, EncodedSplit], tuple[str, ...]]:
    """The pictures by split, as the files or a column say; and what is to be said about it."""
    first = next(iter(shards))
    if all(shards.values()):
        return _by_file(folder, {shard: split for shard, split in shards.items() if split})
    columns = [split_column(str(shard.path), shard.others, choice) for shard in shards]
    if not any(shards.values()) and columns[0] is not None and len(set(columns)) == 1:
        return _by_column(list(shards), columns[0], choice)
    if not choice and not any(shards.values()):
        for shard in shards:
            with _reading(shard.path):
                require_no_split_texts(shard.path, shard.others)
    if len(shards) == 1:
        return _by_file(folder, {first: "train"})
    raise _unnamed(folder, shards)


def _say_splits(shards: Mapping[_Shard, str | None], choice: SplitChoice) -> bool:
    """Whether the names of the files or a column do."""
    columns = (split_column(str(shard.path), shard.others, choice) for shard in shards)
    return not choice.all_train and (any(shards.values()) or any(columns))


def _by_file(
    folder: Path, shards: Mapping[_Shard, str]
) -> tuple[dict[str, EncodedSplit], tuple[str, ...]]:
    found = {split: [s for s in shards if shards[s] == split] for split in SPLITS}
    labels = {shard: _labels(shard) for shard in shards}
    splits = {
        split: _encoded_split(split, part, [labels[shard] for shard in part])
        for split, part in found.items()
        if part
    }
    said = [note for label in labels.values() for note in label.notes]
    taken = [(shards[s], _relative(folder, s.path)) for s in shards]
    columns = dict.fromkeys(column for shard in shards for column in shard.others)
    taken = taken if len(shards) > 1 else []
    return splits, (*taken_note(taken), *unread_note(columns, ()), *said)


def _by_column(
    shards: Sequence[_Shard], column: str, choice: SplitChoice
) -> tuple[dict[str, EncodedSplit], tuple[str, ...]]:
    where = str(shards[0].path)
    values = [str(value) for shard in shards for value in _values(shard, column)]
    of_rows, notes = row_splits(where, column, values, choice)
    every = [value for shard in shards for value in _label_values(shard)]
    kept = [row for row, split in enumerate(of_rows) if split]
    names = shards[0].class_names
    numbers = [row + 1 for row in kept]
    found = class_labels([every[row] for row in kept], names, where, numbers)
    labels = dict(zip(kept, found.names, strict=True))
    notes += found.notes
    splits = {}
    for split in SPLITS:
        if rows := [row for row, found in enumerate(of_rows) if found == split]:
            ids, own = row_ids(split, len(rows)), tuple(labels[row] for row in rows)
            splits[split] = EncodedSplit(ids, own, partial(_Rows, shards, rows))
    others = dict.fromkeys(name for shard in shards for name in shard.others)
    return splits, (*notes, *unread_note(others, (column,)))


def _relative(folder: Path, file: Path) -> str:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


@dataclass(frozen=True)
class _Shard:
    """One file, and what its schema says."""

    path: Path
    pictures: str
    """Column of structs with `bytes` and `path`."""
    labels: str
    class_names: tuple[str, ...] | None
    rows_by_group: tuple[int, ...]
    others: tuple[str, ...]
    """The other columns."""


def _open(path: Path) -> _Shard:
    import pyarrow.parquet as pq

    with _reading(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        told = features(schema.metadata)
        groups = tuple(file.metadata.row_group(g).num_rows for g in range(file.num_row_groups))
    pictures = _pick(path, _PICTURE_COLUMNS, picture_columns(schema), "column of pictures")
    named = [column for column in schema.names if names_of(told.get(column))]
    columns = [column for column in schema.names if column.lower() in _LABEL_COLUMNS] or named
    labels = _pick(path, _LABEL_COLUMNS, columns, "column of labels")
    others = tuple(column for column in schema.names if column not in (pictures, labels))
    return _Shard(path, pictures, labels, names_of(told.get(labels)), groups, others)


def _pick(path: Path, preferred: Sequence[str], columns: Sequence[str], kind: str) -> str:
    """The first preferred column that is there, else the only one there is."""
    lower = {column.lower(): column for column in columns}
    for word in preferred:
        if word in lower:
            return lower[word]
    if len(columns) != 1:
        raise _unclear(path, f"as {kind} {listed(columns) or 'nothing'}", "one of them")
    return columns[0]


def _common_class_names(folder: Path, shards: Sequence[_Shard]) -> tuple[str, ...] | None:
    found = {shard.class_names for shard in shards}
    if len(found) > 1:
        raise _unclear(folder, "files with different lists of class names", "one list")
    return found.pop()


def _encoded_split(split: str, shards: Sequence[_Shard], found: Sequence[Labels]) -> EncodedSplit:
    labels = tuple(label for of_shard in found for label in of_shard.names)
    return EncodedSplit(row_ids(split, len(labels)), labels, lambda: _Pictures(shards))


def _labels(shard: _Shard) -> Labels:
    return class_labels(_label_values(shard), shard.class_names, str(shard.path))


def _label_values(shard: _Shard) -> list[Any]:
    return _values(shard, shard.labels)


def _values(shard: _Shard, column: str) -> list[Any]:
    import pyarrow.parquet as pq

    with _reading(shard.path), pq.ParquetFile(shard.path) as file:
        require_column(shard.path, file, column)
        found: list[Any] = file.read([column])[column].to_pylist()
    return found


def _referenced_files(shard: _Shard) -> list[Path]:
    """Pictures that lie beside the table: the bytes are null there. Reads only such row groups.

    Not those that are there and no file, which can't be read.
    """
    import pyarrow.parquet as pq

    with _reading(shard.path), pq.ParquetFile(shard.path) as file:
        groups = [g for g in range(file.num_row_groups) if _may_have_nulls(file, g, shard.pictures)]
        pictures = [_read_group(shard, group) for group in groups]
    found = [picture for group in pictures for picture in group if isinstance(picture, Path)]
    return [path for path in found if path.is_file() or not os.path.lexists(path)]


def _may_have_nulls(file: Any, group: int, column: str) -> bool:
    chunks = file.metadata.row_group(group)
    found = (chunks.column(i) for i in range(chunks.num_columns))
    statistics = next(c.statistics for c in found if c.path_in_schema == f"{column}.bytes")
    return statistics is None or not statistics.has_null_count or statistics.null_count > 0


def _read_group(shard: _Shard, group: int) -> list[Path | bytes]:
    import pyarrow.parquet as pq

    with _reading(shard.path), pq.ParquetFile(shard.path) as file:
        cells = picture_cells(shard.path, file, group, shard.pictures)
    return [_picture(shard.path, cell) for cell in cells]


def _picture(table: Path, cell: dict[str, Any] | None) -> Path | bytes:
    """An empty cell becomes no bytes, which decoding then reports by the picture's id.

    Raises:
        DataFormatError: a path that leads out of the table's folder.
    """
    content: bytes | None = cell["bytes"] if cell else None
    path: str | None = cell["path"] if cell else None
    if content is None and path:
        inside = PurePath(path)
        if inside.is_absolute() or ".." in inside.parts or "\0" in path:
            raise DataFormatError(
                f"{table} names the picture {path[:LONGEST]!r}, which lies outside of its folder",
                f"paths below {table.parent}, or the bytes themselves",
                "list pictures from elsewhere in a CSV file, or copy them there",
            )
        return table.parent / Spellings(table.parent).find(path)
    return content or b""


class _Pictures(Sequence[Path | bytes]):
    """The pictures of several files in order; keeps the row group in memory that was read last."""

    def __init__(self, shards: Sequence[_Shard]) -> None:
        self._groups = [(s, g) for s in shards for g in range(len(s.rows_by_group))]
        self._starts = [0, *accumulate(n for s in shards for n in s.rows_by_group)]
        self._held: tuple[int, list[Path | bytes]] = (-1, [])

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Path | bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[Path | bytes]: ...
    def __getitem__(self, index: int | slice) -> Path | bytes | list[Path | bytes]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        return self._of_row(range(len(self))[index])

    def _of_row(self, row: int) -> Path | bytes:
        group = bisect_right(self._starts, row) - 1
        if self._held[0] != group:
            self._held = (group, _read_group(*self._groups[group]))
        return self._held[1][row - self._starts[group]]


class _Rows(_Pictures):
    """Some rows of them, in order."""

    def __init__(self, shards: Sequence[_Shard], rows: Sequence[int]) -> None:
        super().__init__(shards)
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def _of_row(self, row: int) -> Path | bytes:
        return super()._of_row(self._rows[row])


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataFormatError(
            f"{path} is damaged or no Parquet file ({error})",
            "a whole Parquet file",
            "get the file again",
        ) from error


def _unnamed(folder: Path, shards: Mapping[_Shard, str | None]) -> DataFormatError:
    unnamed = [_relative(folder, shard.path) for shard, split in shards.items() if not split]
    return DataFormatError(
        f"{folder} has {listed(unnamed)}, which say no split",
        "a word for the split in the name of each file (pets_train.parquet), or a column 'split'",
        f"say which they are: {how_to_name(unnamed)}",
    )


def _unclear(path: Path, received: str, choice: str) -> DataFormatError:
    return DataFormatError(
        f"{path} has {received}",
        "one data set with one column of pictures (a struct of bytes and path) and one of labels "
        f"({', '.join(_LABEL_COLUMNS)})",
        f"give the place of, or keep, {choice}",
    )
