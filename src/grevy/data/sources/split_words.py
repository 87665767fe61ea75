"""Which names mean a split: the one place that knows the words, for all sources."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grevy.data.types import SPLITS

_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation"), "test"),
}
_PLAIN = {"train": "train", "validation": "validation", "valid": "validation"} | {
    "val": "validation",
    "test": "test",
}
_UNNAMED = frozenset(
    (
        *(
            "fold",
            "folds",
            "split",
            "splits",
            "subset",
            "subsets",
            "partition",
            "partitions",
            "set",
        ),
        *("holdout", "cv", "phase", "usage", "trainval", "trainvaltest", "traintest", "minival"),
    )
)
"""Words of splits that don't say which."""
_BESIDE = frozenset(
    (
        *(
            "is",
            "in",
            "for",
            "id",
            "no",
            "nr",
            "num",
            "number",
            "name",
            "index",
            "idx",
            "the",
            "data",
        ),
        *(
            "dataset",
            "column",
            "type",
            "k",
            "kfold",
            "stratified",
            "use",
            "used",
            "public",
            "private",
        ),
    )
)
"""What stands beside them in names of columns."""
_AFFIX = re.compile(r"(?<=.)(set|sets|data|dataset|images?|imgs?|pictures?|photos|split|folder)$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTERS = re.compile(r"[^\W\d_]+")
_YES = frozenset(("true", "1", "yes", "y", "t", "1.0"))
_NO = frozenset(("false", "0", "no", "n", "f", "0.0"))


def plain_split(name: str) -> str | None:
    """The split that a name is, in any case, without anything else: train, val, ..."""
    return _PLAIN.get(name.casefold())


def split_of(name: str) -> str | None:
    """The split that a name means: a word of one split, between anything that is no letter.

    `Training`, `seg_train`, `trainset`, `TestImages`, `data-val-00000-of-00002`, `train2017`. None
    where there is no such word, or words of two splits.
    """
    found = {_WORDS[word] for word in _words(name) if word in _WORDS}
    return found.pop() if len(found) == 1 else None


def looks_like_split(name: str) -> bool:
    """Whether a folder or file of this name may be a split that is not understood: fold0, cv_1."""
    words = _words(name)
    return split_of(name) is None and any(word in _UNNAMED or word in _WORDS for word in words)


def is_split_column(name: str) -> bool:
    """Whether a column of this name may say the split: is_valid, subset, fold, Usage, test."""
    words = _words(name)
    marks = [word for word in words if word in _WORDS or word in _UNNAMED]
    return bool(marks) and all(word in marks or word in _BESIDE for word in words)


def split_of_value(column: str, value: str) -> str | None:
    """The split that a value in a column of splits means; yes and no in `is_valid` and the like."""
    meant, folded = split_of(column), value.strip().casefold()
    if meant and folded in _YES:
        return meant
    if meant and folded in _NO:
        return "test" if meant == "train" else "train"
    return split_of(value)


def taken_note(taken: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The note on (split, name) pairs, none where there are none."""
    by_split: dict[str, list[str]] = {}
    for split, name in taken:
        by_split.setdefault(split, []).append(f"'{name}'")
    found = [split for split in SPLITS if split in by_split]
    said = "; ".join(f"{split} is {_some(by_split[split])}" for split in found)
    return (f"taken as splits: {said}",) if said else ()


def how_to_name(places: Iterable[str], column: str = "") -> str:
    """What to type where a split is not understood."""
    names = list(places)
    if len(names) < 2:
        names = ["NAME", "OTHER"]
    pairs = f"--pictures.splits train={names[0]},test={names[-1]}"
    chosen = f"--pictures.split-column {column} " if column else ""
    return f"{chosen}{pairs} (and validation=...), or --pictures.splits train=. if all is train"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _words(name: str) -> list[str]:
    found = (word.casefold() for word in _LETTERS.findall(_CAMEL.sub(" ", name)))
    return [word if word in _WORDS or word in _UNNAMED else _AFFIX.sub("", word) for word in found]
