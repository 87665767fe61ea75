"""Contestants of one comparison in one order of pictures: by ids, or by the user's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grevy.errors import DifferentDataError, PredictionsFileError
from grevy.figures.numerals import counted
from grevy.studies.answers import Reading, classes_said, readings
from grevy.studies.contestants import Contestant
from grevy.studies.imported import Imported
from grevy.studies.picture_ids import Unpaired, order_by_ids


def same_pictures(
    compared: Sequence[Contestant | Imported], same_order: bool
) -> tuple[Contestant, ...]:
    """All in the order of the first run; without a run, of the first file that has ids.

    Raises:
        DifferentDataError: not the same pictures, splits or classes.
        PredictionsFileError: a file without ids, unless its order is said to be the same.
    """
    runs = [c for c in compared if isinstance(c, Contestant)]
    files = [c for c in compared if isinstance(c, Imported)]
    for other in runs[1:]:
        _refuse_other_splits(runs[0], other)
    if runs:
        first, classes = runs[0], runs[0].classes
    else:
        leader = next((file for file in files if file.ids), files[0])
        classes = classes_said(files)
        first = _contestant(leader, readings(leader, classes, str(leader.path))[0], classes)
    return tuple(
        _aligned(first, c) if isinstance(c, Contestant) else _paired(first, c, same_order)
        for c in compared
    )


def _refuse_other_splits(first: Contestant, other: Contestant) -> None:
    assert first.record
    assert other.record
    ours, theirs = first.record.data, other.record.data
    if ours.classes != theirs.classes:
        what = "other classes"
    elif ours.splits != theirs.splits:
        differing = [name for name in ours.splits if ours.splits[name] != theirs.splits.get(name)]
        what = f"another {' and '.join(differing)} split"
    else:
        return
    raise DifferentDataError(
        f"{other.source} with {what} than {first.source}",
        "runs on the same pictures and splits",
        "compare runs with the same data and pictures.split_seed",
    )


def _aligned(first: Contestant, other: Contestant) -> Contestant:
    """A run in the order of the first."""
    order_N = _order(first, other.source, other.ids)
    labels_N, right_N = other.labels_N[order_N], other.right_N[order_N]
    if not np.array_equal(labels_N, first.labels_N):
        raise _other_labels(first, other.source, labels_N)
    return replace(other, right_N=right_N, labels_N=labels_N, ids=first.ids)


def _paired(first: Contestant, said: Imported, same_order: bool) -> Contestant:
    """A file in the order of the first: by ids, or as it stands where the user says so."""
    ways = readings(said, first.classes, str(first.source))
    if said.path == first.source:
        return replace(first, arm=said.name)
    by_ids = bool(first.ids and said.ids)
    if len(said.labels) != len(first.labels_N) and not by_ids:
        raise _other_labels(first, said.path, ways[0].labels_N)
    if not by_ids and not same_order:
        raise _no_ids(first, said)
    row_N = np.arange(len(said.labels))
    order_N = _order(first, said.path, said.ids) if by_ids else row_N
    for way in ways:
        if np.array_equal(way.labels_N[order_N], first.labels_N):
            own = Reading(way.labels_N[order_N], way.answers_N[order_N])
            return replace(
                _contestant(said, own, first.classes), ids=first.ids, by_order=not by_ids
            )
    raise _other_labels(first, said.path, ways[0].labels_N[order_N])


def _contestant(said: Imported, way: Reading, classes: tuple[str, ...]) -> Contestant:
    right_N = way.labels_N == way.answers_N
    return Contestant(said.path, said.name, said.seed, right_N, way.labels_N, said.ids, classes)


def _order(first: Contestant, source: Path, ids: tuple[str, ...]) -> NDArray[np.int64]:
    """Rows of `source` in the order of the first."""
    found = order_by_ids(first.ids, ids)
    if not isinstance(found, Unpaired):
        return found
    unclear = f", and {found.ambiguous:,} that could be several" if found.ambiguous else ""
    raise DifferentDataError(
        f"{source}, which lacks {found.lacking:,} of the {counted(len(first.ids), 'picture')} of"
        f" {first.source} and has {found.strange:,} others{unclear} (such as '{found.example}')",
        f"the same picture ids, such as '{first.ids[0]}', or paths that end alike",
        "predict the same test split, with ids that name one picture each",
    )


def _no_ids(first: Contestant, said: Imported) -> PredictionsFileError:
    lacking, other = (said.path, first.source) if not said.ids else (first.source, said.path)
    like = f", such as '{first.ids[0]}'" if first.ids else ""
    return PredictionsFileError(
        f"{lacking} without picture ids, to be paired with {other}",
        f"a column id{like}",
        "add it, as equal labels don't show equal pictures; or say that the order of pictures is"
        " the same: grevy compare --same-order (Python: same_order=True)",
    )


def _other_labels(
    first: Contestant, source: Path, labels_N: NDArray[np.int64]
) -> DifferentDataError:
    ours_N = first.labels_N
    if len(labels_N) != len(ours_N):
        received = f"{len(labels_N):,} and {counted(len(ours_N), 'picture')}"
        mend = "predict the same test split, and add the picture ids"
    else:
        received = f"{int((labels_N != ours_N).sum()):,} of {counted(len(ours_N), 'picture')}"
        mend = "add the picture ids, which a run's predictions have"
        if (ours_N != labels_N).any() and _is_renumbered(ours_N, labels_N):
            mend = "the classes are likely numbered in another order: write their names"
    return DifferentDataError(
        f"{source}, whose labels are not those of {first.source} ({received})",
        "the same pictures in the same order, or a column of ids",
        mend,
    )


def _is_renumbered(ours_N: NDArray[np.int64], theirs_N: NDArray[np.int64]) -> bool:
    """Whether each class of ours is always one of theirs, and the other way round."""
    together = len(set(zip(ours_N.tolist(), theirs_N.tolist(), strict=True)))
    return together == len(set(ours_N.tolist())) == len(set(theirs_N.tolist()))
