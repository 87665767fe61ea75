"""HiResCAM (Draelos and Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful explanations").

The gradient is not averaged over the places: the class map is Σ_k (∂y / ∂A_k ⊙ A_k). Where only
linear layers follow, it sums to the logit less the bias, so it shows what the network used.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.inspection.attribution.cam import MAPS, ClassMapMethod, at_layer, look_at_class_maps
from grevy.inspection.attribution.view import AttributionView
from grevy.inspection.layout import Layout


def hirescam(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> Tensor:
    """Class maps [B, H, W] in the resolution of the layer, after ReLU; arguments as `at_layer`."""
    return hirescam_evidence(model, layer, images_BCHW, classes_B, layout).relu()


def hirescam_evidence(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> Tensor:
    """The class maps before ReLU: negative values speak against the class."""
    return at_layer(model, layer, images_BCHW, classes_B, layout).evidence(gradient_itself)


def gradient_itself(gradients_BCHW: Tensor) -> Tensor:
    """The weights of HiResCAM: one for each place."""
    return gradients_BCHW


@dataclass(frozen=True)
class HiResCam:
    """Where a layer's maps speak for a class, each place weighted by itself.

    Attributes:
        classifier: what is looked into.
        layer: dotted name; None: the last layer with maps.
        seed: of the randomised weights.
    """

    classifier: Classifier
    layer: str | None = None
    seed: int = 0

    def __call__(self, pictures: Pictures, class_name: str | int | None = None) -> AttributionView:
        """Class maps of `class_name`, or of the class predicted for each picture.

        Raises:
            LayerNotFoundError: no such layer.
            ModelArgumentError: a layer without rows and columns.
            ClassNotFoundError: no such class.
            InputError: pictures that can't be read.
        """
        method = ClassMapMethod("HiResCAM", gradient_itself)
        return look_at_class_maps(
            self.classifier, self.layer, self.seed, method, pictures, class_name
        )
