"""Mean and standard deviation of the pixels, a channel: as the recipe says, or measured."""

from __future__ import annotations

import numpy as np

from grevy.data.types import ImageData, Split
from grevy.errors import RecipeValueError
from grevy.models.transfer.preprocessing import statistics_as_published
from grevy.recipes.schema import Recipe


def statistics_of(data: ImageData, recipe: Recipe) -> tuple[list[float], list[float]]:
    """Mean and standard deviation a channel, for pictures in [0, 1].

    Raises:
        RecipeValueError: as many numbers as neither one nor the number of channels.
    """
    channels = data.input_shape[0]
    mean, deviation = statistics_as_published(recipe)
    if channels == 1 and "weights" in (recipe.pictures.mean, recipe.pictures.standard_deviation):
        # The first convolution is summed over its channels.
        mean, deviation = (
            (sum(v) / len(v),) if isinstance(v, tuple) else v for v in (mean, deviation)
        )
    measured = _measure(data.splits["train"]) if "train" in (mean, deviation) else None
    means = measured[0] if measured and mean == "train" else _per_channel(mean, channels, "mean")
    if measured and deviation == "train":
        return means, measured[1]
    return means, _per_channel(deviation, channels, "standard_deviation")


def _measure(split: Split) -> tuple[list[float], list[float]]:
    """Mean and standard deviation a channel over all pixels, exactly, in bounded memory."""
    totals = np.zeros(split.images_NCHW.shape[1])
    squares = np.zeros_like(totals)
    for start in range(0, len(split), 1000):
        piece = split.images_NCHW[start : start + 1000].astype(np.float64) / 255
        totals += piece.sum((0, 2, 3))
        squares += (piece**2).sum((0, 2, 3))
    pixels = split.images_NCHW.size / len(totals)
    mean = totals / pixels
    deviation = np.sqrt(np.maximum(squares / pixels - mean**2, 0))
    return mean.tolist(), np.where(deviation > 0, deviation, 1.0).tolist()


def _per_channel(values: object, channels: int, field: str) -> list[float]:
    numbers = list(values) if isinstance(values, tuple) else []
    if len(numbers) not in (1, channels):
        raise RecipeValueError(
            f"{len(numbers)} numbers in pictures.{field} for pictures of {channels} channels",
            f"one number, {channels} numbers, or train",
            "measure both: --pictures.mean train --pictures.standard-deviation train",
        )
    return numbers * (channels // len(numbers))
