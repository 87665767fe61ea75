"""The one renderer: arrays of pictures become uint8 RGB, at a size that can be seen.

Shapes: N pictures, H rows, W columns, C channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.errors import InputError
from grevy.figures.page import DPI, snap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def to_rgb(images_NHWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray or RGB pictures as RGB, pixel for pixel.

    Args:
        images_NHWC: uint8, 0 is black, one channel (gray) or three (RGB).

    Returns:
        [N, H, W, 3], uint8; a view of the input where possible.

    Raises:
        InputError: another type or another number of channels.
    """
    images = np.asarray(images_NHWC)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise InputError(
            f"pictures of type {images.dtype} and shape {images.shape}",
            "uint8 of shape [N, H, W, 1] or [N, H, W, 3]",
            "convert them before drawing",
        )
    return np.broadcast_to(images, (*images.shape[:3], 3))


def shown_size(shape_HW: tuple[int, ...], target: float) -> tuple[float, float]:
    """Height and width in inches at which a picture is shown.

    A picture is enlarged by the whole number that brings its longer side nearest to `target`
    inches, so that all its pixels stay squares of one size. One that is too large even
    unenlarged is shrunk to `target`.
    """
    height, width = shape_HW
    longest = max(height, width)
    factor: float = round(target * DPI / longest)
    factor = factor or target * DPI / longest
    return height * factor / DPI, width * factor / DPI


def put_picture(
    axes: Axes, picture_HW3: NDArray[np.uint8], left: float, top: float, size: tuple[float, float]
) -> None:
    """Show a picture on a page's canvas: pixels as squares where enlarged, smoothed where shrunk.

    Args:
        axes: as `Page.canvas` made it.
        picture_HW3: uint8 RGB.
        left: inches from the left edge of the page.
        top: inches from below the title.
        size: height and width in inches, as `shown_size` made them.
    """
    height, width = size
    left, top = snap(left), snap(top)
    axes.imshow(
        picture_HW3,
        extent=(left, left + width, top + height, top),
        aspect="auto",
        interpolation="none" if height * DPI >= len(picture_HW3) else "hanning",
    )
