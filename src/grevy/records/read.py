"""Reading a record that may be anything: of an older or newer Grevy, of a stranger, damaged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from grevy.errors import CorruptRecordError
from grevy.records.files import read_regular
from grevy.records.record import FORMAT, FileRecord
from grevy.records.summed import without_sum

LARGEST = 64 * 2**20
"""Bytes; the largest record of a study of large networks has some hundred thousand."""

R = TypeVar("R", bound=FileRecord)


def read_record(
    path: Path, kind: type[R], as_today: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> R:
    """A record, migrated in memory where it is of an older format.

    Args:
        path: of the file; it is not changed.
        kind: what it should be.
        as_today: brings fields of an older format to today's.

    Raises:
        FileNotFoundError: nothing is there.
        CorruptRecordError: it can't be read; the field is named.
    """
    fields = read_json(path)
    if not isinstance(fields, dict):
        raise corrupt(path, f"holds {_kind_of(fields)} and no fields")
    number = fields.get("format")
    if type(number) is not int or number < 1:
        raise corrupt(path, "has no format")
    try:
        return kind.model_validate_json(json.dumps(as_today(fields)), strict=True)
    except ValidationError as error:
        newer = f"; it is of format {number}, of a newer Grevy" if number > FORMAT else ""
        raise corrupt(path, f"{_first_problem(error)}{newer}") from None


def read_json(path: Path) -> Any:
    """What a JSON file holds; NaN and infinities are not JSON.

    Raises:
        FileNotFoundError: nothing is there.
        CorruptRecordError: a link or no file, too large, not JSON, or changed since it was
            written.
    """
    try:
        content = read_regular(path, largest=LARGEST)
        found = json.loads(content, parse_constant=_refuse_constant)
        return without_sum(path, found) if isinstance(found, dict) else found
    except (ValueError, RecursionError) as error:
        raise corrupt(path, f"can't be read ({error})") from error


def corrupt(path: Path, what: str) -> CorruptRecordError:
    """The error of a record, in which `what` is the predicate."""
    return CorruptRecordError(
        f"{path} {what}", "what Grevy wrote there", "restore it from a copy, or remove it"
    )


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=True)[0]
    place = ".".join(str(part) for part in problem["loc"])
    said = problem["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    if problem["type"] == "missing":
        return f"lacks the field '{place}'"
    if not place:
        return f"does not fit together: {said}"
    return f"can't be read: '{place}' {said} and is {_shown(problem['input'])}"


def _shown(value: Any) -> str:
    return _kind_of(value) if isinstance(value, dict | list) else json.dumps(value)[:80]


def _kind_of(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", type(None): "null"}
    return names.get(type(value), "a number")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")
