"""The filters of a convolution."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import AnyLayer, Channels, Settings


class FiltersSettings(Settings):
    """Which filters, in which order."""

    layer: AnyLayer = None
    channels: Channels = None
    sort: Annotated[
        Literal["norm", "index"],
        Field(description="Order of all filters: by Euclidean norm, largest first, or by index."),
    ] = "norm"


register(
    Inspector(
        name="filters",
        summary="what a convolution multiplies its input with",
        settings=FiltersSettings,
        needs=("network",),
        function="grevy.inspection.filters:look",
        compares=True,
    )
)
