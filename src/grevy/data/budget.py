"""Bytes that decoding a picture takes at its peak, known from its header.

Pillow keeps 1, 2 or 4 bytes a pixel, whatever the file has. Beside them, while it reads: what the
decoder of the format keeps (`_WORK`, measured as the peak of the process on pictures of 16
megapixels with Pillow 12 and 13). And afterwards: our array of pixels,
which is filled in strips.
"""

from __future__ import annotations

import io
import struct
import sys
from typing import Any, BinaryIO

from PIL import Image, ImageFile

from grevy.data.memory import as_size, require_memory

MAX_PIXELS = 178_956_970
"""Pillow's own limit against decompression bombs, here also where a program switched that off."""

MAX_BYTES = 1_100_000_000
"""At the peak of decoding. JPEG in RGB of 150 megapixels takes as much, RGBA of 132."""

MAX_HEADER = 16_000_000
"""Bytes that may be read before the pixels, and in one piece beside them."""

_KEPT = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes a pixel by Pillow's mode; of every other mode 4."""

_WORK = {"WEBP": 14, "AVIF": 12, "gif": 1, "bmp_rle": 2, "qoi": 4}
"""Bytes a pixel beside it, by format or by Pillow's name of the codec."""
_WORK |= {"ppm": 8, "ppm_plain": 8}
_WORK_A_BAND = {"jpeg2k": 6, "several scans": 2}
"""The same for each channel. A JPEG in several scans is kept as its coefficients until the last."""

_ICON_SIDE = 2048
"""Pixels a side; icons have 256 or, rarely, 1024."""
_INSIDE_ICONS = {b"\x89PNG": ">16xii", b"\x0c\0\0\0": "<4xHH16x"}
"""Where width and height stand, by the first bytes; of bitmaps of 1987 in 16 bits."""
_STRIPS = 40_000_000
"""Bytes for strips, whatever the size."""

_GRAY = frozenset({"1", "L", "I", "F", "LA", "La"})
_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_TILE_WIDTH, _TILE_HEIGHT, _ROWS_A_STRIP, _BITS, _SAMPLES = 322, 323, 278, 258, 277
_TURN = 274


def require_budget(image: Image.Image) -> None:
    """Refuse a picture by its header.

    Raises:
        ValueError: more pixels or bytes than any picture may have.
        OutOfMemoryError: more bytes than half of what is free now.
    """
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise Image.DecompressionBombError
    if pixels * 40 < MAX_BYTES and image.format != "TIFF":
        return  # of no format so much
    needed = bytes_needed(image)
    size = f"{image.width:,} × {image.height:,} pixels ({image.mode})"
    if needed > MAX_BYTES:
        raise ValueError(
            f"{size} take {as_size(needed)} to decode as {image.format or 'pixels'}, more than "
            f"{as_size(MAX_BYTES)}; make it smaller, or save it in RGB as JPEG or PNG"
        )
    require_memory(f"decoding {size}", needed, "make it smaller")


def bytes_needed(image: Image.Image) -> int:
    """At the peak of decoding a picture that is opened and not loaded."""
    pixels = image.width * image.height
    kept = _KEPT.get(image.mode, 4)
    bands = len(image.getbands())
    work = sum(_WORK.get(name, 0) + bands * _WORK_A_BAND.get(name, 0) for name in _names(image))
    decoding = pixels * (kept + work) + _buffer(image)
    turning = 2 * kept * pixels if image.format == "TIFF" and _is_turned(image) else 0
    ours, fitted = _arrays(image)
    return max(decoding, turning, pixels * (kept + ours), pixels * fitted) + _STRIPS


def require_small_metadata(file: BinaryIO, size: int) -> BinaryIO:
    """The file itself, or one that does not give more than `MAX_HEADER` bytes beside the pixels.

    Only a large file can hold so much; others are read as fast as ever.
    """
    return file if size <= MAX_HEADER else _Metered(file)


def _arrays(image: Image.Image) -> tuple[int, int]:
    """Bytes a pixel of our arrays, and of what brings them to the size of the input."""
    has_alpha = image.mode in _ALPHA or "transparency" in image.info
    gray = image.mode in _GRAY or image.mode.startswith("I;16")
    return (1 if gray else 3) + (1 if has_alpha else 0), 2 if gray else 3 + 4


def _names(image: Image.Image) -> list[str]:
    """Under which the work of this picture's decoder stands in the tables."""
    tiles: list[Any] = image.tile if isinstance(image, ImageFile.ImageFile) else []
    names = [image.format or "", *(tile.codec_name for tile in tiles[:1])]
    return [*names, "several scans"] if "jpeg" in names and _has_several_scans(image) else names


def _has_several_scans(image: Image.Image) -> bool:
    from grevy.data.whole_jpeg import first_scan

    file = getattr(image, "fp", None)
    if "progressive" in image.info or "progression" in image.info or file is None:
        return True
    position = file.tell()
    file.seek(0)
    scan = first_scan(file.read(MAX_HEADER))
    file.seek(position)
    return scan is None or scan.is_one_of_several


def _buffer(image: Image.Image) -> int:
    """Of a TIFF's largest strip or tile, as it lies in the file and unpacked."""
    tags = getattr(image, "tag_v2", None)
    if tags is None or "libtiff" not in _names(image):
        return 0
    rows = min(_number(tags, _ROWS_A_STRIP, image.height), image.height)
    area = _number(tags, _TILE_WIDTH, 0) * _number(tags, _TILE_HEIGHT, 0) or rows * image.width
    bits = max(8, _number(tags, _BITS, 8)) * max(1, _number(tags, _SAMPLES, 1))
    return 2 * area * bits // 8


def _number(tags: Any, tag: int, default: int) -> int:
    value = tags.get(tag, default)
    value = max(value, default=default) if isinstance(value, tuple) else value
    return int(value) if isinstance(value, int) else default


def _is_turned(image: Image.Image) -> bool:
    return _number(getattr(image, "tag_v2", {}), _TURN, 1) > 1


def require_small_icon(file: BinaryIO) -> None:
    """Refuse an icon with a large picture in it: Pillow decodes one as soon as it is opened.

    Raises:
        ValueError: an icon of more than `_ICON_SIDE` pixels a side, whatever its own header says.
    """
    file.seek(0)
    magic, count = struct.unpack("<4sH", file.read(6).ljust(6, b"\0"))
    if magic == b"\0\0\1\0":
        directory = file.read(16 * count)
        for (offset,) in struct.iter_unpack("<12xI", directory[: len(directory) // 16 * 16]):
            file.seek(offset)
            start = file.read(24).ljust(24, b"\0")
            layout = _INSIDE_ICONS.get(start[:4], "<4xii12x")
            width, height = map(abs, struct.unpack(layout, start))
            if max(width, height // 2) > _ICON_SIDE:
                raise ValueError(f"an icon with a picture of {width:,} × {height:,} pixels in it")
    file.seek(0)


class _Metered(io.BufferedReader):
    """A large file that gives little of what is no pixels.

    Before `load` everything is counted, but for formats that are read whole; afterwards pieces
    that are larger than those in which Pillow reads pixels.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)  # type: ignore[arg-type]
        self.only_large = False
        self.most = MAX_HEADER
        self._read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size >= 0 and not (self.only_large and size <= ImageFile.MAXBLOCK):
            self._read += size
            if self._read > self.most:
                raise ValueError(f"more than {as_size(MAX_HEADER)} beside its pixels")
        return super().read(size)


def pixels_follow(file: BinaryIO, format_name: str | None) -> None:
    """Say that the header is read. JPEG 2000 reads its pixels in large pieces, and nothing else."""
    if isinstance(file, _Metered):
        file.only_large = True
        file.most = file.most if format_name != "JPEG2000" else sys.maxsize
