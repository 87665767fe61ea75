"""From pictures in any form to what the network sees, and what was done on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.classifier.pictures import OnePicture, Pictures, list_items
from grevy.data.augment.normalise import normalise
from grevy.data.decode import Picture, decode
from grevy.data.deep import STORED_BITS
from grevy.data.fit import prepare
from grevy.data.remarks import depth_clauses
from grevy.data.types import PictureFacts, Remark
from grevy.errors import UnreadablePictureError
from grevy.records.preprocessing import Preprocessing

__all__ = ["Fitted", "Inputs", "OnePicture", "Pictures", "fit", "normalised", "read_inputs"]

_FITTED = {
    "crop": "scaled and cropped",
    "stretch": "scaled, its proportions changed,",
    "pad": "scaled and padded with black",
}

_DONE: Mapping[Remark, str] = {
    "first frame": "its first frame",
    "turned": "turned by its EXIF tag",
    "transparent": "transparency laid on white",
    "invisible": "transparency laid on white",
}

_EMPTY: Mapping[Remark, str] = {
    "invisible": "wholly transparent, so it is white",
    "one colour": "of one colour throughout",
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


@dataclass(frozen=True)
class Fitted:
    """One picture at the size of the input: of large photographs only one is in memory as it was.

    Attributes:
        pixels_CHW: uint8; None if it can't be read.
        facts: what decoding found out, also why it can't be read.
        channels: that it had, 1 or 3.
    """

    pixels_CHW: NDArray[np.uint8] | None
    facts: PictureFacts
    channels: int = 0


def fit(picture: Picture, preprocessing: Preprocessing) -> Fitted:
    """Decode and bring to the size of the input; never raises for a bad picture."""
    pixels_HWC, facts = decode(picture, bits=_bits(preprocessing))
    if pixels_HWC is None:
        return Fitted(None, facts)
    fitted_CHW = prepare(pixels_HWC, preprocessing.shape, preprocessing.fit)
    return Fitted(fitted_CHW, facts, pixels_HWC.shape[2])


def normalised(
    pixels_NCHW: NDArray[np.uint8], preprocessing: Preprocessing, device: torch.device
) -> Tensor:
    """Fitted pixels as the float32 numbers that the network takes, on `device`."""
    images_NCHW = torch.from_numpy(np.require(pixels_NCHW, requirements=["C", "W"])).to(device)
    return normalise(images_NCHW, *statistics(preprocessing, device)).contiguous()


def statistics(preprocessing: Preprocessing, device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, one a channel, on `device`."""
    mean, deviation = preprocessing.mean, preprocessing.standard_deviation
    return torch.tensor(mean, device=device), torch.tensor(deviation, device=device)


def read_inputs(pictures: Pictures, preprocessing: Preprocessing, device: torch.device) -> Inputs:
    """Decode, fit and normalise.

    Raises:
        DataNotFoundError: a path that does not exist.
        EmptyDataError: no picture at all.
        DataFormatError: what is no picture, or an array that is not pixels.
        UnreadablePictureError: a picture that can't be decoded.
    """
    items = list_items(pictures, preprocessing.channels)
    names = tuple(
        item.name if isinstance(item, Path) else f"picture {i}" for i, item in enumerate(items)
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


def _read(
    picture: Picture, name: str, preprocessing: Preprocessing
) -> tuple[NDArray[np.uint8], str]:
    """Pixels [C, H, W] that the network sees, and what was done to the picture."""
    fitted = fit(picture, preprocessing)
    if fitted.pixels_CHW is None:
        raise UnreadablePictureError(
            f"{name} can't be read ({fitted.facts.error})", "a picture", "name another one"
        )
    done = [
        *_done_in_decoding(fitted.facts, preprocessing),
        *_done_in_fitting(fitted, preprocessing),
    ]
    return fitted.pixels_CHW, "; ".join(done)


def doubts(facts: PictureFacts, preprocessing: Preprocessing) -> Iterator[str]:
    """Why a picture may not show what somebody thinks that it does."""
    yield from (said for remark, said in _EMPTY.items() if remark in facts.remarks)
    yield from depth_clauses(facts, _bits(preprocessing))


def _done_in_decoding(facts: PictureFacts, preprocessing: Preprocessing) -> Iterator[str]:
    """What changes the look of a picture."""
    yield from (said for remark, said in _DONE.items() if remark in facts.remarks)
    if facts.mode.startswith("I"):
        yield f"{_bits(preprocessing)} bits a pixel brought to 8"
    elif facts.mode in ("CMYK", "LAB"):
        yield f"{facts.mode} turned into RGB"
    yield from depth_clauses(facts, _bits(preprocessing))


def _bits(preprocessing: Preprocessing) -> int:
    return preprocessing.bits or STORED_BITS


def _done_in_fitting(fitted: Fitted, wanted: Preprocessing) -> Iterator[str]:
    height, width = fitted.facts.height, fitted.facts.width
    if (height, width) != (wanted.height, wanted.width):
        same_form = height * wanted.width == width * wanted.height
        how = "scaled" if same_form else _FITTED[wanted.fit]
        yield f"{width} wide and {height} high, {how} to {wanted.width}×{wanted.height}"
    if fitted.channels != wanted.channels:
        yield "gray repeated to RGB" if wanted.channels == 3 else "colour turned to gray"
