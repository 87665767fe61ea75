"""What a layer puts out for a picture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import Channels, Layer, Settings

Sort = Literal["index", "maximum", "mean"]


class ActivationsSettings(Settings):
    """Which channels of which layer, in which order."""

    layer: Layer
    channels: Channels = None
    sort: Annotated[
        Sort,
        Field(
            description="Order of all channels: by index, or by maximum or mean over the pictures, "
            "largest first."
        ),
    ] = "index"


register(
    Inspector(
        name="activations",
        summary="what a layer puts out for a picture, channel by channel",
        settings=ActivationsSettings,
        needs=("network", "picture"),
        function="grevy.inspection.activations:look",
        compares=True,
        trial={"sort": "maximum"},
    )
)
