"""SmoothGrad."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import ClassName, Seed, Settings


class SmoothGradSettings(Settings):
    """For which class, with how much noise how often."""

    class_name: ClassName = None
    seed: Seed = 0

    noise: Annotated[float, Field(ge=0, le=100)] = 0.15
    """Standard deviation of the noise, as a part of each picture's range."""

    samples: Annotated[int, Field(ge=2, le=1_000_000, multiple_of=2)] = 50
    """Pictures with noise; even."""


register(
    Inspector(
        name="smoothgrad",
        summary="which pixels a class logit reacts to, also when the picture is a little different",
        settings=SmoothGradSettings,
        needs=("network", "picture"),
        function="grevy.inspection.attribution.smoothgrad:look",
        compares=True,
        trial={"samples": 4},
    )
)
