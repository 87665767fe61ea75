"""Append-only JSON lines: one row a step, one row a check."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grevy.errors import CorruptRecordError
from grevy.records.atomic import save_error

Row = Mapping[str, Any]


class EventLog:
    """Rows are gathered in memory and reach the disk with `flush`.

    A resumed run cuts the file back to the size that its checkpoint knew, so that the finished
    file is the same, byte for byte, as that of an unbroken run.
    """

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self._pending: list[str] = []
        self._size = size
        try:
            with path.open("ab") as file:
                file.truncate(size)
        except OSError as error:
            raise save_error(path, error) from error

    def append(self, row: Row) -> None:
        """Keep a row for the next flush."""
        self._pending.append(json.dumps(row, allow_nan=False) + "\n")

    def flush(self) -> int:
        """Write what is pending, make it durable, and return the file's size in bytes.

        Raises:
            SaveError: the disk did not take it.
        """
        content = "".join(self._pending).encode()
        if not content:
            return self._size
        try:
            with self.path.open("r+b") as file:
                file.seek(self._size)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise save_error(self.path, error) from error
        self._pending.clear()
        self._size += len(content)
        return self._size


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole rows of a log, in order; a last line that was cut off is left out.

    Raises:
        CorruptRecordError: a line in the middle is not JSON.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise CorruptRecordError(
            f"{path} holds a line that is not JSON ({error})",
            "one JSON object a line",
            "restore the file from a copy, or train again",
        ) from error
