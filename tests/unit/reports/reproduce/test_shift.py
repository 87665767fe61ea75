"""A shift through the pooling."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from grevy.documents.blocks import Figure, Table
from grevy.reports.reproduce.shift import (
    SOBEL,
    activations,
    change,
    max_pooled,
    shifted_blocks,
)
from grevy.reports.reproduce.shown import Shown


def picture(side: int = 40) -> Shown:
    """A bright square on a dark ground."""
    pixels_HWC = np.full((side, side, 1), 20, np.uint8)
    pixels_HWC[8:28, 12:32] = 220
    return Shown(None, pixels_HWC, "a bright square")


def test_activations_and_pooling_are_those_of_pytorch() -> None:
    gray_HW = picture().gray_HW[:, 1:]
    values = torch.from_numpy(gray_HW)[None, None]
    filtered = F.relu(F.conv2d(values, torch.from_numpy(SOBEL)[None, None]))
    np.testing.assert_allclose(activations(gray_HW), filtered[0, 0].numpy())
    pooled = F.max_pool2d(filtered, 2)
    np.testing.assert_allclose(max_pooled(activations(gray_HW)), pooled[0, 0].numpy())


def test_a_change_is_relative_and_nothing_changes_nothing() -> None:
    ones = np.ones((2, 2))
    assert change(ones, 2 * ones) == 1.0
    assert change(0 * ones, 0 * ones) == 0.0


def test_after_pooling_a_shift_changes_less() -> None:
    table = next(b for b in shifted_blocks(picture()) if isinstance(b, Table))
    shares = [float(row[2].removesuffix(" %")) for row in table.rows]
    assert [row[1] for row in table.rows] == ["38×37", "19×18", "9×9", "4×4"]
    assert shares[0] > shares[-1]
    assert any(isinstance(b, Figure) and b.png for b in shifted_blocks(picture()))
