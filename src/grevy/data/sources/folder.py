"""A folder with a folder per class, with or without folders for the splits around them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grevy.data.content_hash import content_hash
from grevy.data.natural import natural_key
from grevy.data.sources.rules import PICTURE_SUFFIXES, SPLIT_WORDS, checked, is_hidden, listed
from grevy.data.types import EncodedSplit, Source
from grevy.errors import DataFormatError, DataNotFoundError, EmptyDataError
from grevy.figures.numerals import counted


def read_class_folders(root: Path, name: str) -> Source:
    """`root/cat/1.png`, or `root/train/cat/1.png` and so on for `validation` and `test`.

    `val` and `valid` are other words for `validation`. Pictures may lie deeper in the folder of
    their class. Links to folders are followed; each real folder is read once in a class.

    Raises:
        EmptyDataError: no folder with pictures.
        DataFormatError: folders of splits beside folders of classes.
        DataNotFoundError: a folder or file that can't be read.
        DataError: what `checked` raises.
    """
    splits, strangers = {}, []
    places = _split_places(root)
    for split, place in places.items():
        splits[split], others = _read_split(root, place)
        strangers += others
    names = [picture for split in splits.values() for picture in split.ids]
    if not names:
        raise _no_pictures(root)
    classes, _files_beside = _inside(root / places.get("train", ""))
    digest = content_hash(root, names)
    return checked(Source(name, splits, digest, tuple(classes), _notes(strangers)))


def inner_folder(folder: Path) -> Path:
    """Where the data begins in an unpacked archive: below folders that only wrap one other."""
    folders, files = _inside(folder)
    if len(folders) == 1 and not any(map(_is_picture, files)) and _inside(folder / folders[0])[0]:
        return inner_folder(folder / folders[0])
    return folder


def _split_places(root: Path) -> dict[str, str]:
    """The folder of each split, relative to `root`; "" for train where no splits are named."""
    folders, _files_beside = _inside(root)
    named = [folder for folder in folders if folder.lower() in SPLIT_WORDS]
    places = {SPLIT_WORDS[folder.lower()]: folder for folder in named}
    others = [folder for folder in folders if folder not in named]
    if named and any(_is_picture(file) for folder in others for file in _files_below(root, folder)):
        raise _ambiguous(root, folders)
    if len(places) < len(named):
        raise _ambiguous(root, named)
    return places or {"train": ""}


def _read_split(root: Path, place: str) -> tuple[EncodedSplit, list[str]]:
    """The pictures in the folders of classes, and the paths of all other files."""
    ids: list[str] = []
    labels: list[str] = []
    classes, files_beside = _inside(root / place)
    strangers = [os.path.join(place, file) for file in files_beside]
    for label in classes:
        for file in _files_below(root, os.path.join(place, label)):
            if _is_picture(file):
                ids.append(file)
                labels.append(label)
            else:
                strangers.append(file)
    names = tuple(ids)
    return EncodedSplit(names, tuple(labels), lambda: [root / name for name in names]), strangers


def _notes(strangers: Sequence[str]) -> tuple[str, ...]:
    if not strangers:
        return ()
    return (
        f"{counted(len(strangers), 'file')} not read, for no picture in a class folder: "
        f"{listed(strangers)}",
    )


def _files_below(root: Path, place: str) -> Iterator[str]:
    """Visible files, relative to `root`, in natural order; each real folder once, so no loops."""
    start = len(os.path.join(root, ""))
    seen: set[tuple[int, int]] = set()
    for here, folders, files in os.walk(
        os.path.join(root, place), followlinks=True, onerror=_refuse
    ):
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = _visible(folders)
        yield from (os.path.join(here, file)[start:] for file in _visible(files))


def _inside(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the visible folders and files in a folder."""
    _here, folders, files = next(os.walk(folder, onerror=_refuse))
    return _visible(folders), _visible(files)


def _visible(names: Iterable[str]) -> list[str]:
    return sorted((name for name in names if not is_hidden(name)), key=natural_key)


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES


def _refuse(error: OSError) -> None:
    raise DataNotFoundError(
        f"{error.filename} can't be read ({error.strerror})",
        "a folder that may be read",
        "check its permissions",
    ) from error


def _no_pictures(root: Path) -> EmptyDataError:
    return EmptyDataError(
        f"{root} has no picture in a folder below it",
        f"a folder per class with pictures ({' '.join(sorted(PICTURE_SUFFIXES))}), a CIFAR, idx or "
        "Parquet folder",
        "check the path, or sort the pictures into folders named by their class",
    )


def _ambiguous(root: Path, folders: Sequence[str]) -> DataFormatError:
    return DataFormatError(
        f"{root} has the folders {listed(folders)}, which are splits and classes mixed, or one "
        "split twice",
        "either a folder per class, or one folder each for train, validation and test",
        "move the folders of classes into train, or rename the folder that is no split",
    )
