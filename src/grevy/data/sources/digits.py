"""The real handwritten digits that scikit-learn carries (Alpaydin and Kaynak 1998)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grevy.data.sources.arrays import array_source
from grevy.data.types import Source

_ENLARGEMENT = 4
_TEST_FRACTION = 0.2
_SPLIT_SEED = 0


def read_digits() -> Source:
    """1,797 gray pictures of "0" to "9": 8×8 with values 0 to 16, shown at 32×32 with 0 to 255.

    The values are scaled by 255/16 and rounded, halves up; each pixel becomes a square of 4×4.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    sixteenths_NHW = digits.images.astype(np.int64)
    small_NHW = ((sixteenths_NHW * 255 + 8) // 16).astype(np.uint8)
    images_NHW = small_NHW.repeat(_ENLARGEMENT, axis=1).repeat(_ENLARGEMENT, axis=2)
    labels_N = digits.target
    is_test_N = _test_part(labels_N)
    splits = {
        "train": (images_NHW[~is_test_N], labels_N[~is_test_N]),
        "test": (images_NHW[is_test_N], labels_N[is_test_N]),
    }
    note = f"the test split is a fifth of each class, drawn with the fixed seed {_SPLIT_SEED}"
    return array_source("digits", splits, tuple("0123456789"), (note,))


def _test_part(labels_N: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A fifth of each class. RandomState's stream is frozen, so the split is the same for ever."""
    random = np.random.RandomState(_SPLIT_SEED)
    is_test_N = np.zeros(len(labels_N), bool)
    for label in np.unique(labels_N):
        rows = random.permutation(np.flatnonzero(labels_N == label))
        is_test_N[rows[: round(_TEST_FRACTION * len(rows))]] = True
    return is_test_N
