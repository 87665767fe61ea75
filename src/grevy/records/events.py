"""Append-only JSON lines: one row a step, one row a check."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from grevy.errors import CorruptRecordError
from grevy.records.atomic import save_error
from grevy.records.files import FileSum, open_regular, read_regular

Row = Mapping[str, Any]

NUMBERS = frozenset(
    f"{split}{name}"
    for split in ("", "train_")
    for name in ("epoch", "loss", "accuracy", "lr", "loss_error", "loss_change_error")
)
"""What is a number or null in every row that has it."""

_PIECE = 1 << 20
"""Bytes."""

MOST_STEPS = 2**53
"""Up to which floats tell them apart."""

NOTHING = FileSum(bytes=0, sha256=hashlib.sha256().hexdigest())
"""Of a log without rows."""


class EventLog:
    """Rows are gathered in memory and reach the disk with `flush`.

    A resumed run cuts the file back to what its checkpoint knew, so that the finished file is the
    same, byte for byte, as that of an unbroken run.
    """

    def __init__(self, path: Path, known: FileSum = NOTHING) -> None:
        """Open a log, or make it.

        Args:
            path: of the file.
            known: what of it belongs to the state that training goes on from.

        Raises:
            CorruptRecordError: it begins otherwise, or is a link or no file.
            SaveError: the disk did not take it.
        """
        self.path = path
        self._pending: list[str] = []
        self._size = known.bytes
        try:
            with open_regular(path, os.O_RDWR | os.O_CREAT) as file:
                self._digest = _digest_of(file, path, known)
                file.truncate(known.bytes)
        except OSError as error:
            raise save_error(path, error) from error

    def append(self, row: Row) -> None:
        """Keep a row for the next flush."""
        self._pending.append(json.dumps(row, allow_nan=False) + "\n")

    def flush(self) -> FileSum:
        """Write what is pending, make it durable; length and SHA-256 of the file.

        Raises:
            SaveError: the disk did not take it.
            CorruptRecordError: the file is a link or no file now.
        """
        content = "".join(self._pending).encode()
        if content:
            self._write(content)
            self._pending.clear()
            self._size += len(content)
            self._digest.update(content)
        return FileSum(bytes=self._size, sha256=self._digest.hexdigest())

    def _write(self, content: bytes) -> None:
        try:
            with open_regular(self.path, os.O_RDWR) as file:
                file.seek(self._size)
                _write_all(file, content)
                os.fsync(file.fileno())
        except OSError as error:
            raise save_error(self.path, error) from error


def require_whole(path: Path, known: FileSum) -> None:
    """Refuse a log that does not begin with what a checkpoint knew of it.

    Raises:
        CorruptRecordError: it was cut, changed, or is not there.
    """
    try:
        with open_regular(path) as file:
            _digest_of(file, path, known)
    except FileNotFoundError:
        if known.bytes:
            raise _damaged(path, "is not there") from None
    except OSError as error:
        raise _damaged(path, f"can't be read ({error.strerror or error})") from error


def _digest_of(file: IO[bytes], path: Path, known: FileSum) -> Any:
    """The running SHA-256 of what is known; of an older Grevy only the length is known."""
    digest = hashlib.sha256()
    left = known.bytes
    while left and (part := file.read(min(left, _PIECE))):
        digest.update(part)
        left -= len(part)
    if left:
        raise _damaged(path, f"has {known.bytes - left:,} of {known.bytes:,} bytes")
    if known.sha256 and digest.hexdigest() != known.sha256:
        raise _damaged(path, "differs from its SHA-256")
    return digest


def _write_all(file: IO[bytes], content: bytes) -> None:
    """An unbuffered file may take a part."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _damaged(path: Path, what: str) -> CorruptRecordError:
    return CorruptRecordError(
        f"{path} {what}",
        "the rows that training wrote",
        f"restore it from a copy, or remove {path.parent / 'checkpoint'} and the run begins again"
        " at step 0",
    )


def read_events(path: Path, expected: FileSum | None = None) -> list[dict[str, Any]]:
    """All whole rows of a log, in order; a last line that was cut off is left out.

    Args:
        path: of the log; no rows where nothing is there.
        expected: what the file must be, where the record says it.

    Raises:
        CorruptRecordError: a link or no file, not what is expected, or a line is no row.
    """
    try:
        content = read_regular(path, expected)
    except FileNotFoundError:
        if expected is not None:
            raise _damaged(path, "is not there") from None
        return []
    try:
        return [_row(line) for line in content.split(b"\n")[:-1]]
    except (ValueError, RecursionError) as error:
        raise CorruptRecordError(
            f"{path} holds a line that no training wrote ({error})",
            "one JSON object a line, with a step and numbers",
            "restore the file from a copy, or train again",
        ) from error


def _row(line: bytes) -> dict[str, Any]:
    """A row with its step, and numbers or nulls where rows have them."""
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("no object")  # noqa: TRY004  (of the file, no argument)
    if type(row.get("step")) is not int or not 0 <= row["step"] < MOST_STEPS:
        raise ValueError("no step")
    for name in NUMBERS & row.keys():
        if row[name] is not None and not _is_number(row[name]):
            raise ValueError(f"{name} is no number")
    return row


def _is_number(value: Any) -> bool:
    """As `append` takes them: within what 64 bits hold, and neither infinite nor a truth value."""
    return type(value) in (int, float) and abs(value) <= sys.float_info.max
