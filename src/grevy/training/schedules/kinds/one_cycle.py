"""Linear down from the peak; with the warm-up a triangle (Smith 2018)."""

from __future__ import annotations

from grevy.recipes.kinds import Fraction, ScheduleConfig
from grevy.recipes.parts import register_schedule
from grevy.training.schedules.learning_rate import Schedule


class OneCycleConfig(ScheduleConfig):
    """What it reads."""

    final: Fraction = 0.0
    """Part of the peak that the learning rate would reach one step after the last."""


@register_schedule("one-cycle", config=OneCycleConfig)
def build(config: OneCycleConfig) -> Schedule:
    """Straight from the peak to `final`."""
    return lambda step, progress, steps_per_epoch: 1 - (1 - config.final) * progress
