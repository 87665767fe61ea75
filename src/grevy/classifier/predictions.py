"""Class and probability of new pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from grevy.classifier.inputs import doubts, fit
from grevy.classifier.pictures import name_of
from grevy.data.decode import Picture
from grevy.records.preprocessing import Preprocessing

AT_ONCE = 32
"""Pictures; on a CPU larger batches of photographs are no faster."""


@dataclass(frozen=True)
class Prediction:
    """What the network says about one picture."""

    picture: str
    """The path; of a picture that has none its place among those that were given."""
    class_name: str | None
    probability: float | None
    probabilities: Mapping[str, float]
    """Of all classes, by name."""
    error: str | None = None
    """Why the picture could not be read; the rest is then empty."""
    note: str = ""
    """Why a picture that was read may not show what somebody thinks: dark, clipped, one colour."""


def predictions_of(
    items: Sequence[Picture],
    preprocessing: Preprocessing,
    classes: Sequence[str],
    logits: Callable[[NDArray[np.uint8]], Tensor],
) -> list[Prediction]:
    """Predictions in the order of the pictures; one that can't be read has its error.

    Args:
        items: pictures, not yet decoded.
        preprocessing: how they are brought to the size of the input.
        classes: K names.
        logits: of pixels [N, C, H, W], uint8, the logits [N, K].
    """
    found: list[Prediction] = []
    for start in range(0, len(items), AT_ONCE):
        names = [name_of(item, start + i) for i, item in enumerate(items[start : start + AT_ONCE])]
        fitted = [fit(item, preprocessing) for item in items[start : start + AT_ONCE]]
        good = [one.pixels_CHW for one in fitted if one.pixels_CHW is not None]
        answers = _probabilities(good, logits)
        found += [
            Prediction(name, None, None, {}, one.facts.error)
            if one.pixels_CHW is None
            else _best(name, classes, next(answers), "; ".join(doubts(one.facts, preprocessing)))
            for name, one in zip(names, fitted, strict=True)
        ]
    return found


def _probabilities(
    good: Sequence[NDArray[np.uint8]], logits: Callable[[NDArray[np.uint8]], Tensor]
) -> Iterator[NDArray[np.float32]]:
    """Probabilities [K] of one picture after another."""
    return iter(logits(np.stack(good)).softmax(1).cpu().numpy() if good else ())


def _best(
    name: str, classes: Sequence[str], probabilities_K: NDArray[np.float32], note: str
) -> Prediction:
    best = int(probabilities_K.argmax())
    by_name = {c: float(p) for c, p in zip(classes, probabilities_K, strict=True)}
    return Prediction(name, classes[best], float(probabilities_K[best]), by_name, note=note)
