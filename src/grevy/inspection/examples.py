"""What inspectors of the data are called with: a split of a run's pictures, what it said of them.

Shapes: N pictures, C channels, H rows, W columns, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier, Pictures
from grevy.classifier.run_data import split_of
from grevy.data.types import ImageData
from grevy.figures.numerals import counted
from grevy.records.predictions import Predictions


@dataclass(frozen=True)
class Examples:
    """Pictures of the size that the network takes.

    Attributes:
        pixels_NCHW: uint8; may be a memory map.
        names: of the pictures.
        about: what they are, as in "5,000 validation pictures of cifar10".
        classes: name of each picture's class; none where nobody told.
        notes: sentences about what was done to them.
        trained_on_NCHW: uint8, all that the network was trained on; None: not known.
    """

    pixels_NCHW: NDArray[np.uint8]
    names: Sequence[str]
    about: str
    classes: Sequence[str] = ()
    notes: tuple[str, ...] = ()
    trained_on_NCHW: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.pixels_NCHW)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Pixels [H, W, C] of one of them."""
        pixels_HWC: NDArray[np.uint8] = np.asarray(self.pixels_NCHW[index]).transpose(1, 2, 0)
        return pixels_HWC


@dataclass(frozen=True)
class RecordedPredictions:
    """What a run recorded at its end.

    Attributes:
        run: its name.
        of_split: of the pictures that are looked at.
        of_validation: on which a temperature is fitted, never on test; None: none.
    """

    run: str
    of_split: Predictions
    of_validation: Predictions | None = None


def examples_of(pictures: Pictures, classifier: Classifier) -> Examples:
    """Any pictures, as `classifier` prepares them; errors as `Classifier.prepare`."""
    inputs = classifier.prepare(pictures)
    pixels_NCHW = inputs.pixels_NHWC.transpose(0, 3, 1, 2)
    return Examples(pixels_NCHW, inputs.names, counted(len(inputs), "picture"), notes=inputs.told())


def examples_of_split(data: ImageData, split: str) -> Examples:
    """One split of image data.

    Raises:
        MissingSplitError: the data does not have it.
    """
    found = split_of(data, split)
    about = f"{counted(len(found), f'{split} picture')} of {data.name}"
    classes = [data.classes[label] for label in found.labels_N.tolist()]
    notes = tuple(f"About the data: {note}." for note in data.notes)
    trained_on = data.splits["train"].images_NCHW
    return Examples(found.images_NCHW, found.ids, about, classes, notes, trained_on)
