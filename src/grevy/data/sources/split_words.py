"""Which names mean a split: the one place that knows the words, for all sources."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePath

from grevy.data.names import listed, nfc
from grevy.data.types import SPLITS

_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation", "holdout"), "test"),
    **dict.fromkeys(("trainings", "trainingsdaten", "trainingsbilder"), "train"),
    **dict.fromkeys(("validierung", "validierungsdaten", "validierungsbilder"), "validation"),
    **dict.fromkeys(("testdaten", "testbilder"), "test"),
    **dict.fromkeys(("entrainement", "entraînement", "entrenamiento", "treinamento"), "train"),
    **dict.fromkeys(("validación", "validação"), "validation"),
    **dict.fromkeys(("训练", "训练集", "訓練", "訓練集"), "train"),
    **dict.fromkeys(("验证", "验证集", "驗證", "驗證集"), "validation"),
    **dict.fromkeys(("测试", "测试集", "測試", "測試集"), "test"),
}
"""Only words that mean nothing else: `essai` and `prueba` stay for the user to name."""
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
        *(
            "kfold",
            "kfolds",
            "cvfold",
            "foldid",
            "cv",
            "phase",
            "usage",
            "trainval",
            "trainvaltest",
            "traintest",
            "minival",
        ),
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
_HOLD_OUT = re.compile(r"(?<![^\W_])h[eo]ld[\W_]?out(?![^\W_])", re.IGNORECASE)
_NUMBERED = re.compile(r"(.+?)(?:[\W_]*(?:[A-Z]|\d+)|[\W_]+[a-z])$")
_LONGEST_VALUE = 40
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


def is_numbered_split(name: str) -> bool:
    """Whether a name is a word of a split and a number or letter behind it: trainA, test_2."""
    found = _NUMBERED.match(nfc(name))
    return found is not None and split_of(found[1]) is not None and is_split_column(found[1])


def are_splits(values: Iterable[str]) -> bool:
    """Whether the values of a column say splits: words of two splits or more, or nothing else."""
    distinct = {value.strip() for value in values} - {""}
    meant = [split_of(value) for value in distinct if _is_split_value(value)]
    return bool(meant) and (len(set(meant)) > 1 or len(meant) == len(distinct))


def how_to_name(places: Iterable[str], column: str = "", everything: str = "all is train") -> str:
    """What to type where a split is not understood, with nothing in it that is guessed.

    A name stands for the split that its own word means, where it alone means it. The user says
    which of the others are what. `everything` says when all may be read as train.
    """
    meant: dict[str, list[str]] = {}
    for place in places:
        own = split_of_value(column, place) if column else split_of(PurePath(place).name)
        meant.setdefault(own or "", []).append(place)
    known = {split: meant[split] for split in SPLITS if split in meant}
    named = {split: names[0] if len(names) == 1 else "NAME" for split, names in known.items()}
    named = named or {"train": "NAME", "test": "NAME"}
    pairs = shlex.quote(",".join(f"{split}={name}" for split, name in named.items()))
    chosen = f"--pictures.split-column {shlex.quote(column)} " if column else ""
    said = f"{chosen}--pictures.splits {pairs}{_choose(known, meant.get('', []))}"
    return f"{said}, or --pictures.splits train=. if {everything}"


def _choose(known: dict[str, list[str]], unknown: list[str]) -> str:
    """What is said about the names that the user has to judge."""
    several = {split: names for split, names in known.items() if len(names) > 1}
    said = [f"NAME for {split} is one of {listed(names)}" for split, names in several.items()]
    if known and unknown:
        said += [f"{listed(unknown)} left out until train=, validation= or test= is added for it"]
    elif unknown:
        said += [f"each NAME one of {listed(unknown)}, more of them by train=NAME,train=NAME"]
    return f" ({'; '.join(said)})" if said else ""


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _words(name: str) -> list[str]:
    spaced = _HOLD_OUT.sub(" holdout ", _CAMEL.sub(" ", nfc(name)))
    found = (word.casefold() for word in _LETTERS.findall(spaced))
    return [word if word in _WORDS or word in _UNNAMED else _AFFIX.sub("", word) for word in found]


def _is_split_value(value: str) -> bool:
    """Whether a value is the word of a split and no sentence, path or id that has it in it."""
    short = len(value) <= _LONGEST_VALUE and not any(map(str.isdigit, value))
    return short and split_of(value) is not None and is_split_column(value)
