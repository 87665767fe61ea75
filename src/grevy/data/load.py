"""From a place to image data: find, decode, leave out, split, fingerprint."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.cache import Decoded, OnProgress, decode_source
from grevy.data.names import listed
from grevy.data.natural import natural_key
from grevy.data.remarks import picture_notes
from grevy.data.sources.arrays import labelled_arrays
from grevy.data.sources.find import as_it_is, find_labelled
from grevy.data.sources.rules import checked, readable
from grevy.data.splits import data_fingerprint, order_hash, split_hash, stratified_part, take_rows
from grevy.data.types import SPLITS, ImageData, PictureFacts, Source, Split
from grevy.errors import DataError, DataFormatError, UnreadablePictureError
from grevy.figures.numerals import counted
from grevy.recipes.schema import PicturesConfig
from grevy.recipes.split_choice import SplitChoice

Where = str | Path | Source | Mapping[str, tuple[Any, Any]]
"""A built-in name or place, a source, or arrays: `{"train": (images, labels), ...}`."""

DEFAULT_PICTURES = PicturesConfig()

_NAMED_AT_MOST = 20

_Facts = Mapping[str, Sequence[PictureFacts]]
_Rows = Mapping[str, NDArray[np.intp]]
"""Which decoded pictures make up a split."""


def load_data(
    where: Where,
    pictures: PicturesConfig = DEFAULT_PICTURES,
    *,
    on_progress: OnProgress | None = None,
) -> ImageData:
    """Image data, decoded, checked and split, ready for batches.

    Args:
        where: a built-in name, a folder, a file, a `Source`, or arrays by split.
        pictures: size, channels, fit, validation, and what to do with unreadable pictures.
        on_progress: called with (pictures decoded, pictures in all) while decoding.

    Raises:
        DataError: nothing there, or something is wrong with it; the error says what.
        SaveError: the cache folder lacks the space or can't be written.
    """
    source = open_source(where, pictures)
    place = place_name(where, source)
    decoded = decode_source(source, pictures, on_progress=on_progress)
    rows, left_out = readable_rows(source, decoded.facts, pictures, place)
    _check_rest(source, rows)
    rows, carved = _with_validation(decoded.facts, rows, pictures)
    classes = class_order(source)
    splits = {
        name: split_from(decoded, name, rows[name], classes) for name in SPLITS if name in rows
    }
    hashes = {name: split.content_hash for name, split in splits.items()}
    notes = (
        *decoding_notes(source, decoded, pictures),
        *left_out,
        *carved,
        *_split_notes(decoded.facts, rows),
    )
    fingerprint = data_fingerprint(classes, hashes)
    name, bits = source.name, pictures.bits
    return ImageData(name, place, classes, splits, pictures.fit, fingerprint, notes, bits)


def open_source(where: Where, pictures: PicturesConfig = DEFAULT_PICTURES) -> Source:
    """What is at a place, its splits in the order train, validation, test.

    Raises:
        DataError: nothing there, or splits and classes that can't be trained on.
    """
    source = checked(find(where, pictures.split_choice()))
    splits = {name: source.splits[name] for name in SPLITS if name in source.splits}
    return replace(source, splits=splits)


def find(where: Where, choice: SplitChoice) -> Source:
    """Labelled pictures at a place, of which some may be missing that a training needs."""
    if isinstance(where, Mapping):
        return as_it_is(labelled_arrays("arrays", where), choice)
    if not isinstance(where, Source):
        return find_labelled(where, choice)
    if unknown := set(where.splits).difference(SPLITS):
        raise DataFormatError(
            f"{where.name} has the split {listed(sorted(unknown))}", listed(SPLITS), "rename it"
        )
    return as_it_is(readable(where), choice)


def place_name(where: Where, source: Source) -> str:
    """How the place is called in records and messages."""
    return str(where) if isinstance(where, str | Path) else source.name


def typed_place(place: str, pictures: PicturesConfig) -> str:
    """The place and what was said about its splits, as one types them behind a command."""
    words = [place]
    words += ["--pictures.splits", pictures.splits] * bool(pictures.splits)
    words += ["--pictures.split-column", pictures.split_column] * bool(pictures.split_column)
    return shlex.join(words)


def class_order(source: Source) -> tuple[str, ...]:
    """Class names in the order of their indices: the publisher's, else natural sort."""
    names = set(source.splits["train"].labels)
    return source.class_names or tuple(sorted(names, key=natural_key))


def decoding_notes(source: Source, decoded: Decoded, pictures: PicturesConfig) -> list[str]:
    """What reading and decoding have to tell, such as pictures brought to another size."""
    notes = [*source.notes, *decoded.notes]
    height, width = decoded.input_shape[1:]
    good = [fact for facts in decoded.facts.values() for fact in facts if fact.error is None]
    sizes = [(fact.height, fact.width) for fact in good]
    if other := sum(size != (height, width) for size in sizes):
        brought = f"brought to {height}×{width} ({pictures.fit})"
        notes.append(f"{other:,} of {counted(len(sizes), 'picture')} {brought}")
    return [*notes, *picture_notes(good, decoded.input_shape, pictures)]


def readable_rows(
    source: Source, facts: _Facts, pictures: PicturesConfig, place: str
) -> tuple[_Rows, list[str]]:
    """Rows of the readable pictures of each split, and a note on the others.

    Raises:
        UnreadablePictureError: there are others, and `pictures` says stop.
    """
    rows = {name: np.flatnonzero([f.error is None for f in fs]) for name, fs in facts.items()}
    bad = [(name, fact) for name, fs in facts.items() for fact in fs if fact.error is not None]
    if not bad:
        return rows, []
    total = sum(map(len, facts.values()))
    place = typed_place(place, pictures)
    if pictures.unreadable == "stop":
        raise _unreadable(bad, total, place)
    named = "; ".join(f"{name}: {fact.id} ({fact.error})" for name, fact in bad[:_NAMED_AT_MOST])
    more = len(bad) - _NAMED_AT_MOST
    rest = f"; and {more:,} more, which `grevy data {place}` lists" if more > 0 else ""
    return rows, [
        f"left out {len(bad):,} of {counted(total, 'picture')} that can't be read: {named}{rest}"
    ]


def _unreadable(
    bad: Sequence[tuple[str, PictureFacts]], total: int, place: str
) -> UnreadablePictureError:
    """The refusal; `place` as it is typed."""
    names = listed([fact.id for _, fact in bad])
    return UnreadablePictureError(
        f"{len(bad):,} of {counted(total, 'picture')} can't be read: {names}"
        f" (the first because: {bad[0][1].error})",
        "pictures that can be decoded",
        f"`grevy data {place}` lists them all; mend or remove them,"
        " or leave them out with --pictures.unreadable leave-out",
    )


def _check_rest(source: Source, rows: _Rows) -> None:
    """What holds for a source must still hold for what is left of it.

    Raises:
        DataError: a split or a class has no picture any more.
    """
    left_out = sum(len(split.ids) - len(rows[name]) for name, split in source.splits.items())
    if not left_out:
        return
    splits = {
        name: replace(
            split,
            ids=tuple(split.ids[row] for row in rows[name]),
            labels=tuple(split.labels[row] for row in rows[name]),
        )
        for name, split in source.splits.items()
    }
    try:
        checked(replace(source, splits=splits, class_names=class_order(source)))
    except DataError as error:
        received = f"{error.received} once {left_out:,} unreadable pictures are left out"
        raise type(error)(received, error.expected, error.mend) from error


def _with_validation(
    facts: _Facts, rows: _Rows, pictures: PicturesConfig
) -> tuple[_Rows, list[str]]:
    """The rows, with a validation split carved from train where there is none, and a note on it.

    Lots are drawn in the order of contents, so the same pictures make the same split in whatever
    order and form they come.
    """
    if "validation" in rows:
        return rows, []
    members = [facts["train"][row] for row in rows["train"]]
    contents = [(member.label, member.pixel_hash) for member in members]
    by_content_N = np.array(sorted(range(len(members)), key=contents.__getitem__))
    labels = [members[i].label for i in by_content_N]
    mask_N = np.empty(len(members), bool)
    mask_N[by_content_N] = stratified_part(
        labels, pictures.validation_fraction, pictures.split_seed
    )
    note = (
        f"no validation split: {100 * pictures.validation_fraction:.3g} % of train"
        f" ({mask_N.sum():,} of {counted(len(mask_N), 'picture')}), stratified,"
        f" seed {pictures.split_seed}"
    )
    train = rows["train"]
    return {**rows, "train": train[~mask_N], "validation": train[mask_N]}, [note]


def _split_notes(facts: _Facts, rows: _Rows) -> list[str]:
    """Notes on a split that is absent, and on splits that share pictures with train."""
    notes = [] if "test" in rows else ["no test split: test figures are absent"]
    hashes = {name: [fact.pixel_hash for fact in _members(facts, name, rows)] for name in rows}
    trained_on = set(hashes.pop("train"))
    for name, found in hashes.items():
        if leaked := sum(pixel_hash in trained_on for pixel_hash in found):
            part = f"{leaked:,} of {counted(len(found), f'{name} picture')}"
            notes.append(f"{part} are in train, too, pixel for pixel")
    return notes


def split_from(
    decoded: Decoded, name: str, rows_M: NDArray[np.intp], classes: Sequence[str]
) -> Split:
    """The decoded pictures in those rows; their labels are places in `classes`."""
    facts = _members(decoded.facts, name, {name: rows_M})
    index = {label: number for number, label in enumerate(classes)}
    return Split(
        images_NCHW=take_rows(decoded.images_NCHW[_stored_as(name, decoded.facts)], rows_M),
        labels_N=np.array([index[fact.label] for fact in facts], np.int64),
        ids=tuple(fact.id for fact in facts),
        content_hash=split_hash([f.label for f in facts], [f.pixel_hash for f in facts]),
        order_hash=order_hash([f.label for f in facts], [f.pixel_hash for f in facts]),
        pixel_hashes=tuple(fact.pixel_hash for fact in facts),
    )


def _members(facts: _Facts, name: str, rows: _Rows) -> list[PictureFacts]:
    stored = facts[_stored_as(name, facts)]
    return [stored[row] for row in rows[name]]


def _stored_as(name: str, facts: _Facts) -> str:
    """The decoded split that holds this split: a carved validation lies in train."""
    return name if name in facts else "train"
