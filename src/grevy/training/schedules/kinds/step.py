"""A drop every so many epochs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.recipes.kinds import Positive, ScheduleConfig
from grevy.recipes.parts import register_schedule
from grevy.training.schedules.learning_rate import Schedule


class StepConfig(ScheduleConfig):
    """What it reads."""

    every: Positive = 30.0
    """Epochs between drops, counted from the start of training."""

    factor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """What a drop multiplies the learning rate by."""


@register_schedule("step", config=StepConfig)
def build(config: StepConfig) -> Schedule:
    """× `factor` every `every` epochs."""

    def decay(step: int, _: float, steps_per_epoch: int) -> float:
        drops = step // max(1, round(config.every * steps_per_epoch))
        return float(config.factor**drops)

    return decay
