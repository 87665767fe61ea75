"""The author's file as text."""

from __future__ import annotations

from pathlib import Path

from grevy.errors import DataFormatError, DataNotFoundError

LARGEST = 2 * 1024 * 1024
"""Bytes of Markdown: some 400 pages. Pictures lie beside the file."""


def read_markdown(path: Path) -> str:
    """The text, without a byte-order mark.

    Raises:
        DataNotFoundError: no regular file there.
        DataFormatError: it is too large, or no text in UTF-8.
    """
    if not path.is_file():
        raise DataNotFoundError(
            f"no file '{path}'",
            "a Markdown file",
            "a first one is written by: grevy report --draft RUN > report.md",
        )
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DataFormatError(
            f"'{path}' of more than {LARGEST // 1024**2} MB", "a text of less", "divide it"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataFormatError(
            f"{path.name}, line {line}: a letter that is not in UTF-8",
            "a text in UTF-8",
            "save it anew in this encoding",
        ) from None
    if "\0" in text:
        raise DataFormatError(f"'{path}', which is no text", "a Markdown file", "name another")
    return text
