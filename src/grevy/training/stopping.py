"""When to stop early."""

from __future__ import annotations

import math
from collections.abc import Sequence


def should_stop(check_losses: Sequence[float], patience: int) -> bool:
    """Whether the loss of the check `patience` checks ago is the best of the last `patience`.

    The source assignment's rule: of the last `patience` losses the first is the smallest. NaN is
    never the best. `patience` 0 never stops.
    """
    if patience == 0 or len(check_losses) < patience:
        return False
    recent = [math.inf if math.isnan(loss) else loss for loss in check_losses[-patience:]]
    return recent[0] == min(recent)
