"""NumPy's .npz files."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from grevy.data.content_hash import content_hash
from grevy.data.sources.arrays import array_labels, as_pixels, require_pixels
from grevy.data.sources.rules import listed, readable, row_ids
from grevy.data.types import ArraySplit, Source
from grevy.errors import DataFormatError

_UNNAMED = "images"
"""Pictures of which the file says no split."""

_PAIRS = (
    ("train", "x_train", "y_train"),
    ("train", _UNNAMED, "labels"),
    ("train", "train_images", "train_labels"),
    ("validation", "x_validation", "y_validation"),
    ("validation", "x_val", "y_val"),
    ("validation", "x_valid", "y_valid"),
    ("validation", "val_images", "val_labels"),
    ("test", "x_test", "y_test"),
    ("test", "test_images", "test_labels"),
)
_CLASSES = "classes"
_KEYS = frozenset(key for _split, *keys in _PAIRS for key in keys) | {_CLASSES}


def read_npz(path: Path, name: str) -> Source:
    """Pictures and labels by key; pickled objects are refused.

    `x_val` and `x_valid`, and `train_images`, `val_images`, `test_images` with `_labels`, serve,
    too. Keys: `x_train` and `y_train`, and optionally `x_validation`, `y_validation`, `x_test`,
    `y_test`; or `images` and `labels`, which are train; and optionally `classes`. Images are uint8,
    [N, H, W] or [N, H, W, 1] gray or [N, H, W, 3] RGB. Labels are [N] class names, or integers,
    which `classes` names if it is there.

    Raises:
        DataFormatError: other keys, types or shapes, or a damaged file.
        DataError: what `readable` raises.
    """
    with _reading(path), np.load(path, allow_pickle=False) as file:
        pairs = _pairs(path, file.files)
        names = tuple(map(str, file[_CLASSES].tolist())) if _CLASSES in file.files else None
        splits = {
            split: _read_split(path, split, images, file[labels], names)
            for split, images, labels in pairs
        }
        strangers = sorted(set(file.files) - _KEYS)
    notes = (f"not read: the arrays {listed(strangers)}",) if strangers else ()
    digest = content_hash(path.parent, [path.name])
    return readable(Source(name, splits, digest, names, notes, pairs[0][1] != _UNNAMED))


def _pairs(path: Path, keys: Collection[str]) -> list[tuple[str, str, str]]:
    """(split, key of the images, key of the labels) of the splits that are there."""
    begun = [pair for pair in _PAIRS if pair[1] in keys or pair[2] in keys]
    for _split, images, labels in begun:
        if images not in keys or labels not in keys:
            raise _other_keys(path, keys)
    if not begun or len({split for split, *_ in begun}) < len(begun):
        raise _other_keys(path, keys)
    return begun


def _read_split(
    path: Path, split: str, images: str, labels: NDArray[Any], names: tuple[str, ...] | None
) -> ArraySplit:
    """Labels now; of the pictures only the shape, until they are asked for."""
    where = f"{path}, {images}"
    shape, dtype = _header(path, images)
    require_pixels(shape, dtype, where)
    found = array_labels(labels, shape[0], names, where)
    return ArraySplit(row_ids(split, shape[0]), found, lambda: _pixels(path, images))


def _pixels(path: Path, key: str) -> NDArray[np.uint8]:
    with _reading(path), np.load(path, allow_pickle=False) as file:
        return as_pixels(file[key], f"{path}, {key}")


def _header(path: Path, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array, without reading its values."""
    with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _fortran, dtype = read(file)
    return shape, dtype


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


def _other_keys(path: Path, keys: Collection[str]) -> DataFormatError:
    return DataFormatError(
        f"{path} has the arrays {listed(sorted(keys))}",
        "x_train and y_train, and in pairs x_validation, y_validation, x_test, y_test; or images "
        "and labels",
        "save it with these names",
    )
