"""How far probabilities can be believed, in numbers (Guo, Pleiss, Sun and Weinberger 2017).

Shapes: N pictures, K classes, B bins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from grevy.arithmetic.proportion import NORMAL, Floats, wilson

BINS = 15
"""As in the paper."""

TEMPERATURES = (0.05, 20.0)
"""Between them the best is searched."""

_RESAMPLES = 1000

Kind = Literal["equal width", "equal mass"]


@dataclass(frozen=True)
class Bins:
    """Pictures of like confidence together.

    Attributes:
        kind: bins of equal width in confidence, or with equally many pictures.
        count_B: pictures.
        confidence_B: mean; NaN in an empty bin.
        accuracy_B: part that is right; NaN in an empty bin.
        low_B: of the 95 % interval of the accuracy (Wilson 1927).
        high_B: its other end.
    """

    kind: Kind
    count_B: NDArray[np.int64]
    confidence_B: Floats
    accuracy_B: Floats
    low_B: Floats
    high_B: Floats

    @property
    def expected_error(self) -> float:
        """Expected calibration error: mean gap, each bin weighted with its pictures."""
        used = self.count_B > 0
        gaps = np.abs(self.accuracy_B - self.confidence_B)[used]
        return float(gaps @ self.count_B[used] / self.count_B.sum())

    @property
    def maximal_error(self) -> float:
        """The largest gap of a bin."""
        return float(np.nanmax(np.abs(self.accuracy_B - self.confidence_B)))

    @property
    def pictures_of_maximal_error(self) -> int:
        """How many pictures the bin with the largest gap holds."""
        return int(self.count_B[np.nanargmax(np.abs(self.accuracy_B - self.confidence_B))])


def probabilities_of(logits_NK: NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Softmax [N, K] of the logits divided by a temperature."""
    probabilities_NK: Floats = special.softmax(logits_NK.astype(np.float64) / temperature, axis=1)
    return probabilities_NK


def bins_for(pictures: int) -> int:
    """Bins for so many pictures: the square root, so that as many lie in a bin; at most 15."""
    return max(1, min(BINS, round(math.sqrt(pictures))))


def bins_of(confidence_N: Floats, right_N: NDArray[np.bool_], kind: Kind, bins: int = BINS) -> Bins:
    """Sort pictures into bins of confidence.

    Args:
        confidence_N: probability of the predicted class.
        right_N: whether it is right.
        kind: how bins are cut.
        bins: how many.
    """
    if kind == "equal width":
        place_N = np.minimum((confidence_N * bins).astype(np.int64), bins - 1)
    else:
        rank_N = np.argsort(np.argsort(confidence_N, kind="stable"), kind="stable")
        place_N = rank_N * bins // len(confidence_N)
    count_B = np.bincount(place_N, minlength=bins)
    right_B = np.bincount(place_N, right_N, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence_B = np.bincount(place_N, confidence_N, minlength=bins) / count_B
        accuracy_B = right_B / count_B
    low_B, high_B = wilson(right_B, count_B)
    return Bins(kind, count_B, confidence_B, accuracy_B, low_B, high_B)


def error_interval(
    confidence_N: Floats, right_N: NDArray[np.bool_], kind: Kind, seed: int, bins: int = BINS
) -> tuple[float, float]:
    """95 % bootstrap interval over pictures of the expected calibration error.

    The error of a sample lies above that of all pictures there are, because noise in a bin only
    adds to a gap; so does the interval.
    """
    random = np.random.default_rng(seed)
    n = len(confidence_N)
    errors = []
    for _ in range(_RESAMPLES):
        chosen = random.integers(0, n, n)
        errors.append(bins_of(confidence_N[chosen], right_N[chosen], kind, bins).expected_error)
    low, high = np.quantile(errors, [0.025, 0.975])
    return float(low), float(high)


def error_by_chance(confidence_N: Floats, kind: Kind, seed: int, bins: int = BINS) -> float:
    """The expected calibration error that noise exceeds in one of twenty sets of pictures.

    Of a network that is as sure on each picture, and right as often as that says (the consistency
    resampling of Bröcker and Smith 2007).
    """
    random = np.random.default_rng(seed)
    errors = [
        bins_of(confidence_N, random.random(len(confidence_N)) < confidence_N, kind, bins)
        for _ in range(_RESAMPLES)
    ]
    return float(np.quantile([found.expected_error for found in errors], 0.95))


def chance_of_mistakes(confidence_N: Floats, right_N: NDArray[np.bool_]) -> float:
    """How often as many or as few mistakes come by chance where every confidence is true.

    Exact and two-sided, twice the smaller tail: the number of mistakes is then Poisson-binomial
    (Cox 1958 asks the same of a mean, with a normal distribution that few mistakes don't have).
    """
    wrong = int((~right_N).sum())
    chances_W = np.zeros(wrong + 1)
    chances_W[0] = 1.0
    for doubt in 1.0 - confidence_N:
        chances_W[1:] = chances_W[1:] * (1.0 - doubt) + chances_W[:-1] * doubt
        chances_W[0] *= 1.0 - doubt
    at_most = float(chances_W.sum())
    at_least = 1.0 - at_most + float(chances_W[wrong])
    return float(np.clip(2.0 * min(at_most, at_least), 0.0, 1.0))


def negative_log_likelihood(logits_NK: NDArray[np.floating], labels_N: NDArray[np.int64]) -> float:
    """Mean cross-entropy in nats."""
    logits = logits_NK.astype(np.float64)
    chosen_N = np.take_along_axis(logits, labels_N[:, None], 1)[:, 0]
    return float((special.logsumexp(logits, axis=1) - chosen_N).mean())


def brier_score(probabilities_NK: Floats, labels_N: NDArray[np.int64]) -> float:
    """Mean squared distance of the probabilities from the truth, 0 to 2 (Brier 1950)."""
    truth_NK = np.eye(probabilities_NK.shape[1])[labels_N]
    return float(np.square(probabilities_NK - truth_NK).sum(1).mean())


def best_temperature(logits_NK: NDArray[np.floating], labels_N: NDArray[np.int64]) -> float:
    """The temperature with the least cross-entropy in `TEMPERATURES`; to be found on validation.

    Above 1 the network is too sure of itself, below 1 not sure enough. Where every picture is
    right the loss only falls with the temperature, so it is the lower end.
    """
    if (logits_NK.argmax(1) == labels_N).all():
        return TEMPERATURES[0]

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(logits_NK / np.exp(log_temperature), labels_N)

    found = optimize.minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))


def temperature_interval(
    logits_NK: NDArray[np.floating], labels_N: NDArray[np.int64], best: float
) -> tuple[float, float]:
    """95 % interval of the temperature over pictures, within `TEMPERATURES`.

    All temperatures whose likelihood is not clearly less than the best one's (the ratio test of
    Wilks 1938). They are an interval, as the loss is convex in one over the temperature.

    Args:
        logits_NK: on which the temperature was fitted.
        labels_N: likewise.
        best: what `best_temperature` says of them.
    """
    enough = NORMAL**2 / 2
    least = negative_log_likelihood(logits_NK / best, labels_N)

    def beyond(log_temperature: float) -> float:
        loss = negative_log_likelihood(logits_NK / np.exp(log_temperature), labels_N)
        return len(labels_N) * (loss - least) - enough

    def end(bound: float) -> float:
        if beyond(np.log(bound)) <= 0:
            return bound
        return float(np.exp(optimize.brentq(beyond, np.log(best), np.log(bound))))

    low, high = TEMPERATURES
    return end(low), end(high)
