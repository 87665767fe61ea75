"""Labelled pictures that a network is tried on: one split of them, or all where there are none."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from grevy.data.cache import decode_source
from grevy.data.load import Where, decoding_notes, find, place_name, readable_rows, split_from
from grevy.data.names import listed
from grevy.data.sources.labels import no_labels
from grevy.data.types import Source, Split
from grevy.errors import ClassMismatchError, EmptyDataError, MissingSplitError
from grevy.figures.numerals import counted
from grevy.recipes.schema import PicturesConfig

ALL = "all"
"""What the pictures of data without splits are called together."""

NAMED = 20
"""Classes that an error spells out."""


@dataclass(frozen=True)
class Labelled:
    """Labelled pictures, decoded; their labels are indices of a network's classes.

    Attributes:
        where: how the place is called.
        name: of the split: "train", "validation" or "test"; "all" of data without splits.
        split: the pictures.
        notes: what was decided on the way and must be said.
    """

    where: str
    name: str
    split: Split
    notes: tuple[str, ...] = ()


def load_labelled(
    where: Where, pictures: PicturesConfig, classes: Sequence[str], split: str | None = None
) -> Labelled:
    """One split; all pictures where nothing says which are which.

    Fewer pictures than a training needs and fewer classes are no matter. Labels go by class name.

    Args:
        where: as `load_data` takes it.
        pictures: size, channels, fit, splits, and what to do with unreadable pictures.
        classes: of the network.
        split: "train", "validation" or "test"; None: test, or all of data without splits.

    Raises:
        NoLabelsError: pictures that have none.
        MissingSplitError: no such split.
        ClassMismatchError: a class that the network does not know.
        UnreadablePictureError: pictures that can't be decoded, and `pictures` says stop.
        DataError: nothing there, or something is wrong with it.
    """
    source = find(where, pictures.split_choice())
    place = place_name(where, source)
    stored = _stored_as(source, split, place)
    labelled = source.splits[stored]
    require_known(labelled.labels, classes, place)
    chosen = replace(source, splits={stored: labelled})
    decoded = decode_source(chosen, pictures)
    rows, left_out = readable_rows(chosen, decoded.facts, pictures, place)
    if not len(rows[stored]):
        raise EmptyDataError(f"no picture in {place} can be read", "one that can", "mend them")
    notes = (*decoding_notes(chosen, decoded, pictures), *left_out)
    found = split_from(decoded, stored, rows[stored], classes)
    return Labelled(place, stored if source.has_splits else ALL, found, notes)


def require_known(labels: Collection[str], classes: Sequence[str], place: str) -> None:
    """Refuse classes that the network does not know.

    Raises:
        ClassMismatchError: names them, and the nearest that it knows.
    """
    extra = [name for name in dict.fromkeys(labels) if name not in set(classes)]
    if not extra:
        return
    if set(extra) == {"-1"}:
        count = counted(sum(label == "-1" for label in labels), "picture")
        raise no_labels(f"{place} has {count} with -1 for a label, which is none: no labels")
    more = f" and {len(classes) - NAMED:,} more" if len(classes) > NAMED else ""
    raise ClassMismatchError(
        f"{place} has the class {listed(extra)}, which the network does not know",
        f"the network's classes {', '.join(classes[:NAMED])}{more}",
        _how_to_name(extra, set(labels), classes),
    )


def _how_to_name(extra: Sequence[str], labels: Collection[str], classes: Sequence[str]) -> str:
    if all(name.isdecimal() and int(name) < len(classes) for name in labels):
        return "its labels are numbers without names: write the class names of training instead"
    known = {name.casefold(): name for name in classes}
    near = difflib.get_close_matches(extra[0].casefold(), known, n=1)
    meant = f" ('{extra[0]}': '{known[near[0]]}'?)" if near else ""
    return f"name the classes as in training{meant}, or take these pictures out"


def _stored_as(source: Source, split: str | None, place: str) -> str:
    """The split of the source that is meant.

    Raises:
        MissingSplitError: it does not have it.
    """
    if not source.has_splits:
        if split not in (None, ALL):
            raise MissingSplitError(
                f"no {split} split in {place}, which has no splits",
                f"{ALL}: {counted(len(source.splits['train'].labels), 'picture')}",
                "leave --split out, or say which are which with --pictures.splits",
            )
        return "train"
    wanted = "test" if split is None else split
    if wanted not in source.splits:
        raise MissingSplitError(
            f"no {wanted} split in {place}",
            f"one of {', '.join(source.splits)}",
            "choose another --split",
        )
    return wanted
