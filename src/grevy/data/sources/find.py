"""From what the user typed to the reader that understands it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from grevy.data.archives import ARCHIVE_SUFFIXES, is_archive, unpack, unpacking_notes
from grevy.data.litter import is_litter
from grevy.data.names import Spellings, listed
from grevy.data.sources import hub
from grevy.data.sources.arrays import labelled_arrays
from grevy.data.sources.builtin import BUILT_IN, read_built_in
from grevy.data.sources.cifar import cifar_files, cifar_folders, read_cifar
from grevy.data.sources.csv_table import read_csv
from grevy.data.sources.folder import has_class_folders, inner_folder, read_class_folders
from grevy.data.sources.idx import idx_files, idx_folders, read_idx
from grevy.data.sources.npz import read_npz
from grevy.data.sources.parquet import (
    find_parquet,
    parquet_splits,
    read_parquet_file,
    read_parquet_folder,
)
from grevy.data.sources.rules import checked, short_name
from grevy.data.types import Source
from grevy.errors import (
    DataError,
    DataFormatError,
    DataNotFoundError,
    EmptyDataError,
    NoLabelsError,
    OneClassError,
)
from grevy.recipes.parts import GROUPS, Part, known_parts, load_entry_points
from grevy.recipes.split_choice import SplitChoice

_SplitReader = Callable[[Path, str, SplitChoice], Source]


_FILES: dict[str, _SplitReader] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".npz": read_npz,
    ".parquet": read_parquet_file,
}
_AS_NAMED = SplitChoice()


class _Packed(NamedTuple):
    """A form of a publisher's: files of fixed names in a folder."""

    folders: Callable[[Path], list[Path]]
    files: Callable[[Path], tuple[str, ...]]
    """Names of those that are read."""
    read: Callable[[Path, str], Source]


_PACKED = (
    _Packed(cifar_folders, cifar_files, read_cifar),
    _Packed(idx_folders, idx_files, read_idx),
)


def find_source(where: str | Path, choice: SplitChoice = _AS_NAMED) -> Source:
    """The image data at a place that one can train on, listed and not yet decoded.

    Args:
        where: as for `find_labelled`.
        choice: what the user says about splits.

    Raises:
        DataError: what `find_labelled` and `checked` raise.
        DownloadError, ChecksumError, SaveError: it can't be fetched or unpacked.
    """
    source = find_labelled(where, choice)
    try:
        return checked(source)
    except OneClassError as error:
        raise _with_inner(error, where) from error


def find_labelled(where: str | Path, choice: SplitChoice = _AS_NAMED) -> Source:
    """Labelled pictures at a place, of which some may be missing that a training needs.

    Args:
        where: a built-in name (digits, cifar10, cifar100, mnist, fashion-mnist); "hf:owner/name";
            what a registered data source recognises, as "name:anything"; or the path of a folder (a
            folder per class, CIFAR batches, idx files, Parquet files), a zip or tar of such a
            folder, a .csv, a .npz or a .parquet file. A folder that is named like built-in data is
            given as "./digits".
        choice: what the user says about splits.

    Raises:
        DataNotFoundError: there is no such thing.
        DataError: what is there can't be used; the readers say why.
        DownloadError, ChecksumError, SaveError: it can't be fetched or unpacked.
    """
    if isinstance(where, str) and where in BUILT_IN:
        return as_it_is(read_built_in(where), choice)
    if isinstance(where, str) and where.startswith(hub.PREFIX):
        return hub.read_hub(where, choice)
    if isinstance(where, str) and (part := _recognising(where)):
        return as_it_is(labelled_arrays(part.name, part.built(where)), choice)
    path = Path(Spellings(Path()).find(str(Path(where).expanduser())))
    if path.is_dir():
        return _read_folder(path, short_name(path), choice)
    if path.is_file():
        return _read_file(path, short_name(path), choice)
    if isinstance(where, str) and (part := _of_a_package(where)):
        return as_it_is(labelled_arrays(part.name, part.built(where)), choice)
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


def _read_folder(folder: Path, name: str, choice: SplitChoice) -> Source:
    packed = [(place, form) for form in _PACKED for place in form.folders(folder)]
    rivals = _rivals(folder, [place for place, _ in packed])
    if len(rivals) > 1:
        raise DataFormatError(
            f"{folder} has {', and '.join(rivals)}",
            "one data set",
            "give the folder or file that is meant, or move the other away",
        )
    if packed:
        place, form = packed[0]
        source = as_it_is(form.read(place, name), choice)
        return replace(source, notes=(*source.notes, *_unread(folder, place, form.files(place))))
    if find_parquet(folder) and not has_class_folders(folder):
        return read_parquet_folder(folder, name, choice)
    try:
        return read_class_folders(folder, name, choice)
    except (EmptyDataError, NoLabelsError) as error:
        raise _with_tables(error, folder) from error


def _rivals(folder: Path, packed: Sequence[Path]) -> list[str]:
    """What there is to read, where more than one data set may be meant.

    A table beside others is a stray one, unless its name means a split.
    """
    found = [f"batches or idx files in {place}" for place in packed]
    found += ["folders of pictures"] * has_class_folders(folder)
    return found + [listed(parquet_splits(folder))] * bool(found and parquet_splits(folder))


def _unread(folder: Path, place: Path, files: Sequence[str]) -> tuple[str, ...]:
    """The note on what lies beside the files that are read, in their folder and the one named."""
    known = {folder: set(place.relative_to(folder).parts[:1]), place: set(files)}
    beside = [
        os.path.relpath(path, folder)
        for here, read in known.items()
        for path in sorted(here.iterdir())
        if path.name not in read and not is_litter(path.name)
    ]
    return (f"not read: {listed(beside)}",) if beside else ()


def _with_tables(error: DataError, folder: Path) -> DataError:
    """The same error, naming the files in the folder that may be what is meant."""
    tables = sorted(str(file) for file in folder.iterdir() if file.suffix.lower() in _FILES)
    if not tables:
        return _with_metadata(error, folder)
    mend = f"{error.mend}, or give the file that lists the pictures: {listed(tables)}"
    return type(error)(error.received, error.expected, mend)


def _with_inner(error: OneClassError, where: str | Path) -> OneClassError:
    """The same error, naming the folder below where a folder only wraps the classes."""
    folder = Path(where).expanduser()
    if not folder.is_dir() or (inner := inner_folder(folder)) == folder:
        return error
    mend = f"give the folder {inner} if its folders are the classes; else {error.mend}"
    return OneClassError(error.received, error.expected, mend)


def _with_metadata(error: DataError, folder: Path) -> DataError:
    """The same error, naming the tables of a Hugging Face `imagefolder`, one in each split."""
    tables = sorted(str(file) for file in folder.glob("*/metadata.*") if file.is_file())
    if not tables:
        return error
    mend = (
        f"their labels stand in {listed(tables)}: join these to one CSV file in {folder} with the"
        " columns path (train/0.png), label and split, and give that"
    )
    return type(error)(error.received, error.expected, mend)


def as_it_is(source: Source, choice: SplitChoice) -> Source:
    """The source, which has splits of its own.

    Raises:
        DataFormatError: the user says something about them.
    """
    if choice:
        raise DataFormatError(
            f"{source.name} has the splits {listed(source.splits)} of its own",
            "no --pictures.splits and no --pictures.split-column for it",
            "leave them out",
        )
    return source


def _read_file(path: Path, name: str, choice: SplitChoice) -> Source:
    if is_archive(path):
        said: list[str] = []
        folder = unpack(path, say=said.append)
        with _called(folder, path):
            source = _read_folder(inner_folder(folder), name, choice)
        return replace(source, notes=(*said, *unpacking_notes(folder), *source.notes))
    if read := _FILES.get(path.suffix.lower()):
        return read(path, name, choice)
    raise DataFormatError(
        f"{path} is no file of image data",
        f"a folder, or a file that ends in {', '.join((*_FILES, *ARCHIVE_SUFFIXES))}",
        "give the folder that holds the pictures",
    )


@contextmanager
def _called(folder: Path, archive: Path) -> Iterator[None]:
    """Inside, an error names the archive, and not the folder that it is unpacked in."""
    try:
        yield
    except DataError as error:
        told = [
            text.replace(f"{folder}/", f"{archive}: ").replace(str(folder), str(archive))
            for text in (error.received, error.expected, error.mend)
        ]
        raise type(error)(*told) from error


def _not_found(where: str | Path) -> DataNotFoundError:
    if Path(where).expanduser().exists():
        return DataNotFoundError(
            f"{where} is neither a file nor a folder",
            "a file or folder of image data",
            "save what it gives as a file",
        )
    close = difflib.get_close_matches(str(where).lower(), BUILT_IN, n=2)
    meant = f"did you mean {' or '.join(close)}? Else check" if close else "check"
    return DataNotFoundError(
        f"no folder, file or built-in image data '{where}'",
        f"a path, hf:owner/name, or one of {', '.join(BUILT_IN)}",
        f"{meant} the spelling",
    )
