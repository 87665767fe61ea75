"""Filters of a convolution beside what they make of a picture."""

from __future__ import annotations

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import AnyLayer, Channels, Settings


class FiltersAndActivationsSettings(Settings):
    """Which channels of which convolution."""

    layer: AnyLayer = None
    channels: Channels = None


register(
    Inspector(
        name="filters-and-activations",
        summary="filters of a convolution, and below each what it makes of the picture",
        settings=FiltersAndActivationsSettings,
        needs=("network", "picture"),
        function="grevy.inspection.filters_and_activations:look",
        compares=True,
        trial={"channels": (0, 2)},
    )
)
