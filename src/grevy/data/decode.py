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
- A picture with more pixels than `MAX_PIXELS` is refused from its header, before decoding.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from grevy.data.deep import QUARTER, STORED_BITS, colour_values, eight_bits, has_deep_colours
from grevy.data.regular import open_regular
from grevy.data.types import PictureFacts, Remark

MAX_PIXELS = 178_956_970
"""Pillow's own limit against decompression bombs, here also where a program switched that off."""

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF", "QOI", "ICO")
"""What is read, by Pillow's names. Not EPS: Pillow hands it to an outside program."""

COMMON = ("PNG", "JPEG", "GIF", "BMP", "PPM")
"""Those that are tried first: for any other Pillow loads all of its forty readers."""

Picture = Path | bytes | Image.Image | NDArray[np.uint8]
"""A file, the contents of one, a picture of Pillow's, or pixels `[H, W]` or `[H, W, 3]`."""

_GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})

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


class _Layers(NamedTuple):
    """Colours `[H, W, C]`, alpha `[H, W, 1]` where there is any, the brightest deep value."""

    colours_HWC: NDArray[np.uint8]
    alpha_HW1: NDArray[np.uint8] | None = None
    brightest: float | None = None


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
    """
    try:
        read = _read(picture, bits)
    except MemoryError:
        raise
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
            gray = image.mode in _GRAY_MODES
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
    with _opened(picture) as image:
        stored_as, mode = image.format or "", image.mode
        deep, is_turned = has_deep_colours(image), _orientation(image) > 1
        image.load()  # this turns a TIFF
        turn = _TURNS.get(_orientation(image))
        upright = _turned(image, turn)
        layers = _gray(upright, bits) if mode in _GRAY_MODES else _rgb(upright)
        if deep:
            layers = _deep(layers, picture, turn, bits)
        remarks: list[Remark] = ["first frame"] if _has_more_frames(image) else []
    remarks += ["turned"] if is_turned or turn is not None else []
    pixels_HWC = layers.colours_HWC
    if layers.alpha_HW1 is not None and layers.alpha_HW1.min() < 255:
        remarks.append("transparent" if layers.alpha_HW1.max() else "invisible")
        pixels_HWC = _on_white(pixels_HWC, layers.alpha_HW1)
    if "invisible" not in remarks:
        remarks += _on_pixels(pixels_HWC)
    return _Read(pixels_HWC, stored_as, mode, layers.brightest, tuple(remarks))


def _turned(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return image if turn is None else image.transpose(turn)


def _has_more_frames(image: Image.Image) -> bool:
    with suppress(Exception):  # nothing behind the first frame is needed, be it damaged
        return bool(getattr(image, "is_animated", False))
    return False


def _on_pixels(pixels_HWC: NDArray[np.uint8]) -> tuple[Remark, ...]:
    """What is to be said of the pixels themselves; one row mostly tells."""
    height, width = pixels_HWC.shape[:2]
    if height * width == 0:
        raise ValueError(f"no pixels ({width} wide and {height} high)")
    first_C = pixels_HWC[0, 0]
    is_plain = (pixels_HWC[0] == first_C).all() and (pixels_HWC == first_C).all()
    return ("one colour",) if is_plain and height * width > 1 else ()


def _deep(
    layers: _Layers, picture: Path | bytes | Image.Image, turn: Image.Transpose | None, bits: int
) -> _Layers:
    """The same with the whole values, where they are needed: to scale them, or as all are low."""
    bound = 256 * int(layers.colours_HWC.max()) + 255
    if bits == STORED_BITS and bound > QUARTER * 2**STORED_BITS:
        return layers._replace(brightest=bound)
    values_HW3 = _whole_values(layers.colours_HWC, picture, turn)
    if bits == STORED_BITS:
        brightest = bound if values_HW3 is None else int(values_HW3.max())
        return layers._replace(brightest=brightest)
    if values_HW3 is None:
        raise ValueError(_LOW_BYTE_LOST)
    return _Layers(eight_bits(values_HW3, bits), layers.alpha_HW1, int(values_HW3.max()))


def _whole_values(
    high_HW3: NDArray[np.uint8],
    picture: Path | bytes | Image.Image,
    turn: Image.Transpose | None,
) -> NDArray[np.uint16] | None:
    if isinstance(picture, Image.Image):
        return None  # it is read already
    with _opened(picture) as again:
        assert isinstance(again, ImageFile.ImageFile)
        return colour_values(high_HW3, again, turn)


@contextmanager
def _opened(picture: Path | bytes | Image.Image) -> Iterator[Image.Image]:
    """The picture's header; its pixels are read by `load`. Strict whatever the program has set."""
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on metadata and size: the pixels are what counts
            if isinstance(picture, Image.Image):
                yield _of_allowed_size(picture)
                return
            file = io.BytesIO(picture) if isinstance(picture, bytes) else open_regular(picture)
            with file, _identified(file) as image:
                yield _of_allowed_size(image)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _identified(file: BinaryIO) -> ImageFile.ImageFile:
    try:
        return Image.open(file, formats=COMMON)
    except UnidentifiedImageError:
        file.seek(0)
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        file.seek(0)
        start = file.read(16)
        reason = f"not a picture (begins with {start!r})" if start else "empty file"
        raise ValueError(reason) from None


def _of_allowed_size(image: Image.Image) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    return image


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


def _gray(image: Image.Image, bits: int) -> _Layers:
    """Layers of a gray picture."""
    if image.mode in ("LA", "La"):
        pixels_HW2 = np.asarray(image.convert("LA"))
        return _Layers(pixels_HW2[..., :1], pixels_HW2[..., 1:])
    stored_HW1 = np.asarray(image.convert("L") if image.mode == "1" else image)[..., None]
    pixels_HW1 = eight_bits(stored_HW1, bits)
    brightest = None if stored_HW1.dtype == np.uint8 else stored_HW1.max().item()
    if "transparency" not in image.info:
        return _Layers(pixels_HW1, None, brightest)
    opaque_HW1 = stored_HW1 != image.info["transparency"]
    return _Layers(pixels_HW1, np.where(opaque_HW1, np.uint8(255), np.uint8(0)), brightest)


def _rgb(image: Image.Image) -> _Layers:
    """Layers of a picture that is not gray."""
    if not image.has_transparency_data:
        return _Layers(np.asarray(image.convert("RGB")))
    pixels_HW4 = np.asarray(image.convert("RGBA"))
    return _Layers(pixels_HW4[..., :3], pixels_HW4[..., 3:])


def _on_white(pixels_HWC: NDArray[np.uint8], alpha_HW1: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """round((alpha pixel + (255 - alpha) 255) / 255); 255 * 255 + 127 fits into 16 bits."""
    alpha = alpha_HW1.astype(np.uint16)
    return ((pixels_HWC * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _reason(error: Exception) -> str:
    """Why a picture can't be read, in one line."""
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MAX_PIXELS:,} pixels"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
