"""Pictures that are arrays in Python already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.names import listed
from grevy.data.sources.labels import class_labels
from grevy.data.sources.rules import checked, readable, row_ids
from grevy.data.types import SPLITS, ArraySplit, Source
from grevy.errors import DataFormatError


def array_source(
    name: str,
    splits: Mapping[str, tuple[Any, Any]],
    class_names: Sequence[str] | None = None,
    notes: tuple[str, ...] = (),
) -> Source:
    """Image data to train on, from arrays or from anything that `numpy.asarray` takes.

    Args:
        name: short name for run directories.
        splits: (images, labels) by "train", "validation" or "test". Images are uint8, [N, H, W] or
            [N, H, W, 1] gray or [N, H, W, 3] RGB; labels are [N] class names, or integers.
        class_names: names of the integers, in order; without them their decimals are the names.
        notes: what the user should be told.

    Raises:
        DataFormatError: another shape or type, or labels that do not fit the pictures.
        DataError: what `checked` raises.
    """
    return checked(labelled_arrays(name, splits, class_names, notes))


def labelled_arrays(
    name: str,
    splits: Mapping[str, tuple[Any, Any]],
    class_names: Sequence[str] | None = None,
    notes: tuple[str, ...] = (),
) -> Source:
    """The same, of which some may be missing that a training needs.

    Raises:
        DataFormatError: as `array_source`.
        DataError: what `readable` raises.
    """
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise DataFormatError(
            f"{name} has the split {listed(unknown)}", f"{listed(SPLITS)}", "rename the split"
        )
    names = tuple(map(str, class_names)) if class_names is not None else None
    arrays = {}
    for split, (images, labels) in splits.items():
        pixels = as_pixels(images, f"{name}, {split}")
        found = class_labels(label_values(labels, len(pixels), split), names, split)
        arrays[split] = _array_split(split, pixels, found.names)
        notes += found.notes
    return readable(Source(name, arrays, _content_hash(arrays), names, notes))


def _array_split(split: str, pixels: NDArray[np.uint8], labels: tuple[str, ...]) -> ArraySplit:
    """A split of pictures in memory."""
    return ArraySplit(row_ids(split, len(pixels)), labels, lambda: pixels)


def label_values(labels: Any, count: int, where: str) -> list[Any]:
    """One value for each picture from an array [N] or [N, 1].

    Raises:
        DataFormatError: another shape.
    """
    labels_N = _as_array(labels, where)
    if labels_N.ndim == 2 and labels_N.shape[1] == 1:
        labels_N = labels_N[:, 0]
    if labels_N.shape != (count,):
        raise DataFormatError(
            f"{where} has {count:,} pictures and labels of shape {list(labels_N.shape)}",
            "one label for each picture, shape [N]",
            "give class numbers or class names, not one-hot rows",
        )
    return list(labels_N.tolist())


def as_pixels(images: Any, where: str) -> NDArray[np.uint8]:
    """The pictures as [N, H, W] gray or [N, H, W, 3] RGB, uint8.

    Raises:
        DataFormatError: another shape or type.
    """
    array = _as_array(images, where)
    require_pixels(array.shape, array.dtype, where)
    return array[..., 0] if array.ndim == 4 and array.shape[-1] == 1 else array


def require_pixels(shape: tuple[int, ...], dtype: np.dtype[Any], where: str) -> None:
    """Refuse arrays that are not uint8 pictures with the channels last; nothing is guessed.

    Raises:
        DataFormatError: says how to convert them.
    """
    if dtype != np.uint8:
        raise DataFormatError(
            f"{where} has pictures of type {dtype}",
            "uint8 from 0 to 255",
            "convert them, from [0, 1] by (images * 255).round().astype('uint8')",
        )
    if len(shape) != 3 and not (len(shape) == 4 and shape[-1] in {1, 3}):
        raise DataFormatError(
            f"{where} has pictures of shape {list(shape)}",
            "[N, H, W], [N, H, W, 1] or [N, H, W, 3]",
            "move the channels last, as in images.transpose(0, 2, 3, 1)",
        )
    if 0 in shape[1:3]:
        raise DataFormatError(
            f"{where} has pictures of {shape[1]}×{shape[2]} pixels: none at all",
            "pictures with a height and a width",
            "save the arrays again",
        )


def _as_array(values: Any, where: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataFormatError(
            f"{where} holds something that is no array ({error})",
            "a NumPy array, or what numpy.asarray takes",
            "convert it, a tensor by .cpu().numpy()",
        ) from error


def _content_hash(splits: Mapping[str, ArraySplit]) -> str:
    total = hashlib.sha256()
    for name, split in sorted(splits.items()):
        pixels = np.ascontiguousarray(split.pictures())
        total.update(repr((name, pixels.shape, split.labels)).encode("utf-8", "surrogateescape"))
        total.update(pixels.data)
    return total.hexdigest()
