"""The inspector of one unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from grevy.classifier.classifier import Classifier
from grevy.classifier.inputs import normalised
from grevy.errors import EmptyDataError, ModelArgumentError
from grevy.figures.numerals import counted
from grevy.inspection.addresses import find_layer
from grevy.inspection.attribution.paths import no_gradient
from grevy.inspection.attribution.scores import derivative, needing_gradients
from grevy.inspection.examples import Examples
from grevy.inspection.inspectors.unit import UnitSettings
from grevy.inspection.layout import choose_channels
from grevy.inspection.units import checks
from grevy.inspection.units.answers import Answers, Reader, answers_of, reading
from grevy.inspection.units.colours import (
    Colours,
    colours_of_pictures,
    colours_of_preprocessing,
)
from grevy.inspection.units.fields import UnitField, field_of
from grevy.inspection.units.patches import rows_of
from grevy.inspection.units.view import UnitView
from grevy.inspection.units.visualise import Visualisation, visualise

_SMALL = 64 * 64
"""Pixels of a picture up to which several starts are optimised side by side."""


def look(classifier: Classifier, examples: Examples, settings: UnitSettings) -> UnitView:
    """Run all pictures through the network, and optimise one.

    Raises:
        LayerNotFoundError: no such layer.
        ModelArgumentError: a layer without units, or one that gives no finite value.
        NoGradientError: the network cuts the way of the gradient to the picture.
        InputError: a channel that the layer does not have.
        EmptyDataError: no picture.
    """
    layer, channel = settings.layer, settings.channel
    field = field_of(classifier, layer)
    choose_channels((channel,), field.channels, layer)
    if not len(examples):
        raise EmptyDataError("no picture", "at least one", "name pictures or another split")
    answers = answers_of(classifier, layer, field, channel, examples)
    _require_finite(answers, settings)
    rows = rows_of(answers, examples, field, channel, settings.patches)
    way = _way(classifier, examples, field, settings)
    with reading(classifier, layer, field, channel) as read:
        _require_gradient(read, classifier, examples, layer)
        made = _visualise(read, classifier, way)
        alone = checks.patch_alone(read, classifier, examples, rows[0])
    extra = [checks.dead(answers, len(examples)), checks.not_finite(answers)]
    kind = type(find_layer(classifier.model, layer)[0]).__name__
    return UnitView(
        classifier,
        f"{layer} ({kind})",
        channel,
        examples,
        field,
        answers,
        rows,
        made,
        (
            *(check for check in extra if not check.passed),
            checks.visualisation_reaches(made, rows[0]),
            alone,
        ),
        way.sentences(),
    )


@dataclass(frozen=True)
class _Way:
    """How the picture is optimised; all but `colours` as of `visualise`."""

    colours: Colours
    steps: int
    starts: int
    jitter: int
    seed: int

    def sentences(self) -> tuple[str, ...]:
        best = f", the best of {self.starts} starts" if self.starts > 1 else ""
        moved = f", moved by up to {counted(self.jitter, 'pixel')}" if self.jitter else ""
        return (
            "Made for the unit: a picture in which Adam raised the value at the centre of the "
            f"channel's map for {self.steps} steps (Olah et al. 2017: Fourier basis, decorrelated "
            f"colours{moved}; seed {self.seed}{best}).",
            self.colours.note,
        )


def _way(
    classifier: Classifier, examples: Examples, field: UnitField, settings: UnitSettings
) -> _Way:
    p, trained_on = classifier.preprocessing, examples.trained_on_NCHW
    colours = (
        colours_of_preprocessing(p)
        if trained_on is None
        else colours_of_pictures(trained_on, "train picture")
    )
    starts = settings.starts or (4 if p.height * p.width <= _SMALL else 1)
    return _Way(colours, settings.steps, starts, _jitter(field), settings.seed)


def _visualise(read: Reader, classifier: Classifier, way: _Way) -> Visualisation:
    p = classifier.preprocessing
    mean_C11, deviation_C11 = (
        torch.tensor(values, device=classifier.device)[:, None, None]
        for values in (p.mean, p.standard_deviation)
    )
    return visualise(
        lambda images: read((images - mean_C11) / deviation_C11),
        p.shape,
        way.colours,
        steps=way.steps,
        starts=way.starts,
        jitter=way.jitter,
        seed=way.seed,
        device=classifier.device,
    )


def _require_finite(answers: Answers, settings: UnitSettings) -> None:
    if np.isnan(answers.maxima.values_N).all():
        raise ModelArgumentError(
            f"channel {settings.channel} of layer '{settings.layer}', NaN or infinite on every "
            "picture",
            "a finite value on some picture",
            "look at the layers before it and at its weights",
        )


def _require_gradient(read: Reader, classifier: Classifier, examples: Examples, layer: str) -> None:
    """Refuse to make a picture for a unit to which the network cuts the gradient's way.

    Raises:
        NoGradientError: that names where.
    """
    pixels_1CHW = examples.pixels_NCHW[:1]
    image_1CHW = normalised(pixels_1CHW, classifier.preprocessing, classifier.device)
    leaf_1CHW = image_1CHW.clone().requires_grad_()
    cut = partial(no_gradient, classifier.model, image_1CHW, of=f"layer '{layer}'")
    with needing_gradients(cut):
        found = derivative(read(leaf_1CHW.clone()), leaf_1CHW)
    if found is None:
        raise cut()


def _jitter(field: UnitField) -> int:
    """Pixels: none for a field as small as a first layer's, whose every pixel counts."""
    return round(min(*field.size, *field.picture) / 16)
