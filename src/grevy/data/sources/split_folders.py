"""Which of the folders in a folder are splits, which are classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from grevy.data.names import Spellings, listed
from grevy.data.sources.split_words import (
    how_to_name,
    is_numbered_split,
    looks_like_split,
    plain_split,
    split_of,
)
from grevy.errors import DataFormatError, DataNotFoundError
from grevy.recipes.split_choice import SplitChoice

_CLASSES = "the folders at the top are classes"


@dataclass(frozen=True)
class Inside:
    """A folder at the top, and what lies in it."""

    name: str
    folders: tuple[str, ...]
    pictures_beside: bool
    """Whether pictures lie in it directly, as in the folder of a class."""
    any_picture: bool
    """Whether pictures lie in it at any depth."""
    splits: tuple[str, ...] = ()
    """Paths of the folders whose names mean splits in it, or in the one folder that it wraps."""
    splits_hold_folders: bool = False
    """Whether folders lie in one of these, as those of classes do."""


def split_places(
    root: Path, insides: Sequence[Inside], choice: SplitChoice
) -> dict[str, list[str]]:
    """The folders of each split, relative to `root`; "" for train where no folder is a split.

    A folder is a split if it is called by its plain word (train, val, ...), or if its name means
    one (`seg_train`, `Training`) and it holds folders as splits do. Folders that all hold the same
    folders, folders that look like splits (fold0, trainA) and folders with splits inside are not
    understood: the user names them.

    Raises:
        DataFormatError: splits and classes mixed, one split twice, or splits not understood.
        DataNotFoundError: no folder of a chosen name.
    """
    if choice.column:
        raise _no_columns(root, choice.column)
    if choice:
        return _chosen(root, choice, insides)
    splits = {inside.name: split for inside in insides if (split := _split(inside, insides))}
    others = [inside for inside in insides if inside.name not in splits and inside.any_picture]
    if splits and others:
        raise _ambiguous(root, insides)
    if len(set(splits.values())) < len(splits):
        raise _ambiguous(root, [inside for inside in insides if inside.name in splits])
    if not splits and (around := [inside for inside in others if inside.splits]):
        raise _splits_below(root, around)
    if not splits and (unclear := _unclear(others)):
        raise _not_understood(root, unclear)
    return {split: [name] for name, split in splits.items()} or {"train": [""]}


def _split(inside: Inside, insides: Sequence[Inside]) -> str | None:
    """Its split, if it is one: a class may be called `test_tube` or `bullet_train`."""
    if plain := plain_split(inside.name):
        return plain
    with_pictures = [other for other in insides if other.any_picture]
    if all(_is_nested(other) and split_of(other.name) for other in with_pictures):
        return split_of(inside.name)
    same = _nested_alike(with_pictures) or any(plain_split(other.name) for other in insides)
    return split_of(inside.name) if same and _is_nested(inside) else None


def _unclear(insides: Sequence[Inside]) -> list[Inside]:
    """Folders that may be splits by what they hold or how they are called."""
    if 2 * len(shared := _sharing(insides)) > len(insides):
        return shared
    return [inside for inside in insides if _may_be_split(inside)]


def _may_be_split(inside: Inside) -> bool:
    called_so = _is_nested(inside) and looks_like_split(inside.name)
    return called_so or is_numbered_split(inside.name)


def _sharing(insides: Sequence[Inside]) -> list[Inside]:
    """Those that hold a folder that another holds too, and no pictures beside: sites, years, parts.

    One folder that all of them hold (`images`) is no class, but a wrapper.
    """
    nested = [inside for inside in insides if _is_nested(inside)]
    times = Counter(folder for inside in nested for folder in inside.folders)
    sharing = [i for i in nested if any(times[folder] > 1 for folder in i.folders)]
    return sharing if len({folder for i in sharing for folder in i.folders}) > 1 else []


def _is_nested(inside: Inside) -> bool:
    return bool(inside.folders) and inside.any_picture and not inside.pictures_beside


def _nested_alike(insides: Sequence[Inside]) -> bool:
    """Whether two or more hold the same two or more folders, and no pictures beside them."""
    same = {inside.folders for inside in insides}
    alike = len(same) == 1 and len(insides) > 1 and len(insides[0].folders) > 1
    return alike and all(map(_is_nested, insides))


def _chosen(root: Path, choice: SplitChoice, insides: Sequence[Inside]) -> dict[str, list[str]]:
    if choice.all_train:
        return {"train": [""]}
    spelled = {name: Spellings(root).find(name) for name in choice.names}
    if absent := [name for name in choice.names if not (root / spelled[name]).is_dir()]:
        raise DataNotFoundError(
            f"{root} has no folder {listed(absent)}",
            "folders that are there in --pictures.splits",
            "correct the names, or leave the field out",
        )
    chosen = [inside for inside in insides if inside.name in spelled.values()]
    if around := [
        inside for inside in chosen if inside.splits and all(map(split_of, inside.folders))
    ]:
        raise _splits_below(root, around)
    places: dict[str, list[str]] = {}
    for name, split in choice.names.items():
        places.setdefault(split, []).append(spelled[name])
    return places


def _ambiguous(root: Path, insides: Sequence[Inside]) -> DataFormatError:
    return DataFormatError(
        f"{root} has the folders {listed(i.name for i in insides)}, which are splits and classes "
        "mixed, or one split twice",
        "either a folder per class, or one folder each for train, validation and test",
        "move the folders of classes into train, rename the folder that is no split, or give "
        f"{_typed(insides)}",
    )


def _not_understood(root: Path, insides: Sequence[Inside]) -> DataFormatError:
    return DataFormatError(
        f"{root} has the folders {listed(i.name for i in insides)}, which look like splits (they "
        "are called so, or hold the same folders) and have no known name",
        "folders named train, validation and test, or a folder per class",
        f"say which they are: {_typed(insides)}",
    )


def _typed(insides: Sequence[Inside]) -> str:
    """What to type; folders that hold no folders of classes can't be read as splits."""
    nested = [inside.name for inside in insides if _is_nested(inside)]
    if nested:
        return how_to_name(nested, everything=_CLASSES)
    return f"--pictures.splits train=. if {_CLASSES}"


def _splits_below(root: Path, around: Sequence[Inside]) -> DataFormatError:
    """Splits inside what would be read as classes."""
    paths = [path for inside in around for path in inside.splits]
    if not any(inside.splits_hold_folders for inside in around):
        top, split = PurePath(paths[0]).parent.as_posix(), PurePath(paths[0]).name
        return DataFormatError(
            f"{root} has the folders {listed(paths)}, which are splits inside of classes",
            "a folder for each split, and in it a folder per class",
            f"move {top}/{split} to {split}/{top}, and so on; or give --pictures.splits train=. if "
            f"{_CLASSES}",
        )
    inner = root / PurePath(paths[0]).parent
    one = f"give the folder {inner}, or " if len(around) == 1 else ""
    return DataFormatError(
        f"{root} has the folders {listed(paths)}, which look like splits and lie below the top",
        "folders of splits at the top, or a folder per class",
        f"{one}say which they are: {how_to_name(paths, everything=_CLASSES)}",
    )


def _no_columns(root: Path, column: str) -> DataFormatError:
    return DataFormatError(
        f"{root} is a folder of pictures without a column {column!r}",
        "--pictures.split-column for a table only",
        f"leave it out, or give {how_to_name(())}",
    )
