"""Records of older formats as records of today: from mapping to mapping, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]
Step = Callable[[Fields], Fields]
"""From one format to the next."""


def run_as_today(fields: Fields) -> Fields:
    """run.json of any older format."""
    return _through(fields, {1: _run_from_1})


def study_as_today(fields: Fields) -> Fields:
    """study.json of any older format."""
    return _through(fields, {1: _study_from_1})


def _through(fields: Fields, steps: Mapping[int, Step]) -> Fields:
    """One step after the other, until none begins at the format that it has come to."""
    while (step := steps.get(fields["format"])) is not None:
        fields = {**step(fields), "format": fields["format"] + 1}
    return fields


def _run_from_1(fields: Fields) -> Fields:
    """Format 2 keeps the user's own code; before, nobody noted it."""
    return {**fields, "sources": []}


def _study_from_1(fields: Fields) -> Fields:
    """Format 2 has the same fields."""
    return fields
