"""Class maps: where a layer's maps speak for a class."""

from __future__ import annotations

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import AnyLayer, ClassName, Seed, Settings


class ClassMapSettings(Settings):
    """For which class, at which layer; without one at the last layer with maps."""

    layer: AnyLayer = None
    class_name: ClassName = None
    seed: Seed = 0


_SUMMARIES = {
    "gradcam": "where a layer's maps speak for a class, each map weighted as a whole",
    "hirescam": "where a layer's maps speak for a class, each place weighted by itself",
}

for _name, _summary in _SUMMARIES.items():
    register(
        Inspector(
            name=_name,
            summary=_summary,
            settings=ClassMapSettings,
            needs=("network", "picture"),
            function=f"grevy.inspection.attribution.class_maps:look_by_{_name}",
            compares=True,
        )
    )
