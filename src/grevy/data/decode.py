"""The one door for image bytes: encoded picture in, 8-bit gray or RGB pixels and facts out.

What is done, and nothing else:

- The EXIF turn is applied, so that a picture stands as its camera meant it to.
- Gray in any form (`1`, `L`, `LA`, 16-bit, float from 0 to 1) becomes one channel; everything else
  (palette, RGB, RGBA, CMYK, YCbCr) becomes RGB by Pillow's own formulas.
- 16-bit gray v becomes round(v / 257), so that 65535 is 255 and 0 is 0. Of colour pictures with
  16 bits a channel Pillow keeps the high byte only, which is at most one level below that.
- Where `bits` says that fewer of the 16 are used, v becomes round(255 v / (2^bits - 1)), in gray
  and colour; what is brighter becomes 255. Alpha stays as it is stored.
- Transparent pictures are laid on white, as on paper or a web page: what is mostly transparent are
  dark drawings and signs, which would vanish on black.
- Of an animation or a document with pages, the first frame.
- Colour profiles (ICC) are ignored: pixel values are taken as they are stored.
- A picture with more pixels than `MAX_PIXELS`, or that takes more than `MAX_BYTES` at the peak of
  decoding, is refused from its header. What is computed of a large one is computed in strips.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from grevy.data.budget import (
    MAX_BYTES,
    MAX_PIXELS,
    pixels_follow,
    require_budget,
    require_small_icon,
    require_small_metadata,
)
from grevy.data.deep import (
    QUARTER,
    STORED_BITS,
    DeepStrip,
    colour_values,
    eight_bits,
    has_deep_colours,
)
from grevy.data.layers import (
    GRAY_MODES,
    Layers,
    colour_layers,
    gray_layers,
    layers_of,
    on_white,
    place_for,
)
from grevy.data.strips import is_one_colour, strips
from grevy.data.types import PictureFacts, Remark
from grevy.data.whole_jpeg import may_be_filled, with_other_bits
from grevy.errors import OutOfMemoryError
from grevy.regular import open_named

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Header", "Picture", "decode", "pixel_hash", "read_header"]

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF", "QOI", "ICO")
"""What is read, by Pillow's names. Not EPS: Pillow hands it to an outside program."""

COMMON = ("PNG", "JPEG", "GIF", "BMP", "PPM")
"""Those that are tried first: for any other Pillow loads all of its forty readers."""

Picture = Path | bytes | Image.Image | NDArray[np.uint8]
"""A file, the contents of one, a picture of Pillow's, or pixels `[H, W]` or `[H, W, 3]`."""

_LOW_BYTE_LOST = (
    "16 bits a channel, of which Pillow keeps the high byte: name its file, in RGB or RGBA"
)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class _Read(NamedTuple):
    """A picture's pixels, and what was seen on the way to them."""

    pixels_HWC: NDArray[np.uint8]
    format: str
    mode: str
    brightest: float | None = None
    remarks: tuple[Remark, ...] = ()


class _Loaded(NamedTuple):
    """What is kept of a picture when Pillow's own pixels are gone."""

    layers: Layers
    format: str
    mode: str
    turn: Image.Transpose | None
    is_turned: bool
    is_deep: bool
    has_more_frames: bool
    last_pixel: tuple[int, ...]


class Header(NamedTuple):
    """What a picture's first bytes tell."""

    height: int
    width: int
    gray: bool


def decode(
    picture: Picture, *, picture_id: str = "", label: str = "", bits: int = STORED_BITS
) -> tuple[NDArray[np.uint8] | None, PictureFacts]:
    """Pixels `[H, W, 1]` or `[H, W, 3]` uint8 at the original size, and facts.

    Never raises for a bad picture: pixels are then None and the facts carry the reason.

    Args:
        picture: in any form.
        picture_id: for the facts.
        label: likewise.
        bits: used of pictures with more than 8 bits a channel, 1 to 16.

    Raises:
        OutOfMemoryError: the machine has not the memory that this picture takes.
    """
    try:
        read = _read(picture, bits)
    except OutOfMemoryError as error:
        raise OutOfMemoryError(
            f"{_called(picture, picture_id)}: {error.received}", error.expected, error.mend
        ) from None
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{_called(picture, picture_id)}: no memory to decode it",
            "a machine with memory for it",
            "make the picture smaller or free some memory",
        ) from error
    except Exception as error:  # Pillow's readers raise dozens of kinds on damaged bytes
        return None, PictureFacts(picture_id, label, 0, 0, "", "", "", _reason(error))
    height, width = read.pixels_HWC.shape[:2]
    return read.pixels_HWC, PictureFacts(
        picture_id,
        label,
        height,
        width,
        read.format,
        read.mode,
        pixel_hash(read.pixels_HWC),
        brightest=read.brightest,
        remarks=read.remarks,
    )


def read_header(picture: Picture) -> Header | None:
    """Size after the EXIF turn, and whether it is gray, without decoding; None if unreadable.

    An EXIF turn that a PNG stores behind its pixels is not seen here; `decode` does apply it.
    """
    if isinstance(picture, np.ndarray):
        return Header(picture.shape[0], picture.shape[1], picture.ndim == 2)
    try:
        with _opened(picture) as image:
            width, height = image.size
            turned = image.format != "TIFF" and _orientation(image) >= 5
            gray = image.mode in GRAY_MODES
    except Exception:  # the reason is found, kept and told by `decode`
        return None
    return Header(width, height, gray) if turned else Header(height, width, gray)


def pixel_hash(pixels_HWC: NDArray[np.uint8]) -> str:
    """BLAKE2b (16 bytes, hex) of shape and pixels."""
    digest = hashlib.blake2b(repr(pixels_HWC.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels_HWC).data)
    return digest.hexdigest()


def _read(picture: Picture, bits: int) -> _Read:
    """Pixels and what goes with them; raises whatever is wrong with the picture."""
    if isinstance(picture, np.ndarray):
        gray = picture.ndim == 2
        pixels_HWC = picture[..., None] if gray else picture
        return _Read(pixels_HWC, "array", "L" if gray else "RGB", None, _on_pixels(pixels_HWC))
    loaded = _load(picture, bits)
    if loaded.format in ("JPEG", "MPO") and may_be_filled(loaded.last_pixel):
        _require_whole(picture, loaded)
    layers = _deep(loaded, picture, bits) if loaded.is_deep else loaded.layers
    remarks: list[Remark] = ["first frame"] if loaded.has_more_frames else []
    remarks += ["turned"] if loaded.is_turned or loaded.turn is not None else []
    pixels_HWC = layers.colours_HWC
    if layers.alpha_HW1 is not None and layers.alpha_HW1.min() < 255:
        remarks.append("transparent" if layers.alpha_HW1.max() else "invisible")
        pixels_HWC = on_white(pixels_HWC, layers.alpha_HW1)
    if "invisible" not in remarks:
        remarks += _on_pixels(pixels_HWC)
    return _Read(pixels_HWC, loaded.format, loaded.mode, layers.brightest, tuple(remarks))


def _load(picture: Path | bytes | Image.Image, bits: int) -> _Loaded:
    """Pillow's pixels, and ours made of them."""
    with _opened(picture) as image:
        stored_as, mode = image.format or "", image.mode
        is_deep, is_turned = has_deep_colours(image), _orientation(image) > 1
        image.load()  # this turns a TIFF
        turn = _TURNS.get(_orientation(image))
        layers = layers_of(image, turn, bits, is_gray=mode in GRAY_MODES)
        more = _has_more_frames(image)
        last = _last_pixel(image) if stored_as in ("JPEG", "MPO") else ()
    return _Loaded(layers, stored_as, mode, turn, is_turned, is_deep, more, last)


def _last_pixel(image: Image.Image) -> tuple[int, ...]:
    """The values of the pixel that a JPEG stores last."""
    found: Any = image.getpixel((image.width - 1, image.height - 1))
    return found if isinstance(found, tuple) else (int(found),)


def _require_whole(picture: Path | bytes | Image.Image, loaded: _Loaded) -> None:
    """Refuse a JPEG of which the decoder made up the last pixels."""
    if isinstance(picture, Image.Image):
        return  # it is read already
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    other = with_other_bits(content)
    if other is None:
        return
    with suppress(OSError), _opened(other) as image:  # damage that the first look did not mind
        image.load()
        is_gray = image.mode in GRAY_MODES
        for strip, place in strips(image, loaded.turn):
            found = gray_layers(strip, STORED_BITS, None) if is_gray else colour_layers(strip)
            if not np.array_equal(found.colours_HWC, loaded.layers.colours_HWC[place]):
                raise ValueError("truncated: its header claims more pixels than it holds")


def _has_more_frames(image: Image.Image) -> bool:
    with suppress(Exception):  # nothing behind the first frame is needed, be it damaged
        return bool(getattr(image, "is_animated", False))
    return False


def _on_pixels(pixels_HWC: NDArray[np.uint8]) -> tuple[Remark, ...]:
    """What is to be said of the pixels themselves."""
    height, width = pixels_HWC.shape[:2]
    if height * width == 0:
        raise ValueError(f"no pixels ({width} wide and {height} high)")
    return ("one colour",) if height * width > 1 and is_one_colour(pixels_HWC) else ()


def _deep(loaded: _Loaded, picture: Path | bytes | Image.Image, bits: int) -> Layers:
    """The same with the whole values, where they are needed: to scale them, or as all are low."""
    layers = loaded.layers
    bound = 256 * int(layers.colours_HWC.max()) + 255
    if bits == STORED_BITS and bound > QUARTER * 2**STORED_BITS:
        return layers._replace(brightest=bound)
    brightest, scaled_HW3 = None, place_for(layers.colours_HWC)
    for place, values_HW3 in _whole_values(layers.colours_HWC, picture, loaded.turn):
        brightest = max(brightest or 0, int(values_HW3.max()))
        if bits != STORED_BITS:
            scaled_HW3[place] = eight_bits(values_HW3, bits)
    if bits == STORED_BITS:
        return layers._replace(brightest=bound if brightest is None else brightest)
    if brightest is None:
        raise ValueError(_LOW_BYTE_LOST)
    return layers._replace(colours_HWC=scaled_HW3, brightest=brightest)


def _whole_values(
    high_HW3: NDArray[np.uint8],
    picture: Path | bytes | Image.Image,
    turn: Image.Transpose | None,
) -> Iterator[DeepStrip]:
    if isinstance(picture, Image.Image):
        return  # it is read already
    with _opened(picture) as again:
        assert isinstance(again, ImageFile.ImageFile)
        yield from colour_values(high_HW3, again, turn)


@contextmanager
def _opened(picture: Path | bytes | Image.Image) -> Iterator[Image.Image]:
    """The picture's header; its pixels are read by `load`. Strict whatever the program has set."""
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on metadata and size: the pixels are what counts
            if isinstance(picture, Image.Image):
                require_budget(picture)
                yield picture
                return
            with _file(picture) as file, _identified(file) as image:
                require_budget(image)
                pixels_follow(file, image.format)
                yield image
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _file(picture: Path | bytes) -> BinaryIO:
    if isinstance(picture, bytes):
        return require_small_metadata(io.BytesIO(picture), len(picture))
    file = open_named(picture)
    return require_small_metadata(file, os.fstat(file.fileno()).st_size)


def _called(picture: Picture, picture_id: str) -> str:
    """What messages call it."""
    return picture_id or (str(picture) if isinstance(picture, Path) else "a picture")


def _identified(file: BinaryIO) -> ImageFile.ImageFile:
    try:
        return Image.open(file, formats=COMMON)
    except UnidentifiedImageError:
        require_small_icon(file)
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        file.seek(0)
        start = file.read(16)
        reason = f"not a picture (begins with {start!r})" if start else "empty file"
        raise ValueError(reason) from None


@cache
def _formats() -> tuple[str, ...]:
    """Those of `FORMATS` that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 (upright) to 8."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # asking a PNG that has none would decode it
    value = image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if value in _TURNS else 1


def _reason(error: Exception) -> str:
    """Why a picture can't be read, in one line."""
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MAX_PIXELS:,} pixels"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
