"""Calibration of a run: how far its probabilities can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.arithmetic.proportion import Floats
from grevy.errors import EmptyDataError, InputError
from grevy.figures.calibration import Curve, draw_calibration
from grevy.figures.numerals import counted
from grevy.inspection.examples import RecordedPredictions
from grevy.inspection.inspectors.calibration import CalibrationSettings
from grevy.inspection.maps.calibration_numbers import (
    TEMPERATURES,
    Bins,
    Kind,
    best_temperature,
    bins_for,
    bins_of,
    brier_score,
    chance_of_mistakes,
    error_by_chance,
    error_interval,
    negative_log_likelihood,
    probabilities_of,
    temperature_interval,
)
from grevy.inspection.maps.calibration_words import about_error, about_sureness, about_temperature
from grevy.inspection.maps.notes import about_split
from grevy.inspection.view import Check, png_of
from grevy.records.predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS: tuple[Kind, Kind] = ("equal width", "equal mass")


def look(predictions: RecordedPredictions, settings: CalibrationSettings) -> CalibrationView:
    """Sort pictures by confidence and count how often they are right.

    Raises:
        EmptyDataError: no picture.
        InputError: logits that are not finite.
    """
    shown, validation = predictions.of_split, predictions.of_validation
    if not len(shown.labels_N):
        raise EmptyDataError("no picture", "at least one", "choose another split")
    _require_finite(shown, settings.split)
    temperature = interval = None
    if validation is not None:
        _require_finite(validation, "validation")
        fitted_on = validation.logits_NK, validation.labels_N
        temperature = best_temperature(*fitted_on)
        interval = temperature_interval(*fitted_on, temperature)
    return CalibrationView(
        predictions.run, shown.logits_NK, shown.labels_N, temperature, settings, interval
    )


@dataclass(frozen=True)
class CalibrationView:
    """How sure and how often right.

    Attributes:
        name: of the run.
        logits_NK: recorded.
        labels_N: true classes.
        temperature: fitted on validation; None: none was.
        settings: split, bins, and the seed of the bootstrap.
        temperature_interval: its 95 % interval over validation pictures; None: none was fitted.
    """

    name: str
    logits_NK: NDArray[np.float32]
    labels_N: NDArray[np.int64]
    temperature: float | None
    settings: CalibrationSettings
    temperature_interval: tuple[float, float] | None = None

    scale = None

    @property
    def split(self) -> str:
        """What the pictures are."""
        return self.settings.split

    @cached_property
    def right_N(self) -> NDArray[np.bool_]:
        """Whether the predicted class is the true one."""
        right_N: NDArray[np.bool_] = self.logits_NK.argmax(1) == self.labels_N
        return right_N

    @property
    def bin_count(self) -> int:
        """How many bins of each kind."""
        return self.settings.bins or bins_for(len(self.labels_N))

    def confidence_N(self, temperature: float = 1.0) -> Floats:
        """Probability of the predicted class."""
        confidence_N: Floats = probabilities_of(self.logits_NK, temperature).max(1)
        return confidence_N

    def bins(self, kind: Kind, temperature: float = 1.0) -> Bins:
        """Pictures of like confidence together."""
        return bins_of(self.confidence_N(temperature), self.right_N, kind, self.bin_count)

    @cached_property
    def numbers(self) -> dict[str, float]:
        """Everything that is told: errors with intervals, mean confidence, scores."""
        confidence_N = self.confidence_N()
        errors = {kind: self.bins(kind) for kind in KINDS}
        low, high = error_interval(
            confidence_N, self.right_N, "equal width", self.settings.seed, self.bin_count
        )
        found = {
            "accuracy": float(self.right_N.mean()),
            "mean_confidence": float(confidence_N.mean()),
            "mean_confidence_p": chance_of_mistakes(confidence_N, self.right_N),
            "expected_calibration_error": errors["equal width"].expected_error,
            "expected_calibration_error_low": low,
            "expected_calibration_error_high": high,
            "expected_calibration_error_by_chance": error_by_chance(
                confidence_N, "equal width", self.settings.seed, self.bin_count
            ),
            "expected_calibration_error_equal_mass": errors["equal mass"].expected_error,
            "maximal_calibration_error": errors["equal width"].maximal_error,
            "negative_log_likelihood": negative_log_likelihood(self.logits_NK, self.labels_N),
            "brier_score": brier_score(probabilities_of(self.logits_NK), self.labels_N),
        }
        if self.temperature is None or self.temperature_interval is None:
            return found
        cooled = self.bins("equal width", self.temperature).expected_error
        loss = negative_log_likelihood(self.logits_NK / self.temperature, self.labels_N)
        return {
            **found,
            "temperature": self.temperature,
            "temperature_low": self.temperature_interval[0],
            "temperature_high": self.temperature_interval[1],
            "expected_calibration_error_after": cooled,
            "negative_log_likelihood_after": loss,
        }

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Of both kinds of bins: count, confidence, accuracy and its interval."""
        return {
            f"{kind.replace(' ', '_')}_{name}": array
            for kind in KINDS
            for name, array in asdict(self.bins(kind)).items()
            if name != "kind"
        }

    @property
    def checks(self) -> tuple[Check, ...]:
        """Whether both ways to cut bins say the same."""
        wide = self.numbers["expected_calibration_error"]
        mass = self.numbers["expected_calibration_error_equal_mass"]
        text = f"Bins of equal width say {wide:.4f}, bins with equally many pictures {mass:.4f}."
        return (Check("two ways to cut bins", abs(wide - mass), "near 0", None, text),)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was found, as sentences."""
        n = self.numbers
        return (
            about_sureness(n),
            about_error(n),
            f"Largest gap of a bin {n['maximal_calibration_error']:.3f}; it holds "
            f"{counted(self.bins('equal width').pictures_of_maximal_error, 'picture')}.",
            *(check.text for check in self.checks),
            f"Loss {n['negative_log_likelihood']:.4f} nats, Brier score {n['brier_score']:.4f}.",
            *about_temperature(n, self.split),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """How it was counted."""
        shown = counted(len(self.labels_N), f"{self.split} picture")
        return (
            f"{shown}, as recorded at the end of the run; bars are 95 % intervals (Wilson).",
            "Noise in a bin only adds to a gap: the expected calibration error of few pictures "
            f"lies too high (Guo et al. 2017; {counted(self.bin_count, 'bin')}).",
            *self._about_temperature(),
            *about_split(self.split),
        )

    def _about_temperature(self) -> Iterator[str]:
        if self.temperature is None:
            return
        yield "A temperature changes how sure the network is, and no prediction."
        if self.split == "validation":
            yield "The temperature was fitted on these same pictures, which flatters it."
        low, high = TEMPERATURES
        if not 1.01 * low < self.temperature < high / 1.01:
            yield (
                f"The temperature lies at an end of what was searched ({low:g} to {high:g}): "
                "validation does not determine it."
            )

    def draw(self) -> Figure:
        """A panel a way to cut bins, before and after the temperature."""
        panels = [(f"bins of {kind}", self._curves(kind)) for kind in KINDS]
        title = f"{self.name}: calibration on {self.split}"
        return draw_calibration(panels, title, self.lines, self.notes)

    def as_json(self) -> dict[str, Any]:
        """The numbers, and the bins; an empty bin has None."""
        bins = {name: _plain(array) for name, array in self.arrays.items()}
        return {
            "run": self.name,
            "split": self.split,
            "n": len(self.labels_N),
            **self.numbers,
            "bins": bins,
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }

    def _curves(self, kind: Kind) -> list[Curve]:
        curves = [_curve("as it is", self.bins(kind))]
        if self.temperature is not None:
            name = f"temperature {self.temperature:.3f}"
            curves.append(_curve(name, self.bins(kind, self.temperature)))
        return curves

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())


def _require_finite(predictions: Predictions, split: str) -> None:
    broken = int((~np.isfinite(predictions.logits_NK).all(1)).sum())
    if broken:
        raise InputError(
            f"recorded logits that are not finite on {counted(broken, f'{split} picture')}",
            "finite logits",
            "train again with a lower learning rate",
        )


def _curve(name: str, bins: Bins) -> Curve:
    return Curve(name, bins.count_B, bins.confidence_B, bins.accuracy_B, bins.low_B, bins.high_B)


def _plain(values: NDArray[Any]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]
