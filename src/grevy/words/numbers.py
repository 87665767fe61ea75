"""What `--image` and `--kernel` say: numbers as they stand, or a CSV file or a picture of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from grevy.errors import DataFormatError, DataNotFoundError, UnreadablePictureError
from grevy.recipes.shown import cut
from grevy.words.places import too_long

_A_FILE = re.compile(r"[^;|\n]*(\.[A-Za-z]\w*|/[^;|\n]*)")
_ONLY_NUMBERS = re.compile(r"[\d\s.,/eE+\-−]*")


def read_numbers(given: str, gray: bool = False) -> object:
    """Numbers for `convolve` and `pool`.

    Args:
        given: numbers as text; or a file: CSV with a blank line between channels, or a picture
            (red, green and blue as three channels, gray as one, values from 0 to 255).
        gray: make one channel of a colour picture, by ITU-R 601-2 luma.

    Raises:
        DataNotFoundError: the name of a file that is not there.
        DataFormatError: a CSV file that is no text.
        UnreadablePictureError: a picture that can't be decoded.
    """
    if not _A_FILE.fullmatch(given.strip()) or _ONLY_NUMBERS.fullmatch(given):
        return given
    path = Path(given.strip())
    if too_long(given) or "\0" in given:
        raise DataNotFoundError(
            f"no file '{cut(given.strip())}'", 'numbers such as "1 2; 3 4"', "check the spelling"
        )
    if not path.is_file():
        raise DataNotFoundError(
            f"no file '{path}'",
            'a CSV file, a picture, or numbers such as "1 2; 3 4"',
            "check the spelling",
        )
    return _table(path) if path.suffix.lower() == ".csv" else _pixels(path, gray)


def _table(path: Path) -> list[list[list[str]]]:
    """Channels, rows, cells; parted by tabs or semicolons where the file has these, else commas."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise DataFormatError(
            f"'{path}', which is no text", "a CSV file in UTF-8", "save it as CSV in UTF-8"
        ) from None
    delimiter = next((mark for mark in ("\t", ";") if mark in text), ",")
    channels: list[list[list[str]]] = [[]]
    for row in csv.reader(text.splitlines(), delimiter=delimiter):
        if any(cell.strip() for cell in row):
            channels[-1].append([cell.strip() for cell in row])
        elif channels[-1]:
            channels.append([])
    return channels if channels[-1] else channels[:-1]


def _pixels(path: Path, gray: bool) -> object:
    """Pixels [C, H, W] from 0 to 255."""
    from grevy.data.decode import decode
    from grevy.data.fit import to_channels

    pixels_HWC, facts = decode(path)
    if pixels_HWC is None:
        raise UnreadablePictureError(
            f"'{path}': {facts.error}",
            "a CSV file or a picture",
            "save it anew, as PNG for example",
        )
    return (to_channels(pixels_HWC, 1) if gray else pixels_HWC).transpose(2, 0, 1)
