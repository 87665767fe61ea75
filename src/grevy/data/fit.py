"""From a picture at its original size to the array that the network sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from grevy.data.strips import rows_of
from grevy.records.preprocessing import Fit

_BILINEAR = Image.Resampling.BILINEAR


def prepare(
    pixels_HWC: NDArray[np.uint8], shape: tuple[int, int, int], fit: Fit
) -> NDArray[np.uint8]:
    """Pixels `[H, W, 1 or 3]` brought to `shape` = (channels, height, width)."""
    channels, height, width = shape
    if pixels_HWC.shape[2] < channels:  # the same pixels, with a third of the work
        fitted_HWC = to_channels(fit_to(pixels_HWC, (height, width), fit), channels)
    else:
        fitted_HWC = fit_to(to_channels(pixels_HWC, channels), (height, width), fit)
    return fitted_HWC.transpose(2, 0, 1)


def to_channels(pixels_HWC: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Gray repeated to RGB, or RGB to gray by ITU-R 601-2 luma (Pillow's `convert("L")`)."""
    if pixels_HWC.shape[2] == channels:
        return pixels_HWC
    if channels == 3:
        return np.repeat(pixels_HWC, 3, axis=2)
    gray_HW1 = np.empty((*pixels_HWC.shape[:2], 1), np.uint8)
    for rows in rows_of(*pixels_HWC.shape[:2]):
        gray_HW1[rows, :, 0] = Image.fromarray(pixels_HWC[rows]).convert("L")
    return gray_HW1


def fit_to(pixels_HWC: NDArray[np.uint8], size: tuple[int, int], fit: Fit) -> NDArray[np.uint8]:
    """Bring pixels to `size` = (height, width), bilinear with antialiasing (Pillow).

    A picture that has the size passes through untouched.

    Args:
        pixels_HWC: one or three channels.
        size: height and width to reach.
        fit: `crop`: scale until both sides are covered, keep the centre. `stretch`: change the
            proportions. `pad`: scale until both sides fit, centre on black.
    """
    height, width = size
    if pixels_HWC.shape[:2] == size:
        return pixels_HWC
    image = Image.fromarray(pixels_HWC[..., 0] if pixels_HWC.shape[2] == 1 else pixels_HWC)
    if fit == "crop":
        # One resampling of the centre box: the crop never exists at full width, so a picture of
        # 1 x 10,000 pixels costs no more than another.
        return _pixels(ImageOps.fit(image, (width, height), _BILINEAR))
    if fit == "stretch":
        return _pixels(image.resize((width, height), _BILINEAR))
    return _padded(image, height, width)


def _padded(image: Image.Image, height: int, width: int) -> NDArray[np.uint8]:
    scale = min(height / image.height, width / image.width)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    inner_HWC = _pixels(image.resize(inner, _BILINEAR))
    canvas_HWC = np.zeros((height, width, inner_HWC.shape[2]), np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    canvas_HWC[top : top + inner[1], left : left + inner[0]] = inner_HWC
    return canvas_HWC


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
