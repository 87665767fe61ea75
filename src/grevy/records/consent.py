"""What of a record may be followed without a question: its places on disk, and its addresses.

A record may be of a stranger. Where its pictures lie is a text in it, and so is where its network's
weights are from. An address is contacted only if the user says so (`fetch`), or names it himself. A
place is read if it lies below the current folder, or if this user trained with it on this machine:
a list in the state folder has a digest of each such place, one a line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePath

from grevy.errors import UnaskedError
from grevy.records.own_list import is_listed, list_more, state_folder

ADDRESSES = ("hf:", "http://", "https://")
"""What begins so is contacted, and not read."""

_fetch: ContextVar[bool] = ContextVar("fetch", default=False)
_of_record: ContextVar[Path | None] = ContextVar("of_record", default=None)


@contextmanager
def fetching(fetch: bool) -> Iterator[None]:
    """Inside, with `fetch`, the user says that what records name may be downloaded."""
    token = _fetch.set(fetch or _fetch.get())
    try:
        yield
    finally:
        _fetch.reset(token)


@contextmanager
def addresses_of(run: Path) -> Iterator[None]:
    """Inside, addresses are those of a run's record, and nobody asked for them."""
    token = _of_record.set(run)
    try:
        yield
    finally:
        _of_record.reset(token)


def may_contact() -> bool:
    """Whether an address was asked for by the user."""
    return _fetch.get() or _of_record.get() is None


def require_asked(address: str) -> None:
    """Refuse to contact what only a record names.

    Raises:
        UnaskedError: nobody asked for it.
    """
    if not may_contact():
        raise UnaskedError(
            f"{address}, which is not on this machine, and which only {_of_record.get()} names",
            "an address that you ask for",
            "add --fetch (fetch=True in Python), or name the data yourself",
        )


@contextmanager
def following(run: Path, place: str) -> Iterator[None]:
    """Inside, a place or an address that a run's record names may be followed, as far as it may.

    Args:
        run: whose record it is.
        place: a path, an address, or a word of a data source's own, as the record has it.

    Raises:
        UnaskedError: a path that leads out of the current folder, or such a word, with which this
            user did not train here.
    """
    if "\0" in place or (leads_out(place) and not is_listed(places_list(), _digest(place))):
        raise UnaskedError(
            f"'{place}', which only {run} names, and which was not trained with here",
            "a place below the current folder, or one that you trained with on this machine",
            "name it yourself: the data behind the run or with --data, weights with --weights",
        )
    with addresses_of(run):
        yield


def leads_out(place: str) -> bool:
    """Whether a path leads out of the current folder, or it is a word of a data source's own."""
    if place.startswith(ADDRESSES):
        return False
    path = PurePath(place)
    return path.is_absolute() or place.startswith("~") or ".." in path.parts or ":" in place


def remember_place(place: str) -> None:
    """Put a place that the user trained with on the list, where that is needed, and once.

    Raises:
        OSError, UntrustedSourceError: the list can't be written or read.
    """
    if leads_out(place):
        list_more(places_list(), _digest(place), place)


def places_list() -> Path:
    """The file; only its owner can read or write it."""
    return state_folder() / "trained-places"


def _digest(where: str) -> str:
    """Of the whole path, whatever the current folder is; of a word as it is."""
    place = where if ":" in where else os.path.abspath(Path(where).expanduser())
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()
