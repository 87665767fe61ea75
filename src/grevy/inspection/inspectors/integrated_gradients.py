"""Integrated gradients."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import ClassName, Seed, Settings, StartName


class IntegratedGradientsSettings(Settings):
    """For which class, from where, in how many steps."""

    class_name: ClassName = None
    seed: Seed = 0
    start: StartName = "black"

    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 64
    """Points on the way to begin with; three times as many until the gap is below 0.001."""

    most_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 64 * 27
    """Never more points on the way."""


register(
    Inspector(
        name="integrated-gradients",
        summary="which values make up the difference to a picture without evidence",
        settings=IntegratedGradientsSettings,
        needs=("network", "picture"),
        function="grevy.inspection.attribution.integrated_gradients:look",
        compares=True,
        trial={"steps": 4, "most_steps": 12},
    )
)
