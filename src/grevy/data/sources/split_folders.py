"""Which of the folders in a folder are splits, which are classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grevy.data.names import Spellings, listed
from grevy.data.sources.split_words import how_to_name, looks_like_split, plain_split, split_of
from grevy.errors import DataFormatError, DataNotFoundError
from grevy.recipes.split_choice import SplitChoice


@dataclass(frozen=True)
class Inside:
    """A folder at the top, and what lies in it."""

    name: str
    folders: tuple[str, ...]
    pictures_beside: bool
    """Whether pictures lie in it directly, as in the folder of a class."""
    any_picture: bool
    """Whether pictures lie in it at any depth."""


def split_places(
    root: Path, insides: Sequence[Inside], choice: SplitChoice
) -> dict[str, list[str]]:
    """The folders of each split, relative to `root`; "" for train where no folder is a split.

    A folder is a split if it is called by its plain word (train, val, ...), or if its name means
    one (`seg_train`, `Training`) and it holds folders as splits do. Folders that all hold the same
    folders, and folders that look like splits and hold folders (fold0), are splits that are not
    understood: the user names them.

    Raises:
        DataFormatError: splits and classes mixed, one split twice, or splits not understood.
        DataNotFoundError: no folder of a chosen name.
    """
    if choice.column:
        raise _no_columns(root, choice.column)
    if choice:
        return _chosen(root, choice)
    splits = {inside.name: split for inside in insides if (split := _split(inside, insides))}
    others = [inside for inside in insides if inside.name not in splits and inside.any_picture]
    if splits and others:
        raise _ambiguous(root, [inside.name for inside in insides])
    if len(set(splits.values())) < len(splits):
        raise _ambiguous(root, list(splits))
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


def _unclear(insides: Sequence[Inside]) -> list[str]:
    """Folders that may be splits by what they hold or how they are called."""
    if _nested_alike(insides):
        return [inside.name for inside in insides]
    return [i.name for i in insides if _is_nested(i) and looks_like_split(i.name)]


def _is_nested(inside: Inside) -> bool:
    return bool(inside.folders) and inside.any_picture and not inside.pictures_beside


def _nested_alike(insides: Sequence[Inside]) -> bool:
    """Whether two or more hold the same two or more folders, and no pictures beside them."""
    same = {inside.folders for inside in insides}
    alike = len(same) == 1 and len(insides) > 1 and len(insides[0].folders) > 1
    return alike and all(map(_is_nested, insides))


def _chosen(root: Path, choice: SplitChoice) -> dict[str, list[str]]:
    if choice.all_train:
        return {"train": [""]}
    spelled = {name: Spellings(root).find(name) for name in choice.names}
    if absent := [name for name in choice.names if not (root / spelled[name]).is_dir()]:
        raise DataNotFoundError(
            f"{root} has no folder {listed(absent)}",
            "folders that are there in --pictures.splits",
            "correct the names, or leave the field out",
        )
    places: dict[str, list[str]] = {}
    for name, split in choice.names.items():
        places.setdefault(split, []).append(spelled[name])
    return places


def _ambiguous(root: Path, folders: Sequence[str]) -> DataFormatError:
    return DataFormatError(
        f"{root} has the folders {listed(folders)}, which are splits and classes mixed, or one "
        "split twice",
        "either a folder per class, or one folder each for train, validation and test",
        "move the folders of classes into train, rename the folder that is no split, or give "
        f"{how_to_name(folders)}",
    )


def _not_understood(root: Path, folders: Sequence[str]) -> DataFormatError:
    return DataFormatError(
        f"{root} has the folders {listed(folders)}, which look like splits and have no known name",
        "folders named train, validation and test, or a folder per class",
        f"say which they are: {how_to_name(folders)} and they are classes",
    )


def _no_columns(root: Path, column: str) -> DataFormatError:
    return DataFormatError(
        f"{root} is a folder of pictures without a column {column!r}",
        "--pictures.split-column for a table only",
        f"leave it out, or give {how_to_name(())}",
    )
