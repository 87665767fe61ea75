"""From the pictures that a user names to what the network sees, and what was done on the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import ExifTags, Image
from torch import Tensor

from grevy.data.augment.normalise import normalise
from grevy.data.decode import decode
from grevy.data.fit import prepare
from grevy.data.listing import list_pictures
from grevy.data.types import PictureFacts
from grevy.errors import DataFormatError, EmptyDataError, UnreadablePictureError
from grevy.records.preprocessing import Preprocessing

OnePicture = str | Path | NDArray[np.uint8]
Pictures = OnePicture | Iterable[OnePicture]
"""A file, a folder, or pixels [H, W], [H, W, 1 or 3] or [N, H, W, 1 or 3]; or several of these."""

_FITTED = {
    "crop": "scaled and cropped",
    "stretch": "scaled, its proportions changed,",
    "pad": "scaled and padded with black",
}


@dataclass(frozen=True)
class Inputs:
    """Pictures as the network sees them.

    Attributes:
        pixels_NHWC: uint8, before normalisation.
        images_NCHW: float32, normalised, on the network's device.
        names: of the files without their folders, or "picture 0", "picture 1", ...
        notes: a picture: what was done to it, as clauses; "" if nothing.
    """

    pixels_NHWC: NDArray[np.uint8]
    images_NCHW: Tensor
    names: tuple[str, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def told(self) -> tuple[str, ...]:
        """A sentence for each picture to which something was done."""
        pairs = zip(self.names, self.notes, strict=True)
        return tuple(f"{name}: {note}." for name, note in pairs if note)


def read_inputs(pictures: Pictures, preprocessing: Preprocessing, device: torch.device) -> Inputs:
    """Decode, fit and normalise.

    Raises:
        DataNotFoundError: a path that does not exist.
        EmptyDataError: no picture at all.
        DataFormatError: an array that is not pixels.
        UnreadablePictureError: a picture that can't be decoded.
    """
    items = list(_items(pictures))
    if not items:
        raise EmptyDataError("an empty list of pictures", "at least one", "name a picture")
    names = tuple(
        f"picture {i}" if isinstance(item, np.ndarray) else item.name
        for i, item in enumerate(items)
    )
    fitted, notes = zip(
        *(_read(*one, preprocessing) for one in zip(items, names, strict=True)), strict=True
    )
    pixels_NCHW = np.stack(fitted)
    return Inputs(
        pixels_NCHW.transpose(0, 2, 3, 1),
        normalised(pixels_NCHW, preprocessing, device),
        names,
        notes,
    )


def normalised(
    pixels_NCHW: NDArray[np.uint8], preprocessing: Preprocessing, device: torch.device
) -> Tensor:
    """Fitted pixels as the float32 numbers that the network takes, on `device`."""
    images_NCHW = torch.from_numpy(np.require(pixels_NCHW, requirements=["C", "W"])).to(device)
    mean_C = torch.tensor(preprocessing.mean, device=device)
    deviation_C = torch.tensor(preprocessing.standard_deviation, device=device)
    return normalise(images_NCHW, mean_C, deviation_C).contiguous()


def _items(pictures: Pictures) -> Iterator[Path | NDArray[np.uint8]]:
    if isinstance(pictures, np.ndarray):
        yield from _pictures_in(pictures)
    elif isinstance(pictures, str | Path):
        yield from list_pictures([pictures])
    else:
        for picture in pictures:
            yield from _items(picture)


def _pictures_in(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """[H, W] or [H, W, 3] each. Three axes are one picture if the last has a pixel's length."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3, 4):
        raise _not_pixels(pixels)
    if pixels.ndim == 4:
        if pixels.shape[3] not in (1, 3):
            raise _not_pixels(pixels)
        return [_without_gray_axis(picture) for picture in pixels]
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3):
        raise _not_pixels(pixels)
    return [_without_gray_axis(pixels)]


def _without_gray_axis(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def _not_pixels(array: NDArray[np.generic]) -> DataFormatError:
    return DataFormatError(
        f"an array {list(array.shape)} of {array.dtype}",
        "uint8 pixels [H, W], [H, W, 1 or 3] or [N, H, W, 1 or 3]",
        "bring values to 0 … 255 and channels to the end",
    )


def _read(
    picture: Path | NDArray[np.uint8], name: str, preprocessing: Preprocessing
) -> tuple[NDArray[np.uint8], str]:
    """Pixels [C, H, W] that the network sees, and what was done to the picture."""
    pixels_HWC, facts = decode(picture)
    if pixels_HWC is None:
        raise UnreadablePictureError(
            f"{name} can't be read ({facts.error})", "a picture", "name another file"
        )
    done = [
        *(_done_in_decoding(picture, facts) if isinstance(picture, Path) else ()),
        *_done_in_fitting(pixels_HWC, preprocessing),
    ]
    return prepare(pixels_HWC, preprocessing.shape, preprocessing.fit), "; ".join(done)


def _done_in_decoding(path: Path, facts: PictureFacts) -> Iterator[str]:
    """What `decode` did that changes the look of a file, from its header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on metadata, as in `decode`
        with Image.open(path) as image:
            if getattr(image, "is_animated", False):
                yield "its first frame"
            if image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9):
                yield "turned by its EXIF tag"
            if image.has_transparency_data:
                yield "transparency laid on white"
    if facts.mode.startswith("I"):
        yield "16 bits a pixel brought to 8"
    elif facts.mode in ("CMYK", "LAB"):
        yield f"{facts.mode} turned into RGB"


def _done_in_fitting(pixels_HWC: NDArray[np.uint8], wanted: Preprocessing) -> Iterator[str]:
    height, width, channels = pixels_HWC.shape
    if (height, width) != (wanted.height, wanted.width):
        same_form = height * wanted.width == width * wanted.height
        how = "scaled" if same_form else _FITTED[wanted.fit]
        yield f"{width} wide and {height} high, {how} to {wanted.width}×{wanted.height}"
    if channels != wanted.channels:
        yield "gray repeated to RGB" if wanted.channels == 3 else "colour turned to gray"
