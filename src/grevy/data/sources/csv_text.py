"""The text of a CSV file: its encoding, its separator, its rows."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

from grevy.data.memory import on_disk, require_claim
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


LONGEST_LINE = 10_000_000
"""Characters without a line end."""
_PIECE = 2**20
_ROW_COPIES = 12
"""Bytes in memory for each of a table: of short cells, of which each is an object."""


def read_grid(path: Path, is_header: Callable[[Sequence[str]], bool]) -> Grid:
    """The cells of a file in UTF-8, or in UTF-16 or UTF-32 with its mark.

    The separator is the first of `SEPARATORS` with which the first line is a header, else the one
    that makes the most cells of it.

    Raises:
        DataFormatError: another encoding, or quotes that do not end.
        OSError: the file can't be read.
    """
    require_claim(str(path), _ROW_COPIES * path.stat().st_size, on_disk(path))
    encoding = _checked_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        said = _EXCEL.match(file.readline(LONGEST_LINE))
    separators = (said[1],) if said else SEPARATORS
    try:
        headers = {sep: _header(path, encoding, sep, bool(said)) for sep in separators}
        fitting = (s for s in separators if is_header(headers[s]))
        separator = next(fitting, max(separators, key=lambda s: len(headers[s])))
        with _after(path, encoding, bool(said)) as file:
            rows = list(csv.reader(file, strict=True, delimiter=separator))[1:]
    except csv.Error as error:
        raise DataFormatError(
            f"{path} is no CSV ({error})",
            "cells with commas between, in quotes where they hold a comma, a quote or a line end",
            "correct the file",
        ) from error
    first = 3 if said else 2
    numbers = [number for number, row in enumerate(rows, start=first) if row]
    return Grid(headers[separator], list(filter(None, rows)), numbers)


def _header(path: Path, encoding: str, separator: str, has_excel_line: bool) -> list[str]:
    """The cells of the first row; none where it can't be read with this separator."""
    with _after(path, encoding, has_excel_line) as file:
        first = next(itertools.islice(csv.reader(file, delimiter=separator), 1), [])
    return [nfc(name.strip()) for name in first]


@contextmanager
def _after(path: Path, encoding: str, has_excel_line: bool) -> Iterator[TextIO]:
    """The lines of the table."""
    with path.open(encoding=encoding, newline="") as file:
        if has_excel_line:
            file.readline()
        yield file


def _checked_encoding(path: Path) -> str:
    """The encoding of a file, read through in pieces: all of it is text, in lines.

    Raises:
        DataFormatError: other bytes, a zero, or a line that no table has.
    """
    with path.open("rb") as file:
        start = file.read(4)
        encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        line, length = 1, 0
        for piece in iter(partial(file.read, _PIECE), b""):
            text = _text_of(decoder, piece, path, line)
            if "\0" in text:
                row = line + text.count("\n", 0, text.index("\0"))
                raise _no_text(path, f"a zero in line {row}")
            line += text.count("\n")
            last_break = max(text.rfind("\n"), text.rfind("\r"))
            length = len(text) - last_break - 1 + (length if last_break < 0 else 0)
            if length > LONGEST_LINE:
                raise _no_text(path, f"more than {LONGEST_LINE:,} characters in line {line}")
        _text_of(decoder, b"", path, line)
    return encoding


def _text_of(decoder: codecs.IncrementalDecoder, piece: bytes, path: Path, line: int) -> str:
    try:
        return decoder.decode(piece, final=not piece)
    except UnicodeDecodeError as error:
        row = line + error.object.count(b"\n", 0, error.start)
        raise _no_text(path, f"{error.object[error.start : error.end]!r} in line {row}") from error


def _no_text(path: Path, why: str) -> DataFormatError:
    return DataFormatError(
        f"{path} is no text in UTF-8 ({why})",
        "a CSV in UTF-8, or in UTF-16 with its mark",
        "save it as CSV UTF-8, or convert it: iconv -f LATIN1 -t UTF-8",
    )
