"""A schedule in one file."""

from __future__ import annotations

from grevy.recipes.kinds import NonNegative, ScheduleConfig
from grevy.recipes.parts import register_schedule


class PolynomialConfig(ScheduleConfig):
    """What it reads."""

    power: NonNegative = 2.0
    """Of the part that is left."""


@register_schedule("polynomial", config=PolynomialConfig)
def build(config):
    return lambda step, progress, steps_per_epoch: (1 - progress) ** config.power
