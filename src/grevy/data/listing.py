"""Pictures by the paths that a user names: files, and folders with all that is below them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grevy.data.decode import read_header
from grevy.data.litter import is_litter
from grevy.data.names import Spellings, listed
from grevy.data.natural import natural_key
from grevy.data.sources.rules import PICTURE_SUFFIXES, refuse_folder
from grevy.errors import DataNotFoundError, EmptyDataError
from grevy.figures.numerals import counted


@dataclass(frozen=True)
class Listing:
    """What lies at the paths that a user names.

    Attributes:
        pictures: files as they are named, and of folders what is a picture by its first bytes,
            whatever its suffix, or by its suffix.
        others: files below folders that are neither, in the same order.
    """

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]


def list_pictures(places: Iterable[str | Path]) -> list[Path]:
    """The pictures of `list_files`; errors as there."""
    return list(list_files(places).pictures)


def list_files(places: Iterable[str | Path]) -> Listing:
    """Files as they are named, and all that is visible below folders, in natural order.

    Links to folders are followed; each real folder is read once.

    Raises:
        DataNotFoundError: a path that does not exist, or is neither a file nor a folder.
        EmptyDataError: no picture at all.
    """
    named = [Path(Spellings(Path()).find(str(place))) for place in places]
    pictures: list[Path] = []
    others: list[Path] = []
    for place in named:
        for file in _files_at(place):
            (pictures if file == place or _is_picture(file) else others).append(file)
    if not pictures:
        raise _no_picture(named, others)
    return Listing(tuple(pictures), tuple(others))


def _is_picture(file: Path) -> bool:
    """By its suffix, also where it is damaged; else by its first bytes, if it is a plain file."""
    if file.suffix.lower() in PICTURE_SUFFIXES and (file.is_file() or not file.exists()):
        return True
    return file.is_file() and read_header(file) is not None


def _files_at(place: Path) -> Iterator[Path]:
    if place.is_file() or (place.is_symlink() and not place.exists()):
        yield place  # whatever it is called; a link that leads nowhere can't be read
    elif place.is_dir():
        yield from sorted(_files_below(place), key=lambda path: natural_key(path.as_posix()))
    elif place.exists():
        raise DataNotFoundError(
            f"{place} is neither a file nor a folder", "a picture", "name a regular file"
        )
    else:
        raise DataNotFoundError(f"no file or folder {place}", "a picture", "check the spelling")


def _files_below(folder: Path) -> Iterator[Path]:
    known: set[tuple[int, int]] = set()
    for here, folders, files in os.walk(folder, followlinks=True, onerror=refuse_folder):
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in known:
            folders.clear()
            continue
        known.add((status.st_dev, status.st_ino))
        folders[:] = [name for name in folders if not is_litter(name)]
        yield from (Path(here, name) for name in files if not is_litter(name))


def _no_picture(named: list[Path], others: list[Path]) -> EmptyDataError:
    told = f" ({counted(len(others), 'other file')}: {listed(others)})" if others else ""
    return EmptyDataError(
        f"no picture in {', '.join(map(str, named)) or 'an empty list'}{told}",
        "picture files or folders with some",
        "check the paths",
    )
