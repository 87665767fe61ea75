"""A look at a pickle before it is read: whether it claims what it does not have.

An operation can name a length of eight bytes or a place in a table that the reader then makes
room for, 4 GB for a pickle of 10 bytes.
"""

from __future__ import annotations

import pickletools

_NEWLINE = -1
"""How `pickletools` says that an argument ends with its line."""
_LENGTH_BYTES = {-2: 1, -3: 4, -4: 4, -5: 8}
"""Bytes of the length before an argument, by how `pickletools` says it."""

_ARGUMENTS = {ord(found.code): found.arg.n if found.arg else 0 for found in pickletools.opcodes}
_TEXT_PAIRS = frozenset(b"ci")
"""Operations with two lines."""
_PLACES = frozenset(b"pqr")
"""Operations that put something into the table."""
_STOP = ord(".")


def require_honest(content: bytes) -> None:
    """Refuse a pickle with an argument beyond its end, or a place in a table that it can't fill.

    Raises:
        ValueError: says what it claims.
    """
    place, operations, end = 0, 0, len(content)
    while place < end:
        code = content[place]
        if code == _STOP:
            return
        size = _ARGUMENTS.get(code)
        if size is None:
            raise ValueError(f"no operation {code:#04x}")
        operations += 1
        start = place + 1
        if size >= 0:
            place = start + size
        elif size == _NEWLINE:
            place = _after_lines(content, start, 2 if code in _TEXT_PAIRS else 1)
        else:
            width = _LENGTH_BYTES[size]
            length = int.from_bytes(content[start : start + width], "little")
            place = start + width + length
        if place > end:
            raise ValueError("cut off")
        if code in _PLACES and _place(content[start:place], code) > operations:
            raise ValueError("a place in a table that nothing fills")


def _after_lines(content: bytes, start: int, count: int) -> int:
    for _line in range(count):
        start = content.find(b"\n", start) + 1
        if not start:
            raise ValueError("cut off")
    return start


def _place(argument: bytes, code: int) -> int:
    """The place in the table that an operation names."""
    return int(argument) if code == ord("p") else int.from_bytes(argument, "little")
