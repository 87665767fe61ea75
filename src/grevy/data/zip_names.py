"""Names in a zip, whatever wrote them: only some zips say how their names are encoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from zipfile import ZipInfo

_UTF8_FLAG = 1 << 11
_UNICODE_PATH = 0x7075
"""The extra field of Info-ZIP with the name in UTF-8."""


def zip_names(entries: Sequence[ZipInfo]) -> tuple[list[str], list[str]]:
    """The name of each entry, and notes where they are guessed.

    The flag (bit 11) or an extra field says UTF-8. Where neither does, macOS's own zip writes UTF-8
    all the same: names that all are valid UTF-8 are read so. Else they are in code page 437, as the
    standard says (APPNOTE 6.3, appendix D), or in that of the Windows that wrote them, which no
    byte tells.
    """
    said = [_said_name(entry) for entry in entries]
    raw = [b"" if name is not None else _raw(e) for e, name in zip(entries, said, strict=True)]
    odd = [name for name in raw if not name.isascii()]
    encoding = "utf-8" if all(map(_is_utf8, odd)) else "cp437"
    names = [
        name if name is not None else _until_zero(content.decode(encoding))
        for name, content in zip(said, raw, strict=True)
    ]
    return names, [_guess_note(odd[0].decode(encoding), encoding)] if odd else []


def _said_name(entry: ZipInfo) -> str | None:
    """The name where the archive says how to read it."""
    if entry.flag_bits & _UTF8_FLAG:
        return entry.filename
    raw, extra = _raw(entry), entry.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and body[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):
            return _until_zero(body[5:].decode("utf-8"))
    return None


def _raw(entry: ZipInfo) -> bytes:
    """The name's bytes: without a flag zipfile decodes by code page 437, which loses none."""
    return entry.orig_filename.encode("cp437")


def _until_zero(name: str) -> str:
    """As zipfile does: what follows a zero is a trick."""
    return name.partition("\0")[0]


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess_note(example: str, encoding: str) -> str:
    said = "the zip does not say how its names are written"
    if encoding == "utf-8":
        return f"{said}; all of them are UTF-8 and are read so: '{example}'"
    return (
        f"{said}; they are read by code page 437, which is a guess: '{example}'; if that is wrong,"
        " pack it again with names in UTF-8, or unpack it and give the folder"
    )
