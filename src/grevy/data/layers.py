"""Our own pixels of a picture that Pillow has read: gray or RGB, and alpha beside them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from grevy.data.deep import Extremes, eight_bits, extremes
from grevy.data.strips import rows_of, strips, upright_size

GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})


class Layers(NamedTuple):
    """Colours `[H, W, C]`, alpha `[H, W, 1]` where there is any, the brightest deep value."""

    colours_HWC: NDArray[np.uint8]
    alpha_HW1: NDArray[np.uint8] | None = None
    brightest: float | None = None


def layers_of(
    image: Image.Image, turn: Image.Transpose | None, bits: int, *, is_gray: bool
) -> Layers:
    """Our pixels, upright, filled in strips."""
    known = extremes(image) if is_gray else None
    whole: Layers | None = None
    for strip, place in strips(image, turn):
        part = gray_layers(strip, bits, known) if is_gray else colour_layers(strip)
        if strip.size[0] * strip.size[1] == image.width * image.height:
            return part
        whole = whole or _empty_like(part, upright_size(image, turn))
        whole.colours_HWC[place] = part.colours_HWC
        if whole.alpha_HW1 is not None and part.alpha_HW1 is not None:
            whole.alpha_HW1[place] = part.alpha_HW1
    if whole is None:
        raise ValueError(f"no pixels ({image.width} wide and {image.height} high)")
    return whole


def gray_layers(image: Image.Image, bits: int, known: Extremes | None) -> Layers:
    """Layers of a gray picture, or of a strip of one whose values lie between `known`."""
    if image.mode in ("LA", "La"):
        pixels_HW2 = np.asarray(image.convert("LA"))
        return Layers(pixels_HW2[..., :1], pixels_HW2[..., 1:])
    stored_HW1 = np.asarray(image.convert("L") if image.mode == "1" else image)[..., None]
    pixels_HW1 = eight_bits(stored_HW1, bits, known)
    brightest = None if known is None else known.high
    if "transparency" not in image.info:
        return Layers(pixels_HW1, None, brightest)
    opaque_HW1 = stored_HW1 != image.info["transparency"]
    return Layers(pixels_HW1, np.where(opaque_HW1, np.uint8(255), np.uint8(0)), brightest)


def colour_layers(image: Image.Image) -> Layers:
    """Layers of a picture that is not gray."""
    if not image.has_transparency_data:
        return Layers(np.asarray(image if image.mode == "RGB" else image.convert("RGB")))
    pixels_HW4 = np.asarray(image.convert("RGBA"))
    return Layers(pixels_HW4[..., :3], pixels_HW4[..., 3:])


def on_white(pixels_HWC: NDArray[np.uint8], alpha_HW1: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """round((alpha pixel + (255 - alpha) 255) / 255); 255 * 255 + 127 fits into 16 bits."""
    laid_HWC = place_for(pixels_HWC)
    for rows in rows_of(*pixels_HWC.shape[:2]):
        alpha = alpha_HW1[rows].astype(np.uint16)
        laid_HWC[rows] = (pixels_HWC[rows] * alpha + 255 * (255 - alpha) + 127) // 255
    return laid_HWC


def place_for(pixels_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An array for other values of these pixels: their own where it is ours to change."""
    flags = pixels_HWC.flags
    if flags.writeable and flags.c_contiguous:
        return pixels_HWC
    return np.empty(pixels_HWC.shape, np.uint8)


def _empty_like(part: Layers, size: tuple[int, int]) -> Layers:
    """Layers of a whole picture, of which this is a strip."""
    colours_HWC = np.empty((*size, part.colours_HWC.shape[2]), np.uint8)
    alpha_HW1 = None if part.alpha_HW1 is None else np.empty((*size, 1), np.uint8)
    return Layers(colours_HWC, alpha_HW1, part.brightest)
