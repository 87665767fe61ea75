"""docs/record.md says what the records' fields are, in the words of the code.

Run as a script, it writes the tables anew: `python tests/unit/records/test_record_docs.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from grevy.records.preprocessing import Preprocessing
from grevy.records.run_record import RunRecord
from grevy.records.study_record import StudyRecord

DOCS = Path(__file__).parents[3] / "docs" / "record.md"


def fields_of(model: Any) -> dict[str, Any]:
    """By name; of a model or of `Preprocessing`."""
    found = model.__pydantic_fields__
    assert isinstance(found, dict)
    return found


def models_in(kind: Any) -> Iterator[Any]:
    """The records in a field's type: itself, in a tuple, in a mapping, or optional."""
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or kind is Preprocessing):
        yield kind
    for inner in get_args(kind):
        yield from models_in(inner)


def whole_file(model: Any) -> Iterator[tuple[str, str]]:
    """The fields of a file."""
    for name, field in fields_of(model).items():
        yield f"`{name}`", field.description


def insides(model: Any, place: str = "", seen: set[Any] | None = None) -> Iterator[tuple[str, str]]:
    """The fields in its fields, dotted, each kind once; `[]` is each of several."""
    seen = set() if seen is None else seen
    for name, field in fields_of(model).items():
        for inner in models_in(field.annotation):
            if inner in seen:
                continue
            seen.add(inner)
            many = "[]" if re.match(r"tuple|dict", str(field.annotation)) else ""
            dotted = f"{place}{name}{many}."
            yield from ((f"`{dotted}{n}`", f.description) for n, f in fields_of(inner).items())
            yield from insides(inner, dotted, seen)


def table(rows: Iterator[tuple[str, str]]) -> str:
    """In Markdown."""
    lines = [f"| {name} | {' '.join(text.split()).replace('|', '')} |" for name, text in rows]
    return "\n".join(["| field | what |", "| --- | --- |", *lines])


TABLES = {
    "run.json": lambda: table(whole_file(RunRecord)),
    "inside run.json": lambda: table(insides(RunRecord)),
    "study.json": lambda: table(whole_file(StudyRecord)),
}


def with_tables(text: str) -> str:
    """The document with its tables as they should be."""
    for name, make in TABLES.items():
        begin, end = f"<!-- table: {name} -->", "<!-- end of table -->"
        pattern = f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})"
        text, count = re.subn(pattern, lambda _, t=make: t() + "\n", text, count=1, flags=re.S)
        assert count == 1, f"no place for the table of {name}"
    return text


def test_the_document_has_every_field_in_the_words_of_the_code() -> None:
    text = DOCS.read_text("utf-8")
    assert text == with_tables(text), f"write the tables anew: python {Path(__file__).name}"


def test_every_field_of_every_record_says_what_it_is() -> None:
    for model in (RunRecord, StudyRecord):
        for name, text in [*whole_file(model), *insides(model)]:
            assert text, name


def test_the_words_of_a_field_inside_are_in_the_table() -> None:
    rows = dict(insides(RunRecord))
    assert rows["`data.splits[].content_hash`"] == "Of pixels, labels and order."
    assert rows["`results.train.test_time_flip.views`"]
    assert rows["`profile.parts[].flops_per_second`"]
    assert rows["`preprocessing.mean`"]


if __name__ == "__main__":
    DOCS.write_text(with_tables(DOCS.read_text("utf-8")), "utf-8")
