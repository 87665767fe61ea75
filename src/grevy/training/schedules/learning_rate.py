"""The learning rate as a pure function of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from grevy.recipes.kinds import ScheduleConfig
from grevy.recipes.parts import find_part

Schedule: TypeAlias = Callable[[int, float, int], float]
"""(step, progress, steps per epoch) → part of the peak, in [0, 1]. `step` counts from 0; `progress`
goes from 0 after the rise to nearly 1 at the last step."""


LearningRate: TypeAlias = Callable[[float, int, int, int], float]
"""(peak, step, total steps, steps per epoch) → the learning rate of that step."""


def build_learning_rate(config: ScheduleConfig) -> LearningRate:
    """Return what gives the learning rate of an optimizer step: rise × decay × peak.

    The rise goes linearly from near 0 through the first `warmup` part of all steps; the step
    after them is the first at the peak. The decay begins there and would reach its end one step
    after the last, so that no step is spent at a learning rate of 0.

    What is returned takes

    - the peak; each parameter group has its own
    - the optimizer steps already taken, 0 to total steps − 1
    - the steps of the whole training
    - those of an epoch, at least 1
    """
    schedule: Schedule = find_part("schedule", config.name).built(config)

    def learning_rate(peak: float, step: int, total_steps: int, steps_per_epoch: int) -> float:
        rising_steps = round(config.warmup * total_steps)
        rise = min(1.0, (step + 1) / (rising_steps + 1))
        progress = max(0, step - rising_steps) / max(1, total_steps - rising_steps)
        return peak * rise * schedule(step, progress, steps_per_epoch)

    return learning_rate
