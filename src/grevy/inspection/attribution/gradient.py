"""The gradient of a class logit at the picture (Simonyan, Vedaldi and Zisserman 2014).

"Deep inside convolutional networks", section 3: the map shows for each pixel the largest absolute
derivative among its colours. It says what a small change would do, not what the network used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.figures.numerals import numeral
from grevy.inspection.attribution.examine import Findings, Method, examine, zero_remarks
from grevy.inspection.attribution.scores import class_logits, image_gradients
from grevy.inspection.attribution.view import AttributionView, magnitude_colours
from grevy.inspection.inspectors.gradients import GradientSettings
from grevy.inspection.view import Check

_CHANGE = 0.01
_TOLERANCE = 0.05


def gradient(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
    """Derivative [B, C, H, W] of each picture's class logit, per unit of the normalised values.

    Args:
        model: takes `images_BCHW`, puts out [B, K]; used in the mode that it is in.
        images_BCHW: normalised pictures.
        classes_B: a class a picture.
    """
    return image_gradients(model, images_BCHW, classes_B)


def largest_of_colours(gradients_BCHW: Tensor) -> Tensor:
    """The map [B, H, W] of the paper: the largest absolute value over the channels."""
    return gradients_BCHW.abs().amax(1)


def measured_slopes(
    model: nn.Module, images_BCHW: Tensor, classes_B: Tensor, gradients_BCHW: Tensor
) -> Tensor:
    """Slope [B] of the logit along the gradient from two short steps: |gradient|, if it is right.

    The steps are so long that the logit should change by 0.01 each, but at most a hundredth of the
    picture's norm, and of 1 where that is smaller. NaN where the gradient is 0.
    """
    lengths_B = gradients_BCHW.flatten(1).norm(dim=1)
    longest_B = _CHANGE * images_BCHW.flatten(1).norm(dim=1).clamp(min=1)
    steps_B = torch.minimum(_CHANGE / lengths_B, longest_B)
    moves_BCHW = gradients_BCHW * (steps_B / lengths_B)[:, None, None, None]
    with torch.no_grad():
        up_B = class_logits(model, images_BCHW + moves_BCHW, classes_B)
        down_B = class_logits(model, images_BCHW - moves_BCHW, classes_B)
    return (up_B - down_B).double() / (2 * steps_B.double())


def look(classifier: Classifier, pictures: Pictures, settings: GradientSettings) -> AttributionView:
    """Which pixels a class logit reacts to.

    Raises:
        ClassNotFoundError: no such class.
        InputError: pictures that can't be read.
    """
    method = Method("Gradient", _find, _evidence, magnitude_colours, draws=3)
    return examine(classifier, pictures, settings, method)


def sizes(gradients_BCHW: Tensor, checks_B: Iterable[Check], notes: tuple[str, ...]) -> Findings:
    """Findings whose map is the largest absolute value among a pixel's colours."""
    maps_BHW = largest_of_colours(gradients_BCHW)
    arrays = {"gradients_NCHW": gradients_BCHW}
    remarks_B = zero_remarks(gradients_BCHW)
    return Findings(maps_BHW, maps_BHW, arrays, tuple(checks_B), notes, remarks_B)


def _find(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Findings:
    gradients_BCHW = gradient(model, images_BCHW, classes_B)
    slopes_B = measured_slopes(model, images_BCHW, classes_B, gradients_BCHW).tolist()
    lengths_B = gradients_BCHW.double().flatten(1).norm(dim=1).tolist()
    note = "A pixel's value is the largest absolute derivative of the logit among its colours."
    return sizes(gradients_BCHW, map(_slope_check, slopes_B, lengths_B), (note,))


def _evidence(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
    return largest_of_colours(gradient(model, images_BCHW, classes_B))


def _slope_check(slope: float, length: float) -> Check:
    known = math.isfinite(slope) and length > 0
    deviation = slope / length - 1 if known else math.nan
    text = (
        f"Two short steps along the gradient change the logit with slope {numeral(slope)}; the "
        f"gradient's length is {numeral(length)}."
        if known
        else "The gradient is 0 or not a number, so there is no slope to measure."
    )
    passed = abs(deviation) <= _TOLERANCE if known else None
    return Check("measured slope", deviation, "within 5 % of the gradient", passed, text)
