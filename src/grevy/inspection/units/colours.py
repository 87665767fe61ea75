"""How the colours of pictures vary together, so that an optimised picture keeps to them.

Shapes: N pictures, C channels, H rows, W columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grevy.figures.numerals import counted
from grevy.records.preprocessing import Preprocessing

_SAMPLE = 1000
"""Pictures from which the statistics are computed."""

_MARGIN = 0.05
"""A mean colour keeps so far from black and white, where a sigmoid has no slope."""


@dataclass(frozen=True)
class Colours:
    """Statistics of pixels in [0, 1].

    Attributes:
        mean_C: the mean colour.
        mixing_CC: symmetric root of the covariance, its largest row brought to length 1: it turns
            independent numbers into colours that vary together as those of the data.
        note: where they come from, as a sentence.
    """

    mean_C: NDArray[np.float64]
    mixing_CC: NDArray[np.float64]
    note: str


def colours_of_pictures(pixels_NCHW: NDArray[np.uint8], about: str) -> Colours:
    """From every pixel of up to 1,000 pictures, evenly spread over all.

    Args:
        pixels_NCHW: uint8; may be a memory map.
        about: what they are, as in "train pictures of cifar10".
    """
    step = -(-len(pixels_NCHW) // _SAMPLE)
    sample_NCHW = np.asarray(pixels_NCHW[::step])
    pixels_PC = np.moveaxis(sample_NCHW, 1, -1).reshape(-1, sample_NCHW.shape[1]) / 255.0
    covariance_CC = np.atleast_2d(np.cov(pixels_PC, rowvar=False, bias=True))
    note = f"Colours: covariance of the pixels of {counted(len(sample_NCHW), about)}."
    return _colours(pixels_PC.mean(axis=0), covariance_CC, note)


def colours_of_preprocessing(preprocessing: Preprocessing) -> Colours:
    """From the mean and standard deviation that the network subtracts and divides by."""
    mean_C = np.array(preprocessing.mean)
    deviation_C = np.array(preprocessing.standard_deviation)
    if not mean_C.any() and (deviation_C == 1).all():
        note = "Colours: the network names no statistics of its data, so channels vary alike."
        return _colours(np.full(len(mean_C), 0.5), np.eye(len(mean_C)), note)
    note = (
        "Colours: the network's own mean and standard deviation; no data to tell how they covary."
    )
    return _colours(mean_C, np.diag(deviation_C**2), note)


def _colours(mean_C: NDArray[np.float64], covariance_CC: NDArray[np.float64], note: str) -> Colours:
    variances_C, axes_CC = np.linalg.eigh(covariance_CC)
    root_CC = axes_CC * np.sqrt(variances_C.clip(0)) @ axes_CC.T
    largest = np.linalg.norm(root_CC, axis=1).max()
    mixing_CC = root_CC / largest if largest > 0 else np.eye(len(mean_C))
    return Colours(mean_C.clip(_MARGIN, 1 - _MARGIN), mixing_CC, note)
