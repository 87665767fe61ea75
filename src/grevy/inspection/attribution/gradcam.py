"""Grad-CAM (Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra 2017, "Grad-CAM").

Each map of a layer is weighted with the mean gradient of the class logit over its places:
α_k = mean over i, j of ∂y / ∂A_k,ij (equation 1); the class map is ReLU(Σ_k α_k A_k) (equation 2).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.inspection.attribution.cam import MAPS, ClassMapMethod, at_layer, look_at_class_maps
from grevy.inspection.attribution.view import AttributionView
from grevy.inspection.layout import Layout


def gradcam(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> Tensor:
    """Class maps [B, H, W] in the resolution of the layer, after ReLU; arguments as `at_layer`."""
    return gradcam_evidence(model, layer, images_BCHW, classes_B, layout).relu()


def gradcam_evidence(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> Tensor:
    """The class maps before ReLU: negative values speak against the class."""
    return at_layer(model, layer, images_BCHW, classes_B, layout).evidence(average_gradient)


def average_gradient(gradients_BCHW: Tensor) -> Tensor:
    """The weights α [B, C, 1, 1] of equation 1."""
    return gradients_BCHW.mean((2, 3), keepdim=True)


@dataclass(frozen=True)
class GradCam:
    """Where a layer's maps speak for a class, each map weighted as a whole.

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
        method = ClassMapMethod("Grad-CAM", average_gradient)
        return look_at_class_maps(
            self.classifier, self.layer, self.seed, method, pictures, class_name
        )
