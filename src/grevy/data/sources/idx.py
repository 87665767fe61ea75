"""MNIST and what is packed like it: idx files (LeCun 1998), plain or compressed by gzip."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from grevy.data.content_hash import content_hash
from grevy.data.memory import on_disk, require_claim, require_rows
from grevy.data.sources.labels import class_labels
from grevy.data.sources.rules import checked, row_ids
from grevy.data.types import ArraySplit, Source
from grevy.errors import DataFormatError, DataNotFoundError
from grevy.figures.numerals import counted

_PREFIXES = {"train": "train", "test": "t10k"}
_KINDS = {"images": 3, "labels": 1}  # dimensions
_INNER = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "mnist", "fashion-mnist")
_UINT8 = 8


def idx_folders(folder: Path) -> list[Path]:
    """The folders with idx files: this one, and those inside as torchvision makes them."""
    places = [folder / inner for inner in _INNER]
    return [place for place in places if find_idx_file(place, "train", "images")]


def idx_files(folder: Path) -> tuple[str, ...]:
    """Names of the files that are read of such a folder."""
    kinds = [(split, kind) for split in _PREFIXES for kind in _KINDS]
    found = (find_idx_file(folder, split, kind) for split, kind in kinds)
    return tuple(file.name for file in found if file)


def find_idx_file(folder: Path, split: str, kind: str) -> Path | None:
    """The file of a split's "images" or "labels", plain before compressed."""
    stem, ending = f"{_PREFIXES[split]}-{kind}", f"idx{_KINDS[kind]}-ubyte"
    names = [f"{stem}{dot}{ending}{suffix}" for suffix in ("", ".gz") for dot in "-."]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def read_idx(folder: Path, name: str, class_names: tuple[str, ...] | None = None) -> Source:
    """The idx files of a folder. Without class names, the numbers are the names.

    Raises:
        DataNotFoundError: a split's pictures or labels are missing.
        DataFormatError: a file is damaged, cut off, or of another kind.
    """
    splits, names = {}, []
    for split in _PREFIXES:
        images = find_idx_file(folder, split, "images")
        labels = find_idx_file(folder, split, "labels")
        if images and labels:
            splits[split] = _read_split(split, images, labels, class_names)
            names += [images.name, labels.name]
        elif images or labels:
            raise _half(folder, split, "labels" if images else "images")
    return checked(Source(name, splits, content_hash(folder, names), class_names))


def _half(folder: Path, split: str, kind: str) -> DataNotFoundError:
    return DataNotFoundError(
        f"{folder} has no {_PREFIXES[split]}-{kind}-idx{_KINDS[kind]}-ubyte, plain or .gz",
        "pictures and labels for each split",
        "get the missing file from the publisher",
    )


def _read_split(
    split: str, images: Path, labels: Path, class_names: tuple[str, ...] | None
) -> ArraySplit:
    count, *sides = _claimed(images, _KINDS["images"])
    require_rows(str(images), count, on_disk(images))
    labelled = _claimed(labels, _KINDS["labels"])[0]
    if 0 in sides:
        raise _foreign(images, f"pictures of {sides[0]}×{sides[1]} pixels: none at all")
    if count != labelled:
        raise DataFormatError(
            f"{images} has {counted(count, 'picture')} and {labels} has"
            f" {counted(labelled, 'label')}",
            "one label for each picture",
            "get both files again from the publisher",
        )
    values = _read(labels, _KINDS["labels"]).tolist()
    found = class_labels(values, class_names, str(labels))
    return ArraySplit(row_ids(split, count), found.names, lambda: _read(images, _KINDS["images"]))


def _read(path: Path, dimensions: int) -> NDArray[np.uint8]:
    with _opened(path) as file:
        shape = _shape(file, path, dimensions)
        length = math.prod(shape)
        _require_room(path, shape)
        content = file.read(length + 1)  # no more, whatever a compressed file may hold
    if len(content) != length:
        more_or_less = "more" if len(content) > length else "less"
        raise _foreign(path, f"{more_or_less} than the {length:,} bytes that it announces")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _claimed(path: Path, dimensions: int) -> tuple[int, ...]:
    """What the header claims, where the file and the memory can hold it."""
    with _opened(path) as file:
        shape = _shape(file, path, dimensions)
    _require_room(path, shape)
    return shape


def _require_room(path: Path, shape: tuple[int, ...]) -> None:
    """Refuse a header that claims more than the file can hold, or than there is memory for."""
    length, size = math.prod(shape), path.stat().st_size
    if path.suffix != ".gz" and size < length:
        raise _foreign(path, f"less than the {length:,} bytes that it announces")
    require_claim(str(path), length, on_disk(path))


def _shape(file: IO[bytes], path: Path, dimensions: int) -> tuple[int, ...]:
    """The header: two zeros, the type, the count of dimensions, each as 4 bytes, high first."""
    header = file.read(4 + 4 * dimensions)
    if len(header) < 4 + 4 * dimensions or header[:4] != bytes((0, 0, _UINT8, dimensions)):
        raise _foreign(path, "no idx header")
    return tuple(np.frombuffer(header[4:], ">u4").tolist())


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield cast("IO[bytes]", file)
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise _foreign(path, f"what can't be read ({error or type(error).__name__})") from error


def _foreign(path: Path, received: str) -> DataFormatError:
    return DataFormatError(
        f"{path} holds {received}",
        "a whole idx file of uint8 values",
        "get the file again from the publisher",
    )
