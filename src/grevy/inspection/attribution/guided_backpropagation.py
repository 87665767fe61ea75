"""Guided back-propagation (Springenberg, Dosovitskiy, Brox and Riedmiller 2015, section 3.4).

"Striving for simplicity": going back through a ReLU, negative gradients are set to 0 too. These
are pictures, not explanations: they hardly depend on the weights behind the first layers, nor on
the class (Adebayo et al. 2018, "Sanity checks for saliency maps"; Nie, Zhang and Patel 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from grevy.classifier.classifier import Classifier, Pictures
from grevy.figures.numerals import counted
from grevy.inspection.attribution.examine import Findings, Method, examine
from grevy.inspection.attribution.gradient import largest_of_colours, sizes
from grevy.inspection.attribution.scores import image_gradients
from grevy.inspection.attribution.view import AttributionView, magnitude_colours
from grevy.inspection.inspectors.gradients import GradientSettings

WARNING = "Pictures, not explanations: this method is nearly blind to the weights and the class."

_RELUS = frozenset({F.relu, F.relu_, F.relu6, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_})


class GuidedReLU(TorchFunctionMode):
    """Inside, no negative gradient goes back through a ReLU, be it a module or a function.

    No module is changed: calls are seen on their way to torch. `count` says how many were guided.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Do the call; below a ReLU's result, cut the gradient at 0."""
        result = func(*args, **(kwargs or {}))
        if _is_relu(func, args, kwargs or {}):
            self.count += 1
            if result.requires_grad:
                result.register_hook(lambda gradient: gradient.clamp(min=0))
        return result


def guided_backpropagation(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
    """The guided "gradient" [B, C, H, W] of each picture's class logit.

    ReLU and ReLU6 are guided, as modules and as functions, in place or not. Other activation
    functions pass the plain gradient.

    Args:
        model: takes `images_BCHW`, puts out [B, K]; used in the mode that it is in.
        images_BCHW: normalised pictures.
        classes_B: a class a picture.
    """
    with GuidedReLU():
        return image_gradients(model, images_BCHW, classes_B)


def _is_relu(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    if func in (F.hardtanh, F.hardtanh_):  # nn.ReLU6 is a hardtanh from 0
        return bool((args[1] if len(args) > 1 else kwargs.get("min_val", -1.0)) == 0)
    return func in _RELUS


def look(classifier: Classifier, pictures: Pictures, settings: GradientSettings) -> AttributionView:
    """Sharp pictures of what the first layers can see; errors as of the plain gradient."""
    title = "Guided back-propagation (pictures, not explanations)"
    method = Method(title, _find, _evidence, magnitude_colours, draws=3)
    return examine(classifier, pictures, settings, method)


def _find(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Findings:
    with GuidedReLU() as guide:
        gradients_BCHW = image_gradients(model, images_BCHW, classes_B)
    guided = (
        f"{counted(guide.count, 'ReLU')} guided."
        if guide.count
        else "No ReLU in this network: this is the plain gradient."
    )
    return sizes(gradients_BCHW, (), (WARNING, guided))


def _evidence(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
    return largest_of_colours(guided_backpropagation(model, images_BCHW, classes_B))
