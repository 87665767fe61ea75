"""The words of this room as types: a source before decoding, image data after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grevy.records.preprocessing import Fit

SPLITS = ("train", "validation", "test")


Remark = Literal["first frame", "turned", "transparent", "invisible", "one colour"]
"""What decoding did to a picture, or saw, that changes how it looks: of an animation or pages the
first; turned by EXIF; laid on white in part, or wholly; all pixels alike."""


@dataclass(frozen=True)
class EncodedSplit:
    """Pictures still as files or file contents.

    `pictures` reads them when called, so that a cached start never touches them.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    """Class name of each picture."""
    pictures: Callable[[], Sequence[Path | bytes]]


@dataclass(frozen=True)
class ArraySplit:
    """Pictures that are pixels already: `[N, H, W]` gray or `[N, H, W, 3]` RGB, uint8."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    """Class name of each picture."""
    pictures: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True)
class Source:
    """What a reader found at a place: pictures not yet decoded, by split."""

    name: str
    """Short name for run directories: `cifar10`, `my-folder`."""
    splits: Mapping[str, EncodedSplit | ArraySplit]
    content_hash: str
    """SHA-256 over everything that was read: changes when any picture or label changes."""
    class_names: tuple[str, ...] | None = None
    """The publisher's order; None: natural sort of the names."""
    notes: tuple[str, ...] = ()
    """What the user should be told: files that are not pictures, how a split was made."""
    has_splits: bool = True
    """Whether anything says which pictures are which split; else all stand in `train`."""
    sure_labels: bool = False
    """Whether a label is a class whatever its name is: folders called nan, NA or None are."""


@dataclass(frozen=True)
class PictureFacts:
    """What decoding found out about one picture, at its original size."""

    id: str
    label: str
    height: int
    width: int
    format: str
    """"PNG", "JPEG", ..., or "array"."""
    mode: str
    """Pillow's mode before conversion: "RGB", "L", "P", "CMYK", "I;16", ..."""
    pixel_hash: str
    """BLAKE2b (16 bytes, hex) of shape and RGB or gray pixels at the original size."""
    error: str | None = None
    """Why it can't be read; the other facts are then empty."""
    brightest: float | None = None
    """Largest value stored, of more than 8 bits a channel or of floats; None of other pictures. Of
    colours it is the end of its 256 values where it is beyond a quarter and not needed exactly."""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Split:
    """Decoded pictures of one split, ready for batches."""

    images_NCHW: NDArray[np.uint8]
    """May be a read-only memory map."""
    labels_N: NDArray[np.int64]
    ids: tuple[str, ...]
    content_hash: str
    """SHA-256 over the sorted (class name, pixel hash) pairs: independent of order and format."""
    order_hash: str
    """The same over the pairs in their order: what is kept for each row belongs to it."""
    pixel_hashes: tuple[str, ...] = ()
    """Of each at its original size, as `PictureFacts` has it; none where that is not known."""

    def __len__(self) -> int:
        return len(self.labels_N)


@dataclass(frozen=True)
class ImageData:
    """Labelled pictures with class names and named splits, decoded to one size."""

    name: str
    where: str
    classes: tuple[str, ...]
    """Index in this tuple = label."""
    splits: Mapping[str, Split]
    """`train` and `validation` for a training; `test` where the data has one."""
    fit: Fit
    fingerprint: str
    """SHA-256 over the content hashes of the splits and the class names."""
    notes: tuple[str, ...] = field(default=())
    """What was decided on the way and must be said."""
    bits: int = 16
    """Used of pictures with more than 8 bits a channel."""

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = next(iter(self.splits.values())).images_NCHW.shape[1:]
        return channels, height, width
