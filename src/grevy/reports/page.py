"""A report as it lies there as HTML: its values, the records it names, its own hash.

The page may be of a stranger: it is read, never run, and nothing that it names is opened here.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from grevy.documents.html import page_hash
from grevy.errors import ReportFileError

LARGEST = 64 * 2**20
"""Bytes; Grevy's own reports have 5 MB at most."""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class PageRecord(BaseModel):
    """A record as the page remembers it; see `documents.blocks.Origin`."""

    model_config = ConfigDict(frozen=True, strict=True)

    name: str
    places: tuple[str, ...]
    files: dict[str, str]
    content: dict[str, Any] | None


@dataclass(frozen=True)
class PageValue:
    """A value as the page has it.

    Attributes:
        text: as it is printed.
        record: whose it is.
        field: which.
        form: how it was written.
        heading: under which it stands.
    """

    text: str
    record: str
    field: str
    form: str
    heading: str


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes:
        values: in reading order.
        records: those that it remembers.
        hash_said: its own SHA-256, as it says.
        hash_found: its SHA-256.
    """

    values: tuple[PageValue, ...]
    records: tuple[PageRecord, ...]
    hash_said: str
    hash_found: str


def read_page(path: Path) -> Page:
    """A report.

    Raises:
        ReportFileError: not there, too large, no report of Grevy's, or cut.
    """
    html = _text(path)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if not reader.is_whole:
        raise _strange(path, "ends before its end")
    if len(reader.records) != 1 or len(reader.hashes) != 1:
        raise _strange(path, "names no records")
    records = _records(path, reader.records[0])
    if not records:
        raise _strange(path, "names no records")
    return Page(tuple(reader.values), records, reader.hashes[0], page_hash(html))


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _strange(path, "is no file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise _strange(path, f"has more than {LARGEST:,} bytes")
        return content.decode()
    except OSError as error:
        raise _strange(path, f"can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _strange(path, "is not UTF-8") from error


def _records(path: Path, text: str) -> tuple[PageRecord, ...]:
    try:
        records = TypeAdapter(tuple[PageRecord, ...]).validate_json(text, strict=True)
    except ValidationError as error:
        raise _strange(path, "has a block of records that can't be read") from error
    if len({record.name for record in records}) < len(records):
        raise _strange(path, "names two records alike")
    return records


def _strange(path: Path, what: str) -> ReportFileError:
    return ReportFileError(
        f"{path} {what}",
        "a report that Grevy wrote as HTML, whole",
        "write it again: grevy report RUN --out report.html",
    )


@dataclass
class _Open:
    """An element whose text is gathered, with how many of its tag are open inside of it."""

    tag: str
    kind: str
    about: Mapping[str, str]
    text: list[str] = field(default_factory=list)
    inside: int = 0


class _Reader(HTMLParser):
    """Gathers values, headings, the block of records and the page's hash."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.values: list[PageValue] = []
        self.records: list[str] = []
        self.hashes: list[str] = []
        self.is_whole = False
        self._heading = ""
        self._open: list[_Open] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if kind := _kind(tag, about):
            self._open.append(_Open(tag, kind, about))
        elif self._open and tag == self._open[-1].tag:
            self._open[-1].inside += 1

    def handle_endtag(self, tag: str) -> None:
        self.is_whole = self.is_whole or tag == "html"
        if not self._open or tag != self._open[-1].tag:
            return
        if self._open[-1].inside:
            self._open[-1].inside -= 1
        else:
            self._close(self._open.pop())

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)

    def _close(self, element: _Open) -> None:
        text, about = "".join(element.text), element.about
        match element.kind:
            case "value":
                place = (about["data-record"], about["data-field"], about.get("data-form", ""))
                self.values.append(PageValue(text, *place, self._heading))
            case "heading":
                self._heading = " ".join(text.split())
            case "records":
                self.records.append(text)
            case "hash":
                self.hashes.append(text.strip())


def _kind(tag: str, about: Mapping[str, str]) -> str:
    if tag in _HEADINGS:
        return "heading"
    if "data-record" in about and "data-field" in about:
        return "value"
    return {"grevy-records": "records", "grevy-text": "hash"}.get(about.get("id", ""), "")
