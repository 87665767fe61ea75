"""The text of a CSV file: its encoding, its separator, its rows."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from grevy.data.names import nfc
from grevy.errors import DataFormatError

SEPARATORS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EXCEL = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
"""A first line by which Excel tells the separator."""


class Grid(NamedTuple):
    """What a CSV file holds; empty lines are left out."""

    header: list[str]
    """Without spaces around the names."""
    rows: list[list[str]]
    numbers: list[int]
    """Of the rows, as a spreadsheet counts them."""


def read_grid(path: Path, is_header: Callable[[Sequence[str]], bool]) -> Grid:
    """The cells of a file in UTF-8, or in UTF-16 or UTF-32 with its mark.

    The separator is the first of `SEPARATORS` with which the first line is a header, else the one
    that makes the most cells of it.

    Raises:
        DataFormatError: another encoding, or quotes that do not end.
        OSError: the file can't be read.
    """
    text = _decoded(path)
    said = _EXCEL.match(text)
    start = said.end() if said else 0
    separators = (said[1],) if said else SEPARATORS
    try:
        headers = {separator: _header(text[start:], separator) for separator in separators}
        fitting = (s for s in separators if is_header(headers[s]))
        separator = next(fitting, max(separators, key=lambda s: len(headers[s])))
        reader = csv.reader(io.StringIO(text[start:], newline=""), strict=True, delimiter=separator)
        rows = list(reader)[1:]
    except csv.Error as error:
        raise DataFormatError(
            f"{path} is no CSV ({error})",
            "cells with commas between, in quotes where they hold a comma, a quote or a line end",
            "correct the file",
        ) from error
    first = 3 if said else 2
    numbers = [number for number, row in enumerate(rows, start=first) if row]
    return Grid(headers[separator], list(filter(None, rows)), numbers)


def _header(text: str, separator: str) -> list[str]:
    """The cells of the first row; none where it can't be read with this separator."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    first = next(itertools.islice(reader, 1), [])
    return [nfc(name.strip()) for name in first]


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise _no_text(path, f"{error.object[error.start : error.end]!r} in line {row}") from error
    if "\0" in text:
        raise _no_text(path, f"a zero in line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    return text


def _no_text(path: Path, why: str) -> DataFormatError:
    return DataFormatError(
        f"{path} is no text in UTF-8 ({why})",
        "a CSV in UTF-8, or in UTF-16 with its mark",
        "save it as CSV UTF-8, or convert it: iconv -f LATIN1 -t UTF-8",
    )
