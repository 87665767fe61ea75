"""No decay."""

from __future__ import annotations

from grevy.recipes.kinds import ScheduleConfig
from grevy.recipes.parts import register_schedule
from grevy.training.schedules.learning_rate import Schedule


class ConstantConfig(ScheduleConfig):
    """What it reads: the warm-up alone."""


@register_schedule("constant", config=ConstantConfig)
def build(_: ConstantConfig) -> Schedule:
    """At the peak, always."""
    return lambda step, progress, steps_per_epoch: 1.0
