"""Which arrays of an .npz file are pictures and labels, and of which split."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from grevy.data.names import listed, nfc
from grevy.data.sources.split_words import how_to_name, looks_like_split, split_of
from grevy.errors import DataFormatError
from grevy.recipes.split_choice import SplitChoice

CLASSES = ("classes", "class_names", "label_names")
"""Arrays of the names of classes, in the order of their numbers."""
_WORDS = {
    "images": ("x", "images", "image", "imgs", "img", "data", "pictures", "pixels", "inputs"),
    "labels": ("y", "labels", "label", "targets", "target"),
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKENS = re.compile(r"[^\W_]+")


class Pair(NamedTuple):
    """Two arrays that belong together, as x_train and y_train."""

    name: str
    """What is left of their keys without the words for pictures and labels: "train", or ""."""
    images: str
    labels: str


def find_pairs(path: Path, keys: Sequence[str]) -> list[Pair]:
    """The arrays whose keys say pictures and labels, in their order.

    A key is a word for pictures (x, images, data, ...) or labels (y, labels, targets, ...), and
    beside it in any order what both have in common: `x_train`, `trainX`, `images_fold0`, `labels`.

    Raises:
        DataFormatError: none, a half of one, or two arrays for one half.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for key in keys:
        kind, name = _parts(key)
        if kind:
            found.setdefault(name, {"images": [], "labels": []})[kind].append(key)
    for name, group in found.items():
        for twice in group.values():
            if len(twice) > 1:
                raise _other_keys(path, keys, f"{listed(twice)}, which may mean the same")
        if not (group["images"] and group["labels"]) and (not name or split_of(name)):
            raise _other_keys(path, keys)
    whole = {name: g for name, g in found.items() if g["images"] and g["labels"]}
    if not whole:
        raise _other_keys(path, keys)
    return [Pair(name, *group["images"], *group["labels"]) for name, group in whole.items()]


def split_pairs(path: Path, pairs: Sequence[Pair], choice: SplitChoice) -> dict[str, list[Pair]]:
    """The pairs of each split, as their names or the user say; others belong to none.

    Raises:
        DataFormatError: one split twice, no train, names that look like splits and are not
            understood, or chosen names that are not there.
    """
    if choice.all_train:
        return {"train": list(pairs)}
    if choice.names:
        return _chosen(path, pairs, choice)
    splits: dict[str, list[Pair]] = {}
    for pair in pairs:
        if split := split_of(pair.name) if pair.name else "train":
            splits.setdefault(split, []).append(pair)
    unclear = [pair.name for pair in pairs if pair.name and looks_like_split(pair.name)]
    if unclear or not splits:
        raise _not_understood(path, unclear or [pair.name for pair in pairs])
    for several in splits.values():
        if len(several) > 1:
            keys = [key for pair in several for key in pair[1:]]
            raise DataFormatError(
                f"{path} has the arrays {listed(keys)}, which are one split twice",
                "one pair of arrays for each split",
                f"name those to read: --pictures.splits {_naming(splits)}",
            )
    return splits


def is_chosen(pairs: Sequence[Pair], choice: SplitChoice) -> bool:
    """Whether the user names arrays, and no values of a column."""
    called = {name for pair in pairs for name in _called(pair)}
    return not choice.column and not called.isdisjoint(choice.names)


def _chosen(path: Path, pairs: Sequence[Pair], choice: SplitChoice) -> dict[str, list[Pair]]:
    called = {name: pair for pair in pairs for name in _called(pair)}
    if absent := sorted(set(choice.names) - called.keys()):
        raise DataFormatError(
            f"{path} has no arrays called {listed(absent)}",
            f"names in --pictures.splits of {listed(pair.images for pair in pairs)}",
            "correct the names, or leave the field out",
        )
    splits: dict[str, list[Pair]] = {}
    for name, split in choice.names.items():
        splits.setdefault(split, []).append(called[name])
    return splits


def _called(pair: Pair) -> list[str]:
    """What a user may call it: its name, or one of its arrays."""
    return [nfc(name) for name in pair if name]


def _parts(key: str) -> tuple[str | None, str]:
    """The kind of a key, and what it has in common with the key of the other kind."""
    tokens = [piece for token in _TOKENS.findall(_CAMEL.sub(" ", key)) for piece in _pieces(token)]
    kinds = {_KINDS[token] for token in tokens if token in _KINDS}
    name = "_".join(token for token in tokens if token not in _KINDS)
    return (kinds.pop() if len(kinds) == 1 and key not in CLASSES else None), name


def _pieces(token: str) -> list[str]:
    """Of `xtrain` both words; most tokens are one."""
    word = token.casefold()
    cuts = ((word[:place], word[place:]) for place in range(1, len(word)))
    for left, right in cuts:
        if (left in _KINDS and split_of(right)) or (split_of(left) and right in _KINDS):
            return [left, right]
    return [word]


def _naming(splits: dict[str, list[Pair]]) -> str:
    """What to type for the first pair of each split."""
    return ",".join(f"{split}={pairs[0].images}" for split, pairs in splits.items())


def _other_keys(path: Path, keys: Collection[str], received: str = "") -> DataFormatError:
    return DataFormatError(
        f"{path} has the arrays {received or listed(sorted(keys))}",
        "x_train and y_train, and in pairs x_validation, y_validation, x_test, y_test; or images "
        f"and labels (words for pictures: {', '.join(_WORDS['images'])}; for labels: "
        f"{', '.join(_WORDS['labels'])})",
        "save it with these names",
    )


def _not_understood(path: Path, names: Sequence[str]) -> DataFormatError:
    return DataFormatError(
        f"{path} has arrays for {listed(names)}, which say no split",
        "a word for the split in the name of each array: x_train and y_train",
        f"say which they are: {how_to_name(names)}",
    )
