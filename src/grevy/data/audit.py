"""What a set of pictures holds, and what is wrong with it, before any training."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from grevy.data.cache import Decoded, OnProgress, decode_source
from grevy.data.load import (
    DEFAULT_PICTURES,
    Where,
    class_order,
    decoding_notes,
    open_source,
    place_name,
)
from grevy.data.types import PictureFacts, Source
from grevy.recipes.schema import PicturesConfig


@dataclass(frozen=True)
class Range:
    """Of one side of the pictures, in pixels."""

    smallest: int
    median: float
    largest: int


@dataclass(frozen=True)
class UnreadablePicture:
    """A picture that can't be decoded, and why."""

    split: str
    id: str
    reason: str


@dataclass(frozen=True)
class PictureName:
    """Where a picture is to be found."""

    split: str
    id: str
    label: str


@dataclass(frozen=True)
class Duplicates:
    """Pictures whose pixels are equal, at their original size."""

    pictures: tuple[PictureName, ...]
    across_splits: bool
    """A leak: what is tested or validated was also trained on."""
    contradictory: bool
    """The same pixels carry different labels."""


@dataclass(frozen=True)
class Audit:
    """What a set of pictures holds, and what is wrong with it."""

    name: str
    where: str
    classes: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    """Pictures of each class, by split, the unreadable ones included."""
    height: Range | None
    """Of the readable pictures after the EXIF turn; None if there are none."""
    width: Range | None
    distinct_sizes: int
    formats: Mapping[str, int]
    modes: Mapping[str, int]
    """Pillow's modes as stored: RGB, L, P, CMYK, I;16, ..."""
    unreadable: tuple[UnreadablePicture, ...]
    duplicates: tuple[Duplicates, ...]
    """Groups, leaks first, then contradictory labels, then the others."""
    input_shape: tuple[int, int, int]
    """Channels, height, width that the network will see."""
    fit: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as what JSON knows."""
        return asdict(self)


def audit(
    where: Where,
    pictures: PicturesConfig = DEFAULT_PICTURES,
    *,
    on_progress: OnProgress | None = None,
) -> Audit:
    """Look at every picture of a place; pictures that can't be read are listed, not raised.

    Args:
        where: as `load_data` takes it.
        pictures: how the pictures would be prepared for a network.
        on_progress: called with (pictures decoded, pictures in all) while decoding.

    Raises:
        DataError: nothing there, or splits and classes that can't be trained on.
        SaveError: the cache folder lacks the space or can't be written.
    """
    source = open_source(where, pictures)
    decoded = decode_source(source, pictures, on_progress=on_progress)
    return examine(source, decoded, pictures, place_name(where, source))


def examine(source: Source, decoded: Decoded, pictures: PicturesConfig, where: str) -> Audit:
    """Draw up the audit of a decoded source."""
    facts = [fact for members in decoded.facts.values() for fact in members]
    readable = [fact for fact in facts if fact.error is None]
    classes = class_order(source)
    return Audit(
        name=source.name,
        where=where,
        classes=classes,
        counts={name: _per_class(split.labels, classes) for name, split in source.splits.items()},
        height=_range([fact.height for fact in readable]),
        width=_range([fact.width for fact in readable]),
        distinct_sizes=len({(fact.height, fact.width) for fact in readable}),
        formats=_counts(fact.format for fact in readable),
        modes=_counts(fact.mode for fact in readable),
        unreadable=tuple(
            UnreadablePicture(split, fact.id, fact.error)
            for split, members in decoded.facts.items()
            for fact in members
            if fact.error is not None
        ),
        duplicates=find_duplicates(decoded.facts),
        input_shape=decoded.input_shape,
        fit=pictures.fit,
        notes=tuple(decoding_notes(source, decoded, pictures)),
    )


def find_duplicates(facts: Mapping[str, Sequence[PictureFacts]]) -> tuple[Duplicates, ...]:
    """Groups of readable pictures with equal pixels."""
    groups: dict[str, list[PictureName]] = defaultdict(list)
    for split, members in facts.items():
        for fact in members:
            if fact.error is None:
                groups[fact.pixel_hash].append(PictureName(split, fact.id, fact.label))
    found = [
        Duplicates(
            tuple(group),
            across_splits=len({picture.split for picture in group}) > 1,
            contradictory=len({picture.label for picture in group}) > 1,
        )
        for group in groups.values()
        if len(group) > 1
    ]
    return tuple(sorted(found, key=lambda d: (not d.across_splits, not d.contradictory)))


def _per_class(labels: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    found = Counter(labels)
    return {name: found[name] for name in classes}


def _range(values: Sequence[int]) -> Range | None:
    return Range(min(values), float(median(values)), max(values)) if values else None


def _counts(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, most frequent first."""
    return dict(Counter(values).most_common())
