"""Everything about one picture on one page."""

from __future__ import annotations

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import ChannelList, ClassName, Seed, Settings


class OverviewSettings(Settings):
    """The true class, and which channels are shown."""

    class_name: ClassName = None
    seed: Seed = 0

    first_channels: ChannelList = None
    """Of the first convolution; none: the eight that answer most."""

    last_channels: ChannelList = None
    """Of the last convolution; none: the eight that answer most."""


register(
    Inspector(
        name="overview",
        summary="prediction, first filters, first and last activations, class maps of one picture",
        settings=OverviewSettings,
        needs=("network", "picture"),
        function="grevy.inspection.overview:look",
        compares=True,
        trial={"class_name": 3},
    )
)
