"""NumPy's .npz files."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from grevy.data.content_hash import content_hash
from grevy.data.memory import on_disk, require_claim, require_rows
from grevy.data.names import listed
from grevy.data.sources.arrays import as_pixels, label_values, require_pixels
from grevy.data.sources.labels import class_labels
from grevy.data.sources.npz_keys import CLASSES, Pair, find_pairs, is_chosen, split_pairs
from grevy.data.sources.rules import readable, row_ids
from grevy.data.sources.split_words import taken_note
from grevy.data.sources.table_splits import require_no_splits, row_splits, split_column
from grevy.data.types import SPLITS, ArraySplit, Source
from grevy.errors import DataFormatError
from grevy.recipes.split_choice import SplitChoice

_AS_NAMED = SplitChoice()
_HEADER_BYTES = 65_536


class _Part(NamedTuple):
    """Pictures of one array."""

    pair: Pair
    rows: list[int]


class _Plan(NamedTuple):
    """What is read as which split, and what is said about it."""

    parts: dict[str, list[_Part]]
    notes: tuple[str, ...]
    read: set[str]
    """Keys."""
    has_splits: bool = True
    """Whether anything says which pictures are which split."""


def read_npz(path: Path, name: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """Pictures and labels by key; pickled objects are refused.

    Keys: `x_train` and `y_train`, and optionally the same for `validation` and `test`; or `images`
    and `labels`, which are train, unless an array `split` says otherwise for each; `find_pairs`
    knows other words. And optionally `classes`. Images are uint8, [N, H, W] or [N, H, W, 1] gray or
    [N, H, W, 3] RGB. Labels are [N] class names, or integers, which `classes` names if it is there.

    Args:
        path: the file.
        name: of the source.
        choice: names arrays or what they have in common (`x_fold0` or `fold0`), or the array with a
            split for each picture, and its values.

    Raises:
        DataFormatError: other keys, types or shapes, or a damaged file.
        DataError: what `readable` raises.
    """
    with _reading(path), _loaded(path) as file:
        names = _class_names(path, file)
        plan = _plan(path, file, choice)
        splits: dict[str, ArraySplit] = {}
        label_notes: list[str] = []
        for split in (split for split in SPLITS if split in plan.parts):
            splits[split], more = _read_split(path, file, split, plan.parts[split], names)
            label_notes += more
        strangers = sorted(set(file.files) - plan.read - set(CLASSES))
    unread = (f"not read: the arrays {listed(strangers)}",) if strangers else ()
    notes = (*unread, *plan.notes, *label_notes)
    digest = content_hash(path.parent, [path.name])
    return readable(Source(name, splits, digest, names, notes, plan.has_splits))


def _plan(path: Path, file: NpzFile, choice: SplitChoice) -> _Plan:
    pairs = find_pairs(path, file.files)
    used = {key for pair in pairs for key in pair[1:]}
    alone = len(pairs) == 1 and not pairs[0].name and not is_chosen(pairs, choice)
    if choice.column or alone:
        others = [key for key in file.files if key not in used and key not in CLASSES]
        column = split_column(str(path), others, choice)
        if column is not None:
            _require_one(path, pairs, column)
            return _by_rows(path, file, pairs[0], column, choice)
        if not choice:
            require_no_splits(str(path), _texts(path, file, others))
    by_split = split_pairs(path, pairs, choice)
    parts = {split: [_whole(path, pair) for pair in found] for split, found in by_split.items()}
    taken = [(split, pair.images) for split, found in by_split.items() for pair in found]
    read = {key for found in by_split.values() for pair in found for key in pair[1:]}
    has_splits = not (alone or choice.all_train)
    return _Plan(parts, () if alone else taken_note(taken), read, has_splits)


def _texts(path: Path, file: NpzFile, keys: Sequence[str]) -> dict[str, set[str]]:
    """The values of the arrays of text, of those that say one for each picture."""
    texts = [key for key in keys if len(_header(path, key)[0]) == 1]
    texts = [key for key in texts if _header(path, key)[1].kind in "US"]
    found = {key: _array(path, file, key) for key in texts}
    return {key: set(map(str, label_values(a, len(a), key))) for key, a in found.items()}


def _by_rows(path: Path, file: NpzFile, pair: Pair, column: str, choice: SplitChoice) -> _Plan:
    count = _count(path, pair)
    values = label_values(_array(path, file, column), count, f"{path}, {column}")
    of_rows, notes = row_splits(str(path), column, [str(value) for value in values], choice)
    parts = {
        split: [_Part(pair, [row for row, found in enumerate(of_rows) if found == split])]
        for split in SPLITS
        if split in of_rows
    }
    return _Plan(parts, notes, {column, *pair[1:]})


def _whole(path: Path, pair: Pair) -> _Part:
    return _Part(pair, list(range(_count(path, pair))))


def _count(path: Path, pair: Pair) -> int:
    """Pictures in the array, of which only the header is read."""
    shape, dtype = _header(path, pair.images)
    require_pixels(shape, dtype, f"{path}, {pair.images}")
    return shape[0]


def _read_split(
    path: Path, file: NpzFile, split: str, parts: Sequence[_Part], names: tuple[str, ...] | None
) -> tuple[ArraySplit, tuple[str, ...]]:
    """Labels now; of the pictures only the shape, until they are asked for."""
    shapes = {_header(path, part.pair.images)[0][1:] for part in parts}
    if len(shapes) > 1:
        raise DataFormatError(
            f"{path} has pictures of the shapes {listed(map(list, shapes))} in the split '{split}'",
            "one shape",
            "save them as one array, or leave one out",
        )
    labels: list[str] = []
    notes: tuple[str, ...] = ()
    for pair, rows in parts:
        where = f"{path}, {pair.labels}"
        values = label_values(_array(path, file, pair.labels), _count(path, pair), where)
        numbers = [row + 1 for row in rows]
        found = class_labels([values[row] for row in rows], names, where, numbers)
        labels += found.names
        notes += found.notes
    ids = row_ids(split, len(labels))
    return ArraySplit(ids, tuple(labels), lambda: _pixels(path, parts)), notes


def _pixels(path: Path, parts: Sequence[_Part]) -> NDArray[np.uint8]:
    with _reading(path), _loaded(path) as file:
        arrays = [_rows_of(_pictures(path, file, part.pair.images), part.rows) for part in parts]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _pictures(path: Path, file: NpzFile, key: str) -> NDArray[np.uint8]:
    return as_pixels(_array(path, file, key), f"{path}, {key}")


def _rows_of(pixels: NDArray[np.uint8], rows: list[int]) -> NDArray[np.uint8]:
    return pixels if len(rows) == len(pixels) else pixels[rows]


def _class_names(path: Path, file: NpzFile) -> tuple[str, ...] | None:
    keys = [key for key in CLASSES if key in file.files]
    if not keys:
        return None
    array = _array(path, file, keys[0])
    if array.ndim != 1 or len(keys) > 1:
        shape = f"an array {keys[0]} of shape {list(array.shape)}"
        raise DataFormatError(
            f"{path} has {shape if len(keys) == 1 else f'both {listed(keys)}'}",
            "one array of the names of the classes, shape [K]",
            "save it again",
        )
    return tuple(
        value.decode("utf-8") if isinstance(value, bytes) else str(value)
        for value in array.tolist()
    )


def _header(path: Path, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array, without reading its values.

    Raises:
        DataFormatError: it claims more than its bytes on disk can hold.
        OutOfMemoryError: there is no memory for it.
    """
    with zipfile.ZipFile(path) as archive, archive.open(_member(archive, key)) as member:
        file = io.BytesIO(member.read(_HEADER_BYTES))  # longer ones are refused, and never read
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _fortran, dtype = read(file)
        packed = archive.getinfo(member.name)
    length = math.prod(shape) * dtype.itemsize
    if length > packed.file_size and not dtype.hasobject:  # NumPy refuses those itself
        raise ValueError(f"{key} claims {length:,} bytes and has {packed.file_size:,}")
    stored = min(packed.compress_size, on_disk(path))
    require_claim(f"{path}, {key},", length, stored)
    require_rows(f"{path}, {key},", shape[0] if shape else 1, on_disk(path))
    return shape, dtype


def _member(archive: zipfile.ZipFile, key: str) -> str:
    """NumPy finds an array under its key with and without the suffix."""
    return f"{key}.npy" if f"{key}.npy" in archive.namelist() else key


def _array(path: Path, file: NpzFile, key: str) -> NDArray[Any]:
    """An array that is read because its header claims no more than it may."""
    _header(path, key)
    array: NDArray[Any] = file[key]
    return array


def _loaded(path: Path) -> NpzFile:
    found = np.load(path, allow_pickle=False)
    if not isinstance(found, NpzFile):
        raise ValueError("a single array")  # noqa: TRY004  # of the file, no argument
    return found


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataFormatError(
            f"{path} is damaged or no plain .npz ({error or type(error).__name__})",
            "arrays of numbers or text, saved by numpy.savez",
            "save it again, with text as numpy.array(labels, dtype=str)",
        ) from error


def _require_one(path: Path, pairs: Sequence[Pair], column: str) -> None:
    if len(pairs) > 1:
        raise DataFormatError(
            f"{path} has several arrays of pictures, {listed(pair.images for pair in pairs)}",
            f"one whose split an array ({column!r}) can say",
            "leave --pictures.split-column out, and name the arrays in --pictures.splits",
        )
