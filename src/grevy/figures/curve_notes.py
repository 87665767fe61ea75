"""What must be said below a learning curve, as sentences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grevy.figures.windows import Floats, Windows

ALIKE = (
    "train: a fixed sample of the train split, measured at the checks as validation is: plain,"
    " without augmentation, dropout or label smoothing"
)
_AS_TRAINED = (
    "as trained: on the batch of each step, with augmentation, dropout and label smoothing where"
    " the recipe has them"
)


def about_running(running: Windows, shown: bool) -> list[str]:
    """What the loss of the steps is; or, where it is not drawn, where it lies."""
    if not np.isfinite(running.mean_W).any():
        return []
    if shown:
        return [_AS_TRAINED]
    return [
        f"not drawn: the train loss as trained, {np.nanmin(running.mean_W):.3g} to"
        f" {np.nanmax(running.mean_W):.3g}, which would flatten the rest"
    ]


def is_beyond(value_N: Floats, top: float) -> NDArray[np.bool_]:
    """Which finite values lie above `top`."""
    return np.isfinite(value_N) & (value_N > top)


def not_finite(name: str, rows: str, step_N: Floats, value_N: Floats) -> list[str]:
    """One sentence on the values marked by a cross, if there are any."""
    bad_N = step_N[~np.isfinite(value_N)]
    if not len(bad_N):
        return []
    count = f"{len(bad_N):,} of {len(step_N):,} {rows}"
    return [f"Cross: the {name} is not finite at {count}, first at step {bad_N[0]:,.0f}."]


def beyond(name: str, step_N: Floats, value_N: Floats, top: float) -> list[str]:
    """One sentence on the values marked by an arrow, if there are any."""
    beyond_N = is_beyond(value_N, top)
    if not beyond_N.any():
        return []
    highest = int(np.argmax(np.where(beyond_N, value_N, -np.inf)))
    count = f"{beyond_N.sum():,} of {len(step_N):,} {name}"
    place = f"up to {value_N[highest]:.4g} near step {step_N[highest]:,.0f}"
    return [f"Arrow: {count} go beyond the top, {place}."]
