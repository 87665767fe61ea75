"""Gradients at the picture, plain and guided."""

from __future__ import annotations

from grevy.inspection.registry import Inspector, register
from grevy.inspection.settings import ClassName, Seed, Settings


class GradientSettings(Settings):
    """For which class."""

    class_name: ClassName = None
    seed: Seed = 0


_SUMMARIES = {
    "gradient": "which pixels a class logit reacts to",
    "guided-backpropagation": "pictures of what the first layers can see, not explanations",
}

for _name, _summary in _SUMMARIES.items():
    register(
        Inspector(
            name=_name,
            summary=_summary,
            settings=GradientSettings,
            needs=("network", "picture"),
            function=f"grevy.inspection.attribution.{_name.replace('-', '_')}:look",
            compares=True,
        )
    )
