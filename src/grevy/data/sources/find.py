"""From what the user typed to the reader that understands it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

from grevy.data.archives import ARCHIVE_SUFFIXES, is_archive, unpack
from grevy.data.sources import hub
from grevy.data.sources.arrays import array_source
from grevy.data.sources.builtin import BUILT_IN, read_built_in
from grevy.data.sources.cifar import find_cifar, read_cifar
from grevy.data.sources.csv_table import read_csv
from grevy.data.sources.folder import inner_folder, read_class_folders
from grevy.data.sources.idx import find_idx, read_idx
from grevy.data.sources.npz import read_npz
from grevy.data.sources.parquet import find_parquet, read_parquet_file, read_parquet_folder
from grevy.data.sources.rules import short_name
from grevy.data.types import Source
from grevy.errors import DataFormatError, DataNotFoundError
from grevy.recipes.parts import GROUPS, Part, known_parts, load_entry_points

_Reader = Callable[[Path, str], Source]

_FILES: dict[str, _Reader] = {
    ".csv": read_csv,
    ".npz": read_npz,
    ".parquet": read_parquet_file,
}
_FOLDERS: tuple[tuple[Callable[[Path], Path | None], _Reader], ...] = (
    (find_cifar, read_cifar),
    (find_idx, read_idx),
    (find_parquet, read_parquet_folder),
)


def find_source(where: str | Path) -> Source:
    """The image data at a place, listed and not yet decoded.

    Args:
        where: a built-in name (digits, cifar10, cifar100, mnist, fashion-mnist); "hf:owner/name";
            what a registered data source recognises, as "name:anything"; or the path of a folder (a
            folder per class, CIFAR batches, idx files, Parquet files), a zip or tar of such a
            folder, a .csv, a .npz or a .parquet file. A folder that is named like built-in data is
            given as "./digits".

    Raises:
        DataNotFoundError: there is no such thing.
        DataError: what is there can't be used; the readers say why.
        DownloadError, ChecksumError, SaveError: it can't be fetched or unpacked.
    """
    if isinstance(where, str) and where in BUILT_IN:
        return read_built_in(where)
    if isinstance(where, str) and where.startswith(hub.PREFIX):
        return hub.read_hub(where)
    if isinstance(where, str) and (part := _recognising(where)):
        return array_source(part.name, part.built(where))
    path = Path(where).expanduser()
    if path.is_dir():
        return _read_folder(path, short_name(path))
    if path.is_file():
        return _read_file(path, short_name(path))
    if isinstance(where, str) and (part := _of_a_package(where)):
        return array_source(part.name, part.built(where))
    raise _not_found(where)


def _recognising(where: str) -> Part | None:
    """The data source that a plugin registered, or that has a file in `kinds/`, for this place."""
    parts = known_parts("data source").values()
    return next((part for part in parts if part.recognises and part.recognises(where)), None)


def _of_a_package(where: str) -> Part | None:
    """The data source of an installed package that is named as the place begins: `name:...`."""
    name, colon, _ = where.partition(":")
    if colon:
        load_entry_points(GROUPS["data source"], name)
    return _recognising(where)


def _read_folder(folder: Path, name: str) -> Source:
    for find, read in _FOLDERS:
        if found := find(folder):
            return read(found, name)
    return read_class_folders(folder, name)


def _read_file(path: Path, name: str) -> Source:
    if is_archive(path):
        return _read_folder(inner_folder(unpack(path)), name)
    if read := _FILES.get(path.suffix.lower()):
        return read(path, name)
    raise DataFormatError(
        f"{path} is no file of image data",
        f"a folder, or a file that ends in {', '.join((*_FILES, *ARCHIVE_SUFFIXES))}",
        "give the folder that holds the pictures",
    )


def _not_found(where: str | Path) -> DataNotFoundError:
    close = difflib.get_close_matches(str(where).lower(), BUILT_IN, n=2)
    meant = f"did you mean {' or '.join(close)}? Else check" if close else "check"
    return DataNotFoundError(
        f"no folder, file or built-in image data '{where}'",
        f"a path, hf:owner/name, or one of {', '.join(BUILT_IN)}",
        f"{meant} the spelling",
    )
