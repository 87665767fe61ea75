"""Grad-CAM and HiResCAM: two ways to weight a layer's maps for a class.

Grad-CAM (Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra 2017, "Grad-CAM"): each map is
weighted with the mean gradient of the class logit over its places, α_k = mean over i, j of
∂y / ∂A_k,ij (equation 1); the class map is ReLU(Σ_k α_k A_k) (equation 2).

HiResCAM (Draelos and Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful explanations"):
the gradient is not averaged over the places, the class map is Σ_k (∂y / ∂A_k ⊙ A_k). Where only
linear layers follow, it sums to the logit less the bias, so it shows what the network used.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.figures.scale import NO_EVIDENCE
from grevy.inspection.attribution.cam import (
    MAPS,
    ToWeights,
    at_layer,
    blanked,
    completeness,
    layer_with_maps,
)
from grevy.inspection.attribution.examine import ZERO_GRADIENT, Findings, Method, examine
from grevy.inspection.attribution.view import AttributionView, class_map_colours
from grevy.inspection.inspectors.class_maps import ClassMapSettings
from grevy.inspection.layers import LayerInfo
from grevy.inspection.layout import Layout, layout_of


def average_gradient(gradients_BCHW: Tensor) -> Tensor:
    """The weights of Grad-CAM: α [B, C, 1, 1] of equation 1."""
    return gradients_BCHW.mean((2, 3), keepdim=True)


def gradient_itself(gradients_BCHW: Tensor) -> Tensor:
    """The weights of HiResCAM: one for each place."""
    return gradients_BCHW


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


def hirescam(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> Tensor:
    """As `gradcam`."""
    return hirescam_evidence(model, layer, images_BCHW, classes_B, layout).relu()


def hirescam_evidence(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> Tensor:
    """As `gradcam_evidence`."""
    return at_layer(model, layer, images_BCHW, classes_B, layout).evidence(gradient_itself)


def look_by_gradcam(
    classifier: Classifier, pictures: Pictures, settings: ClassMapSettings
) -> AttributionView:
    """Class maps by Grad-CAM.

    Raises:
        LayerNotFoundError: no such layer.
        ModelArgumentError: a layer without rows and columns.
        ClassNotFoundError: no such class.
        InputError: pictures that can't be read.
    """
    return _look(classifier, pictures, settings, "Grad-CAM", average_gradient)


def look_by_hirescam(
    classifier: Classifier, pictures: Pictures, settings: ClassMapSettings
) -> AttributionView:
    """Class maps by HiResCAM; errors as of `look_by_gradcam`."""
    return _look(classifier, pictures, settings, "HiResCAM", gradient_itself)


def _look(
    classifier: Classifier,
    pictures: Pictures,
    settings: ClassMapSettings,
    title: str,
    to_weights: ToWeights,
) -> AttributionView:
    info = layer_with_maps(classifier, settings.layer)
    layout = layout_of(classifier, info.name, info.shape)

    def find(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Findings:
        at = at_layer(model, info.name, images_BCHW, classes_B, layout)
        evidence_BHW = at.evidence(to_weights)
        with blanked(model, info.name):
            empty = at_layer(model, info.name, images_BCHW, classes_B, layout)
        maps_BHW = evidence_BHW.relu()
        return Findings(
            maps_BHW,
            evidence_BHW,
            {"evidence_NHW": evidence_BHW},
            completeness(info.name, to_weights, at, empty),
            _notes(info, layout, evidence_BHW),
            tuple(map(partial(_remark, at.heard), maps_BHW, at.gradients_BCHW)),
        )

    def evidence(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
        return at_layer(model, info.name, images_BCHW, classes_B, layout).evidence(to_weights)

    method = Method(title, find, evidence, class_map_colours, draws=3, layer=info.name)
    return examine(classifier, pictures, settings, method)


def _remark(heard: bool, map_HW: Tensor, gradients_CHW: Tensor) -> str:
    if map_HW.any():
        return ""
    if gradients_CHW.any():
        return NO_EVIDENCE
    cause = ZERO_GRADIENT if heard else "the logit does not depend on the layer"
    return f"{NO_EVIDENCE}: {cause}"


def _notes(info: LayerInfo, layout: Layout, evidence_BHW: Tensor) -> tuple[str, ...]:
    size = "×".join(map(str, evidence_BHW.shape[1:]))
    note = f"Maps of layer '{info.name}' ({info.type}), {size}; values are parts of the logit."
    return (note, layout.note) if layout.note else (note,)
