"""The picture without evidence: where integrated gradients start, and what occlusion puts in."""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.inspection.settings import StartName
from grevy.records.preprocessing import Preprocessing

START_WORDS = {
    "black": "a black picture, so black pixels get nothing",
    "white": "a white picture, so white pixels get nothing",
    "mean": "the mean colour of the data, so pixels of that colour get nothing",
}


def start_images(preprocessing: Preprocessing, images_BCHW: Tensor, start: StartName) -> Tensor:
    """Normalised pictures [B, C, H, W] of one colour.

    Args:
        preprocessing: its mean colour becomes 0.
        images_BCHW: give shape, type and device.
        start: which colour.
    """
    mean_C = torch.tensor(preprocessing.mean).to(images_BCHW)
    deviation_C = torch.tensor(preprocessing.standard_deviation).to(images_BCHW)
    pixel_C = {"black": 0 * mean_C, "white": 0 * mean_C + 1, "mean": mean_C}[start]
    colour_C = (pixel_C - mean_C) / deviation_C
    return colour_C[:, None, None].expand_as(images_BCHW).clone()
