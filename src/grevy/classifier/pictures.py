"""The pictures that a user names, in whatever form, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from grevy.data.decode import Picture
from grevy.data.listing import list_pictures
from grevy.errors import DataFormatError, EmptyDataError

OnePicture = str | Path | bytes | Image.Image | NDArray[np.uint8]
Pictures = OnePicture | Iterable[OnePicture]
"""A file or a folder, the bytes of a file, a PIL image, or uint8 pixels [H, W], [H, W, 1 or 3],
[N, H, W] or [N, H, W, 1 or 3]; or several of these."""


def list_items(pictures: Pictures, channels: int) -> list[Picture]:
    """One item a picture, not yet decoded.

    Args:
        pictures: as a user gives them.
        channels: of the network's input. Pixels [3, H, W] are three gray pictures where it is 1;
            else they may as well be one picture with its channels first, and are refused.

    Raises:
        DataNotFoundError: a path that does not exist.
        EmptyDataError: no picture at all.
        DataFormatError: what is no picture, or an array that is not pixels.
    """
    items = list(_items(pictures, channels))
    if not items:
        raise EmptyDataError("an empty list of pictures", "at least one", "name a picture")
    return items


def name_of(item: Picture, index: int) -> str:
    """The path as it was named; of a picture that has none its place in the list."""
    return str(item) if isinstance(item, Path) else str(index)


def _items(pictures: object, channels: int) -> Iterator[Picture]:
    if isinstance(pictures, str | Path):
        if str(pictures) == "":  # a path would take it for the folder that one is in
            raise EmptyDataError("an empty path", "a picture or a folder", "name one")
        yield from list_pictures([pictures])
    elif isinstance(pictures, bytes | bytearray | memoryview):
        yield bytes(pictures)
    elif isinstance(pictures, Image.Image):
        yield pictures
    elif isinstance(pictures, np.ndarray):
        yield from _pictures_in(pictures, channels)
    elif isinstance(pictures, Iterable) and not isinstance(pictures, Mapping | Tensor):
        for picture in pictures:
            yield from _items(picture, channels)
    else:
        raise DataFormatError(
            f"a picture of type {type(pictures).__name__}",
            "a path, the bytes of a file, a PIL image or uint8 pixels [H, W] or [H, W, 3]",
            "turn it into one of these",
        )


def _pictures_in(pixels: NDArray[np.uint8], channels: int) -> list[Picture]:
    """[H, W] or [H, W, 3] each. Three axes are one picture if the last has a pixel's length."""
    shape = pixels.shape
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3, 4) or 0 in shape[1:]:
        raise _not_pixels(pixels)
    if pixels.ndim == 2 and shape[0] == 0:
        raise _not_pixels(pixels)
    if pixels.ndim == 2 or (pixels.ndim == 3 and shape[2] in (1, 3)):
        return [_without_gray_axis(pixels)]
    colour_first = pixels.ndim == 3 and shape[0] == 3 and channels == 3
    if (pixels.ndim == 3 and shape[2] in (2, 4)) or colour_first:
        raise _not_pixels(pixels)
    if pixels.ndim == 4 and shape[3] not in (1, 3):
        raise _not_pixels(pixels)
    return [_without_gray_axis(picture) for picture in pixels]


def _without_gray_axis(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def _not_pixels(array: NDArray[np.generic]) -> DataFormatError:
    return DataFormatError(
        f"an array {list(array.shape)} of {array.dtype}",
        "uint8 pixels [H, W], [H, W, 1 or 3], [N, H, W] or [N, H, W, 1 or 3]",
        "bring values to 0 … 255 and channels to the end",
    )
