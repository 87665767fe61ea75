"""The battery of schedules."""

from __future__ import annotations

import math
from typing import Any

from grevy.recipes.parts import config_of
from grevy.testing.promises import Promises, watched
from grevy.training.schedules.learning_rate import build_learning_rate


def check_schedule(name: str, **fields: Any) -> None:
    """Hold a schedule to what training asks of one.

    Its config is frozen, documented and read as it says. The learning rate is a function of the
    step alone, finite, above or at 0, and never above the peak.

    Raises:
        PartError: a promise is broken; which one.
        RecipeError: no schedule of this name.
        pydantic.ValidationError: fields that it does not take.
    """
    promises, config = Promises("schedule", name), config_of("schedule", name, **fields)
    promises.config("schedule", config)
    spy, read = watched(config)
    build_learning_rate(spy)(1.0, 1, 2, 1)
    promises.reads(config, read)
    rate = build_learning_rate(config)
    for total, steps_per_epoch in ((1, 1), (40, 10), (7, 30)):
        forwards = [rate(1.0, s, total, steps_per_epoch) for s in range(total)]
        backwards = [rate(1.0, s, total, steps_per_epoch) for s in reversed(range(total))]
        promises.require(forwards == backwards[::-1], "depends on more than the step")
        promises.require(all(map(math.isfinite, forwards)), "gives a rate that is not finite")
        in_range = all(0 <= lr <= 1 + 1e-12 for lr in forwards)
        promises.require(in_range, "leaves the range from 0 to the peak")
        tenfold = [rate(10.0, s, total, steps_per_epoch) for s in range(total)]
        alike = all(math.isclose(t, 10 * f) for t, f in zip(tenfold, forwards, strict=True))
        promises.require(alike, "does not scale with the peak")
