"""Where the evidence for a class lies: class maps and attributions, each with its checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grevy.inspection.attribution.gradcam import GradCam, gradcam
from grevy.inspection.attribution.gradient import Gradient, gradient
from grevy.inspection.attribution.guided_backpropagation import (
    GuidedBackpropagation,
    guided_backpropagation,
)
from grevy.inspection.attribution.hirescam import HiResCam, hirescam
from grevy.inspection.attribution.integrated_gradients import (
    IntegratedGradients,
    integrated_gradients,
)
from grevy.inspection.attribution.occlusion import Occlusion, occlusion
from grevy.inspection.attribution.smoothgrad import SmoothGrad, smoothgrad
from grevy.inspection.attribution.view import AttributionView

__all__ = [
    "METHODS",
    "AttributionView",
    "GradCam",
    "Gradient",
    "GuidedBackpropagation",
    "HiResCam",
    "IntegratedGradients",
    "Occlusion",
    "SmoothGrad",
    "gradcam",
    "gradient",
    "guided_backpropagation",
    "hirescam",
    "integrated_gradients",
    "occlusion",
    "smoothgrad",
]

METHODS: dict[str, Callable[..., Any]] = {
    "gradcam": GradCam,
    "hirescam": HiResCam,
    "gradient": Gradient,
    "smoothgrad": SmoothGrad,
    "integrated-gradients": IntegratedGradients,
    "occlusion": Occlusion,
    "guided-backpropagation": GuidedBackpropagation,
}
"""Inspectors by the name that the command line has for them; each takes a `Classifier` first."""
