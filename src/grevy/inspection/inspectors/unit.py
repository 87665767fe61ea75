"""What one channel answers to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import Layer, Seed, Settings, SplitName


class UnitSettings(Settings):
    """Which unit, on which pictures, and how its picture is made."""

    layer: Layer

    channel: Annotated[int, Field(ge=0, le=1_000_000_000)]
    """One channel of the layer."""

    split: SplitName = "validation"
    seed: Seed = 0

    patches: Annotated[int, Field(ge=1, le=100)] = 9
    """Patches in each of the three rows."""

    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 128
    """Steps of the optimisation."""

    starts: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Pictures optimised side by side; none: 4, or 1 for pictures larger than 64×64."""


register(
    Inspector(
        name="unit",
        summary="patches of the data that drive a channel, and a picture made for it",
        settings=UnitSettings,
        needs=("network", "data"),
        function="grevy.inspection.units.unit:look",
        trial={"channel": 2, "steps": 4},
    )
)
