"""The picture that is looked at: a file, or one of the test pictures of a run's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from grevy.data.decode import decode
from grevy.data.types import ImageData
from grevy.errors import UnreadablePictureError

SIDE = 128
"""Pixels to which a photograph is brought before it is moved by one."""


@dataclass(frozen=True)
class Shown:
    """A picture.

    Attributes:
        file: where it is from; None: from the image data.
        pixels_HWC: uint8.
        about: what it is, in words.
    """

    file: Path | None
    pixels_HWC: NDArray[np.uint8]
    about: str

    @property
    def gray_HW(self) -> NDArray[np.float64]:
        """In [0, 1], the longer side at most `SIDE` pixels."""
        picture = Image.fromarray(self.pixels_HWC.squeeze()).convert("L")
        picture.thumbnail((SIDE, SIDE))
        return np.asarray(picture, np.float64) / 255


def shown_file(path: Path) -> Shown:
    """A picture of the user's.

    Raises:
        UnreadablePictureError: it can't be decoded.
    """
    pixels_HWC, facts = decode(path)
    if pixels_HWC is None:
        raise UnreadablePictureError(
            f"{path}: {facts.error}", "a picture that can be read", "choose another --picture"
        )
    return Shown(path, pixels_HWC, f"the picture {path.name}")


def shown_of(data: ImageData) -> Shown:
    """The first picture of the validation split."""
    split = data.splits["validation"]
    pixels_HWC = np.ascontiguousarray(np.asarray(split.images_NCHW[0]).transpose(1, 2, 0))
    name = data.classes[int(split.labels_N[0])]
    return Shown(None, pixels_HWC, f"the first picture of the validation split ({name})")
