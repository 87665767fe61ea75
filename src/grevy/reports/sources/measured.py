"""Numbers of a run that are computed from its predictions and logs, and not read off run.json.

Shapes: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.arithmetic.proportion import wilson
from grevy.documents.forms import Number
from grevy.documents.paths import field
from grevy.inspection.maps.calibration_numbers import (
    bins_of,
    negative_log_likelihood,
    probabilities_of,
)
from grevy.records.predictions import Predictions

Row = Mapping[str, Any]
Measured = Iterator[tuple[str, Number]]


def of_predictions(split: str, said: Predictions, classes: Sequence[str]) -> Measured:
    """Of one split: scores with 95 % intervals over pictures, by class, calibration.

    Accuracies have Wilson's interval (1927): `low` and `high`. Classes have precision, recall, F1
    and support, all of the plain logits; calibration is the expected error in 15 bins of equal
    mass (Guo et al. 2017).
    """
    if not len(said.labels_N):
        return
    yield from _score(said.logits_NK, said.labels_N, "results", split)
    for name, logits_NK in said.extra_logits_NK.items():
        yield from _score(logits_NK, said.labels_N, "results", split, name)
    yield from _classes(said, classes, "results", split, "classes")
    if np.isfinite(said.logits_NK).all():
        probabilities_NK = probabilities_of(said.logits_NK)
        right_N = said.logits_NK.argmax(1) == said.labels_N
        bins = bins_of(probabilities_NK.max(1), right_N, "equal mass")
        yield field("results", split, "calibration", "error"), bins.expected_error


def of_logs(steps: Sequence[Row], checks: Sequence[Row]) -> Measured:
    """The last step, and the first, best and last check.

    How many steps there were is read off run.json: records of early versions lack the rows of the
    steps after the last check.
    """
    if steps:
        yield "steps.last.step", steps[-1]["step"]
        yield "steps.last.epoch", steps[-1]["epoch"]
        yield "steps.last.loss", steps[-1]["loss"]
    finite = [check for check in checks if check["loss"] is not None]
    if not finite:
        return
    best = min(finite, key=lambda check: check["loss"])
    yield "results.best_step", best["step"]
    yield "checks.n", len(checks)
    for name, check in (("first", checks[0]), ("best", best), ("last", checks[-1])):
        for key, number in check.items():
            yield field("checks", name, key), number
    for check in checks:
        for key, number in check.items():
            yield field("checks", str(check["step"]), key), number


def _score(logits_NK: NDArray[np.float32], labels_N: NDArray[np.int64], *place: str) -> Measured:
    right, n = int((logits_NK.argmax(1) == labels_N).sum()), len(labels_N)
    low, high = wilson(np.array([right]), np.array([n]))
    loss = negative_log_likelihood(logits_NK, labels_N)
    yield field(*place, "loss"), loss if np.isfinite(loss) else None
    yield field(*place, "accuracy"), right / n
    yield field(*place, "low"), float(low[0])
    yield field(*place, "high"), float(high[0])
    yield field(*place, "right"), right
    yield field(*place, "n"), n


def _classes(said: Predictions, classes: Sequence[str], *place: str) -> Measured:
    """NaN where nothing was said to be of the class, or nothing is of it."""
    answers_N, k = said.logits_NK.argmax(1), len(classes)
    right_K = np.bincount(said.labels_N[said.labels_N == answers_N], minlength=k)
    there_K, said_K = np.bincount(said.labels_N, minlength=k), np.bincount(answers_N, minlength=k)
    with np.errstate(invalid="ignore"):
        found = {
            "precision": right_K / said_K,
            "recall": right_K / there_K,
            "f1": 2 * right_K / (there_K + said_K),
        }
    for index, name in enumerate(classes):
        for key, numbers_K in found.items():
            yield field(*place, name, key), float(numbers_K[index])
        yield field(*place, name, "support"), int(there_K[index])
