"""Half a cosine (Loshchilov and Hutter 2016, equation 5, no restart)."""

from __future__ import annotations

import math

from grevy.recipes.kinds import Fraction, ScheduleConfig
from grevy.recipes.parts import register_schedule
from grevy.training.schedules.learning_rate import Schedule


class CosineConfig(ScheduleConfig):
    """What it reads."""

    final: Fraction = 0.0
    """Part of the peak that the learning rate would reach one step after the last."""


@register_schedule("cosine", config=CosineConfig)
def build(config: CosineConfig) -> Schedule:
    """From the peak down to `final`."""

    def decay(_: int, progress: float, __: int) -> float:
        return config.final + (1 - config.final) * (1 + math.cos(math.pi * progress)) / 2

    return decay
