"""Whether a JPEG has data for all the pixels that its header claims.

Where the data end early and an end marker follows, libjpeg fills the rest with gray and only
warns, which nobody hears. So where the last pixel is that gray, other bits are put behind the data
of the first scan: they change nothing in a picture that is whole, and show in one that is not.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_START_OF_SCAN = 0xDA
_FRAMES = range(0xC0, 0xC3)
"""Baseline, extended and progressive by Huffman's codes; the arithmetic ones may end early."""
_OTHER_FRAMES = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""

_END_OF_DATA = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_BITS = b"\x5a\xa6\x39\xc5" * 16
_OTHER_BITS = _BITS + b"".join(b"\xff" + bytes([0xD0 + n]) + _BITS for n in range(8))
"""Also behind each restart marker, one of which the decoder may be waiting for."""


class Scan(NamedTuple):
    """The first scan of a JPEG."""

    start: int
    """Of its data."""
    is_one_of_several: bool
    """Whether the coefficients of other scans are added to it."""


def first_scan(content: bytes) -> Scan | None:
    """Where the data of a Huffman-coded JPEG begin; None where that can't be told."""
    place, channels, progressive = 2, 0, False
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        body = content[place + 4 : place + 2 + length]
        if marker in _OTHER_FRAMES or not body:
            return None
        if marker in _FRAMES and len(body) > 5:
            channels, progressive = body[5], marker == 0xC2
        place += 2 + length
        if marker == _START_OF_SCAN:
            return Scan(place, progressive or body[0] < channels)
    return None


def with_other_bits(content: bytes) -> bytes | None:
    """The same picture with other bits behind the data of its first scan; None if it has none."""
    scan = first_scan(content)
    end = _END_OF_DATA.search(content, scan.start) if scan else None
    return content[: end.start()] + _OTHER_BITS + content[end.start() :] if end else None


def may_be_filled(last_pixel: tuple[int, ...]) -> bool:
    """Whether a decoder that has no data would make this of a pixel."""
    return all(value in (127, 128) for value in last_pixel)
