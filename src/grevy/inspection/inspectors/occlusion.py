"""Occlusion."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import ClassName, Seed, Settings, StartName


class OcclusionSettings(Settings):
    """For which class, with what window."""

    class_name: ClassName = None
    seed: Seed = 0
    start: StartName = "mean"

    window: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Side of the covered square in pixels; none: a quarter of the picture's shorter side."""

    stride: Annotated[int, Field(ge=1, le=4096)] | None = None
    """From one window to the next in pixels; none: half a window."""


register(
    Inspector(
        name="occlusion",
        summary="which parts of the picture the class logit needs",
        settings=OcclusionSettings,
        needs=("network", "picture"),
        function="grevy.inspection.attribution.occlusion:look",
        compares=True,
        trial={"window": 8},
    )
)
