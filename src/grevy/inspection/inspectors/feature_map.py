"""The data as a layer sees it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import Layer, Seed, Settings, SplitName


class FeatureMapSettings(Settings):
    """Which layer, and which pictures."""

    layer: Layer
    split: SplitName = "validation"
    seed: Seed = 0

    most: Annotated[int, Field(ge=5, le=1_000_000)] = 2_000
    """Pictures of the map, at most: more would hide each other, and take long."""

    perplexity: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """About how many neighbours t-SNE heeds; none: 30, or a third of few pictures."""


register(
    Inspector(
        name="feature-map",
        summary="the data as a layer sees it, by PCA and t-SNE",
        settings=FeatureMapSettings,
        needs=("network", "data", "predictions"),
        function="grevy.inspection.maps.feature_map:look",
    )
)
