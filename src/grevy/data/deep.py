"""Values of more than 8 bits: whole where Pillow keeps their high byte only, and brought to 8."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from grevy.data.strips import Place, rows_of, strips

STORED_BITS = 16
"""Of a channel of deep pictures in files."""

QUARTER = 1 / 4
"""Of the brightest value that there may be; a picture that nowhere exceeds it comes out dark."""

_NATIVE_LOW = "B" if sys.byteorder == "little" else "L"

# To Pillow, which keeps the high byte, big-endian values are told to be little-endian: then it
# keeps the low one. Gray with alpha are four bytes a pixel, which it can give as they are.
_LOW_BYTE = {
    f"{kind};16{order}": f"{kind};16{other}"
    for kind in ("RGB", "RGBX", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", _NATIVE_LOW))
} | {"LA;16B": "RGBA"}

_DEEP = re.compile("(RGB|RGBX|RGBA|RGBa|LA);16[BLN]")


_EIGHT_BITS = frozenset({"1", "L", "LA", "La"})
"""Gray modes of Pillow's without deep values."""


class DeepStrip(NamedTuple):
    """Whole values of a strip, and its place in the upright picture."""

    place: Place
    values_HW3: NDArray[np.uint16]


class Extremes(NamedTuple):
    """The lowest and the highest value of a picture."""

    low: float
    high: float


def has_deep_colours(image: Image.Image) -> bool:
    """Whether this picture, whose pixels are not read yet, has 16 bits a colour in its file."""
    return bool(_DEEP.fullmatch(_raw_mode(image))) or _is_deep_ppm(image)


def colour_values(
    high_HW3: NDArray[np.uint8], again: ImageFile.ImageFile, turn: Image.Transpose | None
) -> Iterator[DeepStrip]:
    """Values from 0 to 65535 as they are stored, in strips; none of premultiplied colours.

    Args:
        high_HW3: their high bytes, as Pillow decodes them, turned.
        again: the same picture, opened once more and not read yet.
        turn: what sets it upright.
    """
    if _is_deep_ppm(again):
        yield from _of_ppm(again)
        return
    raw_mode = _raw_mode(again)
    if raw_mode not in _LOW_BYTE:
        return
    again.tile = [tile._replace(args=_with_low_byte(tile.args)) for tile in again.tile]
    again.load()
    channels = [1, 1, 1] if raw_mode.startswith("LA") else [0, 1, 2]
    for strip, place in strips(again, turn):
        low_HW3 = np.asarray(strip)[..., channels]
        yield DeepStrip(place, high_HW3[place].astype(np.uint16) * 256 + low_HW3)


def _of_ppm(image: ImageFile.ImageFile) -> Iterator[DeepStrip]:
    """Pillow scales these; in the file they are whole."""
    assert image.fp is not None  # it is not read yet
    image.fp.seek(image.tile[0].offset)
    for rows in rows_of(image.height, image.width):
        shape = (rows.stop - rows.start, image.width, 3)
        count = math.prod(shape)
        stored = np.frombuffer(image.fp.read(2 * count), ">u2", count)
        yield DeepStrip((rows, slice(None)), stored.reshape(shape).astype(np.uint16))


def extremes(image: Image.Image) -> Extremes | None:
    """Lowest and highest value of a loaded gray picture; None where it has 8 bits or fewer."""
    if image.mode in _EIGHT_BITS:
        return None
    parts = (np.asarray(strip) for strip, _place in strips(image, None))
    ends = np.array([(values.min(), values.max()) for values in parts])
    return Extremes(ends[:, 0].min().item(), ends[:, 1].max().item())  # NaN stays NaN


def eight_bits(
    values: NDArray[np.generic], bits: int, known: Extremes | None = None
) -> NDArray[np.uint8]:
    """8-bit values as they are; deep ones by round(255 v / (2^bits - 1)), at most 255.

    Floats are taken from 0 to 1 where `bits` is 16, and else like the others.

    Args:
        values: of a picture or of a strip of it.
        bits: that are used.
        known: of the whole picture, where these are a strip.

    Raises:
        ValueError: values that have no meaning.
    """
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    is_fraction = values.dtype.kind == "f" and bits == STORED_BITS
    low, high = known or (values.min(), values.max())
    largest = 1.0 if is_fraction else 2**STORED_BITS - 1
    if not (low >= 0 and high <= largest):  # written so that NaN is caught, too
        raise ValueError(
            f"gray values from {low:g} to {high:g}; only 0 to {largest:g} have a meaning"
            f"{_how_to_read(values, low, high)}"
        )
    top = 1 if is_fraction else 2**bits - 1
    if values.dtype.kind == "f":
        return np.rint(np.minimum(values.astype(np.float64), top) * 255 / top).astype(np.uint8)
    clipped: NDArray[np.uint32] = np.minimum(values, top).astype(np.uint32)
    return ((510 * clipped + top) // (2 * top)).astype(np.uint8)  # 255 v / top, rounded


def usual_bits(brightest: float) -> int:
    """The fewest bits that hold this value, of those that cameras, scanners and masks have."""
    needed = max(1, int(brightest)).bit_length()
    return next(bits for bits in (1, 2, 4, 8, 10, 12, 14, 16) if bits >= needed)


def largest_value(bits: int, *, is_float: bool) -> int:
    """What becomes white."""
    return 1 if is_float and bits == STORED_BITS else 2**bits - 1


def _how_to_read(values: NDArray[np.generic], low: float, high: float) -> str:
    """How floats can be read that are counts and no fractions."""
    if values.dtype.kind != "f" or not (low >= 0 and 1 < high < 2**STORED_BITS - 1):
        return ""
    bits = usual_bits(high)
    return f" (--pictures.bits {bits} takes 0 to {2**bits - 1})" if bits < STORED_BITS else ""


def _is_deep_ppm(image: Image.Image) -> bool:
    """Of a PPM that names another largest value than 65535 Pillow itself scales by it."""
    tiles = _tiles(image)
    return bool(tiles) and (tiles[0].codec_name, tiles[0].args) == ("ppm", ("RGB", 65535))


def _raw_mode(image: Image.Image) -> str:
    """How the values lie in the file, by Pillow's names; empty where it does not say."""
    tiles = _tiles(image)
    args = tiles[0].args if tiles else ""
    first = args[0] if isinstance(args, tuple) and args else args
    return first if isinstance(first, str) else ""


def _tiles(image: Image.Image) -> list[Any]:
    return image.tile if isinstance(image, ImageFile.ImageFile) else []


def _with_low_byte(args: Any) -> Any:
    if isinstance(args, tuple):
        return (_LOW_BYTE[args[0]], *args[1:])
    return _LOW_BYTE[str(args)]
