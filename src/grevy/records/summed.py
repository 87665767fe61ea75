"""JSON files that hold the SHA-256 of the rest of them, so that a changed digit is seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grevy.errors import CorruptRecordError

SUM = "sha256_of_the_rest"
"""The last field. Spaces and the order of fields do not count; a file without it is taken as it
is: older ones have none, and who changes a file on purpose removes it."""


def with_sum(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, and at the end their sum."""
    return {**fields, SUM: hash_of(fields)}


def without_sum(path: Path, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a file without the sum, which is checked.

    Raises:
        CorruptRecordError: they are not those that were written.
    """
    rest = {name: value for name, value in fields.items() if name != SUM}
    if SUM in fields and fields[SUM] != hash_of(rest):
        raise CorruptRecordError(
            f"{path} was changed: it differs from the SHA-256 in it",
            "what Grevy wrote there",
            f"restore it from a copy; if you meant to change it, remove its line {SUM}",
        )
    return rest


def hash_of(fields: Mapping[str, Any]) -> str:
    """SHA-256 of fields, whatever their order."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
