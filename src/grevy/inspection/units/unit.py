"""The inspector of one unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from grevy.classifier.classifier import Classifier, Pictures
from grevy.errors import EmptyDataError, InputError, ModelArgumentError
from grevy.figures.numerals import counted
from grevy.inspection.layers import find_layer
from grevy.inspection.layout import choose_channels
from grevy.inspection.units import checks
from grevy.inspection.units.answers import Answers, Reader, answers_of, reading
from grevy.inspection.units.colours import Colours, colours_of_preprocessing
from grevy.inspection.units.examples import Examples, examples_of
from grevy.inspection.units.fields import UnitField, field_of
from grevy.inspection.units.patches import rows_of
from grevy.inspection.units.view import UnitView
from grevy.inspection.units.visualise import Visualisation, visualise

_SMALL = 64 * 64
"""Pixels of a picture up to which several starts are optimised side by side."""


@dataclass(frozen=True)
class Unit:
    """Look at what one unit answers to.

    Attributes:
        classifier: what is looked into.
        layer: its address.
        channel: of that layer.
        patches: of each row.
        steps: of optimisation.
        starts: of optimisation; None: 4, or 1 for pictures larger than 64×64.
        seed: of the optimised picture.
        colours: of the network's own data; None: what its preprocessing tells.
    """

    classifier: Classifier
    layer: str
    channel: int
    patches: int = 9
    steps: int = 128
    starts: int | None = None
    seed: int = 0
    colours: Colours | None = None

    def __call__(self, pictures: Pictures | Examples) -> UnitView:
        """Run all pictures through the network, and optimise one.

        Raises:
            LayerNotFoundError: no such layer.
            ModelArgumentError: a layer without units, or one that gives no finite value.
            InputError: a channel that the layer does not have, settings below 1, or pictures that
                can't be read.
        """
        self._require_settings()
        field = field_of(self.classifier, self.layer)
        choose_channels((self.channel,), field.channels, self.layer)
        examples = examples_of(pictures, self.classifier)
        if not len(examples):
            raise EmptyDataError("no picture", "at least one", "name pictures or another split")
        answers = answers_of(self.classifier, self.layer, field, self.channel, examples)
        self._require_finite(answers)
        return self._view(field, examples, answers)

    def _view(self, field: UnitField, examples: Examples, answers: Answers) -> UnitView:
        rows = rows_of(answers, examples, field, self.channel, self.patches)
        with reading(self.classifier, self.layer, field, self.channel) as read:
            made = self._visualise(read, field)
            alone = checks.patch_alone(read, self.classifier, examples, rows[0])
        found = [checks.visualisation_reaches(made, rows[0]), alone]
        extra = [checks.dead(answers, len(examples)), checks.not_finite(answers)]
        kind = type(find_layer(self.classifier.model, self.layer)[0]).__name__
        return UnitView(
            self.classifier,
            f"{self.layer} ({kind})",
            self.channel,
            examples,
            field,
            answers,
            rows,
            made,
            (*(check for check in extra if not check.passed), *found),
            self._method(field),
        )

    def _visualise(self, read: Reader, field: UnitField) -> Visualisation:
        p = self.classifier.preprocessing
        mean_C11, deviation_C11 = (
            torch.tensor(values, device=self.classifier.device)[:, None, None]
            for values in (p.mean, p.standard_deviation)
        )
        return visualise(
            lambda images: read((images - mean_C11) / deviation_C11),
            p.shape,
            self._colours(),
            steps=self.steps,
            starts=self._starts(),
            jitter=_jitter(field),
            seed=self.seed,
            device=self.classifier.device,
        )

    def _colours(self) -> Colours:
        return self.colours or colours_of_preprocessing(self.classifier.preprocessing)

    def _starts(self) -> int:
        p = self.classifier.preprocessing
        return self.starts or (4 if p.height * p.width <= _SMALL else 1)

    def _method(self, field: UnitField) -> tuple[str, ...]:
        starts, jitter = self._starts(), _jitter(field)
        best = f", the best of {starts} starts" if starts > 1 else ""
        moved = f", moved by up to {counted(jitter, 'pixel')}" if jitter else ""
        return (
            "Made for the unit: a picture in which Adam raised the value at the centre of the "
            f"channel's map for {self.steps} steps (Olah et al. 2017: Fourier basis, decorrelated "
            f"colours{moved}; seed {self.seed}{best}).",
            self._colours().note,
        )

    def _require_settings(self) -> None:
        for name in ("patches", "steps", "starts"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} {value}", "at least 1", f"change {name}")

    def _require_finite(self, answers: Answers) -> None:
        if np.isnan(answers.maxima.values_N).all():
            raise ModelArgumentError(
                f"channel {self.channel} of layer '{self.layer}', NaN or infinite on every picture",
                "a finite value on some picture",
                "look at the layers before it and at its weights",
            )


def _jitter(field: UnitField) -> int:
    """Pixels: none for a field as small as a first layer's, whose every pixel counts."""
    return round(min(*field.size, *field.picture) / 16)
