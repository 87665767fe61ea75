"""How far the probabilities of a run can be believed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import Seed, Settings, SplitName


class CalibrationSettings(Settings):
    """Which pictures, in how many bins."""

    split: SplitName = "validation"
    seed: Seed = 0

    bins: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Bins of confidence. Default: the square root of the number of pictures, at most 15 (as Guo
    et al. 2017 have for 10,000)."""


register(
    Inspector(
        name="calibration",
        summary="how sure the network is, beside how often it is right",
        settings=CalibrationSettings,
        needs=("predictions",),
        function="grevy.inspection.maps.calibration:look",
        trial={"bins": 2},
    )
)
