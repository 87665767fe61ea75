"""Names of classes and pictures in one spelling, and what is to be said about them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from grevy.data.names import listed, nfc
from grevy.data.natural import natural_key
from grevy.data.types import Source
from grevy.errors import DataFormatError

_POINT = re.compile(r"(?<=\d)\.0*$")


def composed(source: Source) -> Source:
    """The source with all names in NFC; classes that become one are one, which is said.

    Raises:
        DataFormatError: two pictures that get one name, a class listed twice or without a name.
    """
    _require_names(source)
    spelled = {label for split in source.splits.values() for label in split.labels}
    spelled |= set(source.class_names or ())
    one = {label: nfc(label) for label in spelled}
    splits = {
        name: replace(
            split,
            ids=_composed_ids(source.name, split.ids),
            labels=tuple(one[label] for label in split.labels),
        )
        for name, split in source.splits.items()
    }
    ways = Counter(one.values())
    merged = sorted((name for name, count in ways.items() if count > 1), key=natural_key)
    said = f"class names that are spelled with and without accents apart are one: {listed(merged)}"
    names = source.class_names and tuple(dict.fromkeys(one[n] for n in source.class_names))
    notes = (*source.notes, *([said] if merged else []), *_alike_note(ways))
    return replace(source, splits=splits, class_names=names, notes=tuple(dict.fromkeys(notes)))


def _composed_ids(source: str, ids: tuple[str, ...]) -> tuple[str, ...]:
    if all(map(str.isascii, ids)):
        return ids
    composed = tuple(map(nfc, ids))
    if len(set(composed)) < len(set(ids)):
        ways = Counter(nfc(name) for name in set(ids))
        twice = sorted((name for name, count in ways.items() if count > 1), key=natural_key)
        raise DataFormatError(
            f"{source} has {listed(twice)} twice: with composed letters and with accents apart",
            "names that differ in more than that",
            "rename one of the files, or bring both folders together",
        )
    return composed


def _alike_note(classes: Iterable[str]) -> tuple[str, ...]:
    """The note on classes that are likely one."""
    by_look: dict[str, list[str]] = {}
    for name in sorted(classes, key=natural_key):
        by_look.setdefault(_POINT.sub("", " ".join(name.casefold().split())), []).append(name)
    alike = [name for names in by_look.values() if len(names) > 1 for name in names]
    if not alike:
        return ()
    return (f"different classes that differ in capitals, spaces or '.0' only: {listed(alike)}",)


def _require_names(source: Source) -> None:
    names = source.class_names or ()
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or "" in names:
        raise DataFormatError(
            f"{source.name} lists the class {listed(twice)} twice"
            if twice
            else f"{source.name} lists a class without a name",
            "a name of its own for each class",
            "correct the list of class names",
        )
