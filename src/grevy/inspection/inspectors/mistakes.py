"""The surest mistakes of a run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import Settings, SplitName


class MistakesSettings(Settings):
    """Which pictures, and how many mistakes."""

    split: SplitName = "validation"

    shown: Annotated[int, Field(ge=1, le=1_000)] = 12
    """Mistakes that are shown, at most."""


register(
    Inspector(
        name="mistakes",
        summary="the surest mistakes, with what spoke for the predicted and for the true class",
        settings=MistakesSettings,
        needs=("network", "data", "predictions"),
        function="grevy.inspection.maps.mistakes:look",
    )
)
