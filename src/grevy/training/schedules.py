"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math

from grevy.recipes.schema import ScheduleConfig


def learning_rate(
    config: ScheduleConfig, base_lr: float, step: int, total_steps: int, steps_per_epoch: int
) -> float:
    """Return the learning rate of one optimizer step: rise × decay × base.

    The rise goes linearly from near 0 through the first `warmup` part of all steps; the step
    after them is the first at the peak. The decay begins there and would reach `final` one step
    after the last, so that no step is spent at a learning rate of 0.

    - constant: no decay
    - step: × `factor` every `every` epochs, counted from the start of training
    - cosine: half a cosine down to `final` (Loshchilov and Hutter 2016, equation 5, no restart)
    - one-cycle: linear down to `final`: with the rise, a triangle

    Args:
        config: which schedule.
        base_lr: the peak; each parameter group has its own.
        step: optimizer steps already taken, 0 to total_steps − 1.
        total_steps: in the whole training.
        steps_per_epoch: at least 1.
    """
    rising_steps = round(config.warmup * total_steps)
    rise = min(1.0, (step + 1) / (rising_steps + 1))
    progress = max(0, step - rising_steps) / max(1, total_steps - rising_steps)
    return base_lr * rise * _decay(config, step, progress, steps_per_epoch)


def _decay(config: ScheduleConfig, step: int, progress: float, steps_per_epoch: int) -> float:
    """Part of the peak that is left at `progress` (0 to 1) of the way down."""
    match config.name:
        case "constant":
            return 1.0
        case "step":
            drops = step // max(1, round(config.every * steps_per_epoch))
            return float(config.factor**drops)
        case "cosine":
            return config.final + (1 - config.final) * (1 + math.cos(math.pi * progress)) / 2
        case "one-cycle":
            return 1 - (1 - config.final) * progress
