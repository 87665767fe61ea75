"""A layer's maps, weighted for one class and added up: what all class maps do.

Shapes: B pictures, C channels, H rows and W columns of the layer's maps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from grevy.classifier.classifier import Classifier
from grevy.errors import ModelArgumentError
from grevy.figures.numerals import numeral
from grevy.inspection.addresses import address, find_layer
from grevy.inspection.attribution.paths import depends, no_gradient
from grevy.inspection.attribution.scores import class_logits, derivative, needing_gradients
from grevy.inspection.layers import LayerInfo, layer_list
from grevy.inspection.layout import Layout, layout_of
from grevy.inspection.view import Check
from grevy.inspection.watching import as_found, needs_inference_mode, require_seen, watching

MAPS = Layout("maps")

ToWeights = Callable[[Tensor], Tensor]
"""From gradients [B, C, H, W] at the layer to weights of its maps [B, C, H or 1, W or 1]."""

_TOLERANCE = 1e-3


@dataclass(frozen=True)
class AtLayer:
    """A layer's maps and what the class logit does with them.

    Attributes:
        logits_B: of each picture's class.
        activations_BCHW: the layer's output, read as maps.
        gradients_BCHW: of the logits with respect to it.
        heard: whether the logits depend on the layer at all.
    """

    logits_B: Tensor
    activations_BCHW: Tensor
    gradients_BCHW: Tensor
    heard: bool = True

    def evidence(self, to_weights: ToWeights) -> Tensor:
        """The weighted sum [B, H, W] of the maps over the channels; negative: against the class."""
        return (to_weights(self.gradients_BCHW) * self.activations_BCHW).sum(1)


def at_layer(
    model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor, layout: Layout = MAPS
) -> AtLayer:
    """One run of the network forward, and backward to `layer`.

    Args:
        model: used in the mode that it is in.
        layer: dotted name; "name#2" for the second call.
        images_BCHW: normalised pictures.
        classes_B: a class a picture.
        layout: where the channels, rows and columns of the layer's output are.

    Raises:
        LayerNotFoundError: no such layer, or it is not called.
        ModelArgumentError: its output has no rows and columns.
        NoGradientError: the logits depend on it, but the network cuts the gradient's way.
    """
    cut = partial(no_gradient, model, images_BCHW, layer)
    with torch.enable_grad(), watching(model, [layer]) as seen, needing_gradients(cut):
        logits_B = class_logits(model, images_BCHW, classes_B)
        require_seen(model, seen, [layer])
        output = seen[layer]
        gradients = derivative(logits_B, output)
    heard = gradients is not None
    if gradients is None:
        gradients = torch.zeros_like(output)
        if _is_heard(model, layer, images_BCHW, classes_B):
            raise cut()
    shape = output.shape
    if layout.kind in ("vector", "matrix") or (layout == MAPS and len(shape) != 4):
        raise _without_places(layer, tuple(shape[1:]))
    if len(shape) == 0 or shape[0] != len(images_BCHW):
        raise _without_places(layer, tuple(shape))
    return AtLayer(logits_B.detach(), layout.maps(output.detach()), layout.maps(gradients), heard)


def _is_heard(model: nn.Module, layer: str, images_BCHW: Tensor, classes_B: Tensor) -> bool:
    """Whether other values of the layer give other logits."""

    def logits() -> Tensor:
        return class_logits(model, images_BCHW.clone(), classes_B)

    def changed(change: Callable[[Tensor], Tensor]) -> Tensor:
        with replaced(model, layer, change):
            return logits()

    changes = (torch.zeros_like, lambda values: -2 * values + 1, torch.ones_like)
    return any(depends(logits, partial(changed, change)) for change in changes)


def completeness(
    layer: str, to_weights: ToWeights, at: AtLayer, empty: AtLayer
) -> tuple[Check, ...]:
    """A check a picture: the map before ReLU sums to what the layer's maps add to the logit.

    That is the logit less the one for maps of zeros; behind the maps of a network that ends in
    global average pooling and one linear layer this is the bias. Theory promises it where the
    weights are the gradient itself and the gradient does not depend on the maps.

    Args:
        layer: for the text.
        to_weights: of the method.
        at: the layer on the pictures.
        empty: the same with the layer's output replaced by zeros.
    """
    gaps_B = at.evidence(to_weights).double().sum((1, 2)) - (at.logits_B - empty.logits_B).double()
    added_B = (at.logits_B - empty.logits_B).tolist()
    is_gradient_B = _alike(to_weights(at.gradients_BCHW), at.gradients_BCHW)
    is_constant_B = _alike(empty.gradients_BCHW, at.gradients_BCHW)
    promised_B = (is_gradient_B & is_constant_B).tolist()
    return tuple(
        _completeness_check(layer, gap, added, promised)
        for gap, added, promised in zip(gaps_B.tolist(), added_B, promised_B, strict=True)
    )


def blanked(model: nn.Module, layer: str) -> AbstractContextManager[None]:
    """Inside, the layer puts out zeros in the one run of the model that may be done."""
    return replaced(model, layer, torch.zeros_like)


@contextmanager
def replaced(model: nn.Module, layer: str, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Inside, what the layer puts out is changed, in each run of the model."""
    module, index = find_layer(model, layer)
    times = -1

    def begin(model: nn.Module, args: Any) -> None:
        nonlocal times
        times = -1

    def replace(module: nn.Module, args: Any, output: Any) -> Any:
        nonlocal times
        times += 1
        return tree_map_only(Tensor, change, output) if times == index else None

    handles = [model.register_forward_pre_hook(begin), module.register_forward_hook(replace)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def default_layer(classifier: Classifier) -> LayerInfo:
    """`last_layer_with_places`.

    Raises:
        ModelArgumentError: there is none.
    """
    found = last_layer_with_places(classifier)
    if found is None:
        some = [f"{i.name} [{', '.join(map(str, i.shape))}]" for i in layer_list(classifier)[-4:]]
        raise ModelArgumentError(
            f"{classifier.name}, in which no layer has rows and columns"
            + (f" (the last ones: {', '.join(some)})" if some else ""),
            "a layer that puts out maps",
            "use the method gradient or occlusion",
        )
    return found


def last_layer_with_places(classifier: Classifier) -> LayerInfo | None:
    """The last layer with maps of more than one place, or with tokens of more than one patch.

    Inside attention, three axes are heads and tokens, so layers there are passed over. Tokens are
    taken before the last attention: behind it a class token alone may go on to the output, and
    patches that nothing listens to have no gradient. Without attention (MLP-Mixer) all are taken.
    Layers to which no gradient of the logits comes, such as a decoder beside the classifier's head,
    are passed over, unless it comes to none.

    Raises:
        ModelArgumentError: the network fails on a picture.
    """
    passed: list[LayerInfo] = []
    for info in _layers_with_places(classifier):
        heard, any_heard = _heard(classifier, info)
        if heard or not any_heard:
            return passed[0] if passed and not any_heard else info
        passed.append(info)
    return passed[0] if passed else None


def _layers_with_places(classifier: Classifier) -> Iterator[LayerInfo]:
    """The last first."""
    layers = layer_list(classifier)
    attentions = [place for place, info in enumerate(layers) if _is_attention(info)]
    last = attentions[-1] if attentions else len(layers)
    for place, info in reversed(list(enumerate(layers))):
        if not _is_attention(info) and _has_places(classifier, info, tokens=place < last):
            yield info


def _heard(classifier: Classifier, info: LayerInfo) -> tuple[bool, bool]:
    """Whether a gradient comes to the places of a layer, and whether one comes to the picture."""
    model, noise = classifier.model, torch.Generator().manual_seed(0)
    with as_found(model), torch.enable_grad(), watching(model, [info.name]) as seen:
        image_1CHW = torch.randn(1, *classifier.preprocessing.shape, generator=noise)
        leaf_1CHW = image_1CHW.to(classifier.device).requires_grad_()
        try:
            logits_1K = model(leaf_1CHW.clone())
        except RuntimeError as error:
            if needs_inference_mode(error):  # the map of the layer will say so
                return False, False
            raise
        weights_1K = torch.randn(logits_1K.shape, generator=noise).to(logits_1K)
        total, ends = (logits_1K * weights_1K).sum(), [seen[info.name], leaf_1CHW]
        if not (total.requires_grad and ends[0].requires_grad):
            return False, total.requires_grad
        at_layer, at_picture = torch.autograd.grad(total, ends, materialize_grads=True)
    layout = layout_of(classifier, info.name, info.shape)
    return bool(layout.maps(at_layer).any()), bool(at_picture.any())


def _is_attention(info: LayerInfo) -> bool:
    named = re.search("attn|attention", info.name.lower()) is not None
    return named or info.type == "MultiheadAttention"


def _has_places(classifier: Classifier, info: LayerInfo, tokens: bool) -> bool:
    """Whether a layer has maps of more than one place, or, where they count, tokens of patches."""
    if len(info.shape) == 2 and tokens:
        layout = layout_of(classifier, info.name, info.shape)
        return layout.kind == "tokens" and layout.grid != (1, 1)
    if len(info.shape) != 3:
        return False
    last = layout_of(classifier, info.name, info.shape).kind == "channels last"
    height, width = info.shape[:2] if last else info.shape[1:]
    return height * width > 1


def layer_with_maps(classifier: Classifier, layer: str | None) -> LayerInfo:
    """The layer of that address; None: the last one with maps.

    Raises:
        LayerNotFoundError: no such layer, or none that puts out a tensor.
        ModelArgumentError: no layer has rows and columns.
    """
    if layer is None:
        return default_layer(classifier)
    _, index = find_layer(classifier.model, layer)
    name = address(layer.partition("#")[0], index)
    for info in layer_list(classifier):
        if info.name == name:
            return info
    require_seen(classifier.model, {}, [layer])
    raise AssertionError("require_seen has refused the layer")


def _without_places(layer: str, shape: tuple[int, ...]) -> ModelArgumentError:
    return ModelArgumentError(
        f"layer '{layer}', which puts out {list(shape)}",
        "one set of maps with rows and columns for each picture",
        "name an earlier layer, or use the method gradient or occlusion",
    )


def _alike(one_BCHW: Tensor, other_BCHW: Tensor) -> Tensor:
    """Which pictures [B] have the same values, rounding aside."""
    largest_B = other_BCHW.abs().amax((1, 2, 3))
    return (one_BCHW - other_BCHW).abs().amax((1, 2, 3)) <= 1e-4 * largest_B


def _completeness_check(layer: str, gap: float, added: float, promised: bool) -> Check:
    if not math.isfinite(gap):
        text = f"What '{layer}' adds to the logit, or its map, is not a number."
        return Check("completeness gap", gap, "", None, text)
    passed = abs(gap) <= _TOLERANCE * max(1.0, abs(added)) if promised else None
    parts = f"'{layer}' adds {numeral(added)} to the logit; the map before ReLU sums to that"
    text = (
        f"{parts}, {numeral(gap)} aside, as theory demands."
        if passed
        else f"{parts} only up to {numeral(gap)}, though theory demands it."
        if promised
        else f"{parts} up to {numeral(gap)}: behind this layer the network is not linear, or it "
        "treats places differently, so theory promises no equality."
    )
    return Check("completeness gap", gap, "0" if promised else "", passed, text)
