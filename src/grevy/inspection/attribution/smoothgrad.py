"""SmoothGrad (Smilkov, Thorat, Kim, Viégas and Wattenberg 2017, "removing noise by adding noise").

The mean of the gradients at the picture with Gaussian noise added, drawn again each time; the
noise's standard deviation is a part of the picture's range (10 to 20 % in the paper).
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.data.randomness import generator
from grevy.errors import InputError
from grevy.figures.numerals import numeral
from grevy.inspection.attribution.checks import rank_correlation
from grevy.inspection.attribution.examine import Findings, Method, examine
from grevy.inspection.attribution.gradient import largest_of_colours, sizes
from grevy.inspection.attribution.scores import mean_image_gradients
from grevy.inspection.attribution.view import AttributionView, magnitude_colours
from grevy.inspection.inspectors.smoothgrad import SmoothGradSettings
from grevy.inspection.view import Check

_AGREEMENT = 0.5


def smoothgrad(
    model: nn.Module,
    images_BCHW: Tensor,
    classes_B: Tensor,
    *,
    noise: float = 0.15,
    samples: int = 50,
    seed: int = 0,
) -> Tensor:
    """Mean gradient [B, C, H, W] of each picture's class logit under noise.

    Args:
        model: takes `images_BCHW`, puts out [B, K]; used in the mode that it is in.
        images_BCHW: normalised pictures.
        classes_B: a class a picture.
        noise: standard deviation, as a part of each picture's range.
        samples: pictures with noise; even.
        seed: of the noise, which is the same for each picture of the batch.

    Raises:
        InputError: noise below 0, or samples that are odd or fewer than 2.
    """
    halves_2BCHW = smoothgrad_halves(
        model, images_BCHW, classes_B, noise=noise, samples=samples, seed=seed
    )
    return halves_2BCHW.mean(0)


def smoothgrad_halves(
    model: nn.Module,
    images_BCHW: Tensor,
    classes_B: Tensor,
    *,
    noise: float,
    samples: int,
    seed: int,
) -> Tensor:
    """The mean gradients [2, B, C, H, W] of both halves of the samples; else as `smoothgrad`."""
    if noise < 0 or samples < 2 or samples % 2:
        raise InputError(
            f"noise {noise} and {samples} samples",
            "noise of 0 or more, an even number of samples",
            "change the settings",
        )
    values_BV = images_BCHW.flatten(1)
    deviations_B = noise * (values_BV.amax(1) - values_BV.amin(1))

    def noisy(sample: float) -> Tensor:
        draw = generator(seed, "smoothgrad", int(sample))
        noise_CHW = torch.randn(images_BCHW.shape[1:], generator=draw).to(images_BCHW)
        return images_BCHW + deviations_B[:, None, None, None] * noise_CHW

    halves = range(samples // 2), range(samples // 2, samples)
    means = [mean_image_gradients(model, classes_B, half, noisy) for half in halves]
    return torch.stack(means).to(images_BCHW.dtype)


def look(
    classifier: Classifier, pictures: Pictures, settings: SmoothGradSettings
) -> AttributionView:
    """Which pixels a class logit reacts to, also when the picture is a little different.

    Raises:
        ClassNotFoundError: no such class.
        InputError: pictures that can't be read.
    """
    noise, samples = settings.noise, settings.samples
    halves_of = partial(smoothgrad_halves, noise=noise, samples=samples, seed=settings.seed)

    def find(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Findings:
        halves_2BCHW = halves_of(model, images_BCHW, classes_B)
        first_BHW, second_BHW = map(largest_of_colours, halves_2BCHW)
        checks_B = map(_agreement_check, first_BHW, second_BHW)
        note = (
            f"Mean of {samples} gradients with noise of {numeral(100 * noise)} % of the "
            "picture's range; a pixel's value is the largest absolute one among its colours."
        )
        return sizes(halves_2BCHW.mean(0), checks_B, (note,))

    def evidence(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
        return largest_of_colours(halves_of(model, images_BCHW, classes_B).mean(0))

    method = Method("SmoothGrad", find, evidence, magnitude_colours)
    return examine(classifier, pictures, settings, method)


def _agreement_check(first_HW: Tensor, second_HW: Tensor) -> Check:
    correlation = rank_correlation(first_HW, second_HW)
    known = not math.isnan(correlation)
    text = (
        f"Two halves of the samples agree with a rank correlation of {numeral(correlation, 2)}."
        if known
        else "The maps of two halves of the samples can't be ranked."
    )
    passed = correlation > _AGREEMENT if known else None
    return Check("agreement of halves", correlation, f"above {_AGREEMENT}", passed, text)
