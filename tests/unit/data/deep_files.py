"""Files with 16 bits a channel, made without Pillow, which writes no such colours."""

from __future__ import annotations

import struct
import zlib

import numpy as np

GRAY, RGB, GRAY_ALPHA, RGBA = 0, 2, 4, 6
"""Colour types of PNG."""


def png16(values: np.ndarray, colour: int) -> bytes:
    """A PNG of values `[H, W, channels]` from 0 to 65535."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def tiff16(values: np.ndarray, *, big_endian: bool, packed: bool, orientation: int = 1) -> bytes:
    """A TIFF of values `[H, W, 3 or 4]`; the fourth channel is alpha."""
    order = ">" if big_endian else "<"
    height, width, channels = values.shape
    data = values.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if packed else data
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    count = 11 + (channels == 4)
    behind = 8 + 2 + 12 * count + 4
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, behind),
        (259, 3, 1, 8 if packed else 1),
        (262, 3, 1, 2),
        (273, 4, 1, behind + len(bits)),
        (274, 3, 1, orientation),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, 1, len(data)),
        (284, 3, 1, 1),
        *([(338, 3, 1, 2)] if channels == 4 else []),
    ]
    head = (b"MM" if big_endian else b"II") + struct.pack(f"{order}HIH", 42, 8, count)
    return head + b"".join(_tag(order, *tag) for tag in tags) + b"\0\0\0\0" + bits + data


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def _tag(order: str, tag: int, kind: int, count: int, value: int) -> bytes:
    short = kind == 3 and count == 1
    packed = struct.pack(f"{order}HH", value, 0) if short else struct.pack(f"{order}I", value)
    return struct.pack(f"{order}HHI", tag, kind, count) + packed
