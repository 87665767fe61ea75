"""A folder with a folder per class, with or without folders for the splits around them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grevy.data.content_hash import content_hash
from grevy.data.decode import read_header
from grevy.data.litter import is_litter, is_version_control, litter_note
from grevy.data.names import listed
from grevy.data.natural import natural_key
from grevy.data.sources.labels import no_labels
from grevy.data.sources.rules import PICTURE_SUFFIXES, readable, refuse_folder
from grevy.data.sources.split_folders import Inside, split_places
from grevy.data.sources.split_words import split_of, taken_note
from grevy.data.types import EncodedSplit, Source
from grevy.errors import DataNotFoundError, EmptyDataError
from grevy.figures.numerals import counted
from grevy.recipes.split_choice import SplitChoice

_AS_NAMED = SplitChoice()


@dataclass
class _Seen:
    """What was met on the way and is no picture, as paths relative to the data."""

    strangers: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        if not self.strangers:
            return litter_note(self.litter)
        folders = any(name.endswith("/") for name in self.strangers)
        kind = ("file or folder", "files and folders") if folders else ("file", "files")
        count = counted(len(self.strangers), *kind)
        return (
            f"{count} not read, for no picture in a class folder: {listed(self.strangers)}",
            *litter_note(self.litter),
        )


def read_class_folders(root: Path, name: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """`root/cat/1.png`, or `root/train/cat/1.png` and so on for `validation` and `test`.

    What is a split says `split_places`. Pictures may lie deeper in the folder of their class. Links
    to folders are followed; each real folder is read once in a class. What is named like a picture
    and is no file (a link to a picture that is gone, a pipe, an empty folder) is a picture that
    can't be read.

    Raises:
        EmptyDataError: no folder with pictures.
        DataFormatError: folders of splits beside folders of classes, or folders that may be splits.
        DataNotFoundError: a folder or file that can't be read, or a chosen one that is not there.
        NoLabelsError: pictures in no folder of a class.
        DataError: what `readable` raises.
    """
    seen = _Seen()
    folders, files = _inside(root, "", seen)
    places = split_places(root, [_look_into(root, folder) for folder in folders], choice)
    seen.strangers += _not_in(places, folders, files)
    splits = {split: _read_split(root, found, seen) for split, found in places.items()}
    names = [picture for split in splits.values() for picture in split.ids]
    for split, found in places.items():
        if not splits[split].ids and (flat := _pictures_in(root, found)):
            count = counted(len(flat), "picture")
            told = f" (split '{split}')" if found != [""] else ""
            raise no_labels(f"{root}{told} has {count} in no folder of a class: no labels")
    if not names:
        raise _no_pictures(root)
    classes = [label for place in places.get("train", [""]) for label in _classes(root, place)]
    digest = content_hash(root, [p for p in names if os.path.isfile(os.path.join(root, p))])
    taken = [(split, place) for split, found in places.items() for place in found if place]
    notes = (*taken_note(taken), *seen.notes())
    named = tuple(dict.fromkeys(classes)) or None
    has_splits = places != {"train": [""]}
    return readable(Source(name, splits, digest, named, notes, has_splits, sure_labels=True))


def has_class_folders(root: Path) -> bool:
    """Whether two or more folders with pictures lie here, as classes or splits do."""
    with_pictures = (f for f in _inside(root, "", _Seen())[0] if _any_picture(root, f))
    return next(with_pictures, None) is not None and next(with_pictures, None) is not None


def inner_folder(folder: Path) -> Path:
    """Where the data begins in an unpacked archive: below folders that only wrap one other."""
    folders, files = _inside(folder, "", _Seen())
    if len(folders) != 1 or any(_is_picture(folder, file) for file in files):
        return folder
    return inner_folder(folder / folders[0]) if _classes(folder, folders[0]) else folder


def _not_in(
    places: Mapping[str, Sequence[str]], folders: Sequence[str], files: Sequence[str]
) -> list[str]:
    """Folders and files beside those of the splits; files beside classes are met when read."""
    tops = {place.split("/")[0] for found in places.values() for place in found}
    return [] if "" in tops else [*(f"{name}/" for name in folders if name not in tops), *files]


def _look_into(root: Path, folder: str) -> Inside:
    folders, files = _inside(root, folder, _Seen())
    splits = _splits_in(root, folder)
    return Inside(
        folder,
        tuple(folders),
        any(_is_picture(root / folder, file) for file in files),
        _any_picture(root, folder),
        tuple(splits),
        any(_classes(root, split) for split in splits),
    )


def _splits_in(root: Path, folder: str) -> list[str]:
    """Paths of the folders with pictures whose names mean a split, below folders that only wrap."""
    folders, files = _inside(root, folder, _Seen())
    has_pictures = any(_is_picture(root / folder, file) for file in files)
    wraps = len(folders) == 1 and not split_of(folders[0]) and not has_pictures
    if wraps and not os.path.islink(root / folder / folders[0]):
        return _splits_in(root, f"{folder}/{folders[0]}")
    paths = (f"{folder}/{name}" for name in folders if split_of(name))
    return [path for path in paths if _any_picture(root, path)]


def _any_picture(root: Path, folder: str) -> bool:
    return any(_is_picture(root, file) for file in _files_below(root, folder, _Seen()))


def _read_split(root: Path, places: Sequence[str], seen: _Seen) -> EncodedSplit:
    """The pictures in the folders of classes; the paths of all other files go to `seen`."""
    ids: list[str] = []
    labels: list[str] = []
    for place in places:
        classes, files_beside = _inside(root, place, seen if place else _Seen())
        seen.strangers += [os.path.join(place, file) for file in files_beside]
        for label in classes:
            for file in _files_below(root, os.path.join(place, label), seen):
                if _is_picture(root, file):
                    ids.append(file)
                    labels.append(label)
                else:
                    seen.strangers.append(file)
    names = tuple(ids)
    return EncodedSplit(names, tuple(labels), lambda: [root / name for name in names])


def _classes(root: Path, place: str) -> list[str]:
    return _inside(root, place, _Seen())[0]


def _files_below(root: Path, place: str, seen: _Seen) -> Iterator[str]:
    """Visible files, relative to `root`, in natural order; each real folder once, so no loops."""
    start = len(os.path.join(root, ""))
    known: set[tuple[int, int]] = set()
    for here, folders, files in os.walk(
        os.path.join(root, place), followlinks=True, onerror=refuse_folder
    ):
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in known:
            folders.clear()
            continue
        known.add((status.st_dev, status.st_ino))
        folders[:] = _visible(root, here[start:], folders, seen)
        hollow = [name for name in folders if _is_hollow(os.path.join(here, name))]
        visible = _visible(root, here[start:], [*files, *hollow], seen)
        yield from (os.path.join(here, file)[start:] for file in visible)


def _pictures_in(root: Path, places: Sequence[str]) -> list[str]:
    """Pictures that lie in the folders themselves."""
    found = [(place, file) for place in places for file in _inside(root, place, _Seen())[1]]
    return [file for place, file in found if _is_picture(root / place, file)]


def _inside(root: Path, place: str, seen: _Seen) -> tuple[list[str], list[str]]:
    """Names of the visible folders and files in a folder.

    Raises:
        DataNotFoundError: it can't be read, or a link to a folder leads nowhere.
    """
    _here, folders, files = next(os.walk(root / place, onerror=refuse_folder))
    visible = _visible(root, place, files, seen)
    for file in visible:
        if not os.path.splitext(file)[1] and _is_broken_link(root / place / file):
            raise _broken_link(root / place / file)
    return _visible(root, place, folders, seen), visible


def _visible(root: Path, place: str, names: Sequence[str], seen: _Seen) -> list[str]:
    """Those that are data, sorted; litter goes to `seen`."""
    litter = {name for name in names if is_litter(name) or _is_cvs(root, place, name)}
    seen.litter += [os.path.join(place, name) for name in sorted(litter)]
    return sorted((name for name in names if name not in litter), key=natural_key)


def _is_cvs(root: Path, place: str, name: str) -> bool:
    path = os.path.join(root, place, name)
    return name == "CVS" and os.path.isdir(path) and is_version_control(name, os.listdir(path))


def _is_picture(folder: Path, name: str) -> bool:
    """By its suffix, also where it is damaged; else by its first bytes, as `grevy predict` does."""
    if _is_called_picture(name):
        return True
    path = folder / name
    return path.is_file() and read_header(path) is not None


def _is_called_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES


def _is_hollow(folder: str) -> bool:
    """Whether a folder is named like a picture and empty, so that the picture can't be read."""
    return _is_called_picture(folder) and not os.listdir(folder)


def _is_broken_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _broken_link(path: Path) -> DataNotFoundError:
    return DataNotFoundError(
        f"{path} is a link that leads nowhere",
        "folders of classes that are there",
        "mend the link, or remove it",
    )


def _no_pictures(root: Path) -> EmptyDataError:
    return EmptyDataError(
        f"{root} has no picture in a folder below it",
        f"a folder per class with pictures ({' '.join(sorted(PICTURE_SUFFIXES))}), a CIFAR, idx or "
        "Parquet folder",
        "check the path, or sort the pictures into folders named by their class",
    )
