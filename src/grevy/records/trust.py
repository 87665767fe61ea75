"""Which sources may be run without a question: those that this user trained with on this machine.

A list in the user's state folder, one line each: digest, day, place. It is only ever added to, by
a training whose source the user named or wrote. A run that comes from elsewhere is not on it.
"""

from __future__ import annotations

from pathlib import Path

from grevy.errors import UntrustedSourceError
from grevy.records.own_list import is_listed, list_more, state_folder
from grevy.records.run import RunDirectory
from grevy.records.source import Sources, digest_of


def trust_list() -> Path:
    """The file; only its owner can read or write it."""
    return state_folder() / "trusted-sources"


def remember(sources: Sources, place: Path) -> None:
    """Put sources on the list, once.

    Args:
        sources: that the user named for a training, or wrote in Python.
        place: of the run, for who reads the list.

    Raises:
        OSError: the list can't be written.
        UntrustedSourceError: nor read; see `is_remembered`.
    """
    if sources:
        list_more(trust_list(), digest_of(sources), str(place.absolute()))


def is_remembered(sources: Sources) -> bool:
    """Whether just these files, under these names and for these objects, are on the list.

    Raises:
        UntrustedSourceError: the list can't be read, or others can write to it.
    """
    return is_listed(trust_list(), digest_of(sources))


def require_trust(sources: Sources, directory: RunDirectory) -> None:
    """Refuse to run what somebody else may have written.

    Raises:
        UntrustedSourceError: it is not on the list.
    """
    if is_remembered(sources):
        return
    files = " and ".join(str(directory.source / s.file) for s in sources if s.file)
    raise UntrustedSourceError(
        f"{directory.path} brings its own Python source, which was not trained with here",
        "a source that you know",
        f"read {files}, then add --trust-source (trust_source=True in Python)",
    )
