"""What may be taken of the memory that is free, and what a small file may claim of it."""

from __future__ import annotations

from pathlib import Path

from grevy.errors import DataFormatError, OutOfMemoryError
from grevy.memory import free_memory

LITTLE = 256_000_000
"""Bytes that are taken without asking whether they are free."""

SHARE_OF_ONE = 0.5
"""Of what is free: other processes decode at the same time."""

MOST_EXPANSION = 200
"""Times its bytes on disk that a file may become in memory; pictures reach some 50."""

ROW_BYTES = 300
"""Of a picture's name, label and facts as Python objects."""


def require_memory(what: str, needed: int, mend: str = "") -> None:
    """Refuse work before it takes memory that the machine does not have.

    Args:
        what: that takes it, as a clause.
        needed: bytes at its peak.
        mend: besides freeing memory.

    Raises:
        OutOfMemoryError: more is needed than `LITTLE` and than the share of what is free.
    """
    if needed <= LITTLE:
        return
    allowed = int(SHARE_OF_ONE * free_memory())
    if needed > allowed:
        raise OutOfMemoryError(
            f"{what} takes {as_size(needed)} of memory",
            f"at most {as_size(allowed)}, half of what is free now",
            " or ".join(filter(None, (mend, "free some memory"))),
        )


def require_claim(what: str, claimed: int, stored: int) -> None:
    """Refuse what a file claims to hold where its bytes can't be that much in earnest.

    Args:
        what: claims it, as a clause.
        claimed: bytes in memory.
        stored: bytes on disk.

    Raises:
        DataFormatError: more than `LITTLE`, and more than `MOST_EXPANSION` times the bytes on disk.
        OutOfMemoryError: what `require_memory` raises.
    """
    allowed = max(LITTLE, MOST_EXPANSION * stored)
    if claimed > allowed:
        raise DataFormatError(
            f"{what} claims {as_size(claimed)} in memory and has {as_size(stored)} on disk",
            f"at most {as_size(allowed)}, {MOST_EXPANSION} times as much: it may be a bomb",
            "get it from somewhere you trust, or give the data in several files",
        )
    require_memory(what, claimed, "give the data in several files")


def require_rows(what: str, rows: int, stored: int) -> None:
    """Refuse more pictures than a file has bytes: each takes memory, however little it shows.

    Args:
        what: claims them, as a clause.
        rows: pictures.
        stored: bytes on disk.

    Raises:
        DataFormatError: more than the bytes on disk, and more than `LITTLE` has room for.
        OutOfMemoryError: what `require_memory` raises.
    """
    allowed = max(LITTLE // ROW_BYTES, stored)
    if rows > allowed:
        raise DataFormatError(
            f"{what} claims {rows:,} pictures in {as_size(stored)} on disk",
            f"at most {allowed:,}: it may be a bomb",
            "get it from somewhere you trust, or give the data in several files",
        )
    require_memory(what, ROW_BYTES * rows, "give the data in several files")


def on_disk(path: Path) -> int:
    """Bytes that a file takes on the disk; the holes of a sparse file take none."""
    found = path.stat()
    blocks = getattr(found, "st_blocks", 0) * 512
    return min(found.st_size, blocks) if blocks else found.st_size


def as_size(count: int) -> str:
    """Bytes in the unit that reads best."""
    if count < 1_000_000:
        return f"{count:,} bytes"
    return f"{count / 1e6:,.0f} MB" if count < 1e9 else f"{count / 1e9:,.2f} GB"
