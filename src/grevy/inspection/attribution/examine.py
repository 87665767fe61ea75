"""What every method does around its own computation: prepare, choose the class, check, restore."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Inputs, Pictures
from grevy.inspection.attribution.baselines import compared_with_edges, edges
from grevy.inspection.attribution.checks import (
    ToMaps,
    randomised_weights_checks,
    under_random_weights,
)
from grevy.inspection.attribution.paths import partly_cut
from grevy.inspection.attribution.view import (
    AttributionView,
    Colours,
    Explained,
)
from grevy.inspection.view import Check
from grevy.inspection.watching import as_found
from grevy.models.finite import require_finite_answers, require_finite_logits

ZERO_GRADIENT = (
    "the gradient is exactly 0, so no small change moves the logit: all ways to it lead through "
    "ReLUs that are silent here, or through steps without slope"
)


@dataclass(frozen=True)
class Findings:
    """What a method found on B pictures.

    Attributes:
        maps_BHW: what is drawn.
        evidence_BHW: what the checks compare: the maps, before anything was cut off.
        arrays: what else was computed.
        checks_B: the method's own, one a picture, or none at all.
        notes: sentences.
        remarks_B: a clause a picture, "" where nothing is remarkable; or none at all.
    """

    maps_BHW: Tensor
    evidence_BHW: Tensor
    arrays: Mapping[str, Tensor]
    checks_B: tuple[Check, ...]
    notes: tuple[str, ...]
    remarks_B: tuple[str, ...] = ()


class Explaining(Protocol):
    """Settings of a method that explains a class."""

    @property
    def class_name(self) -> str | int | None:
        """The class; None: the one that is predicted for each picture."""
        ...

    @property
    def seed(self) -> int:
        """Of the randomised weights."""
        ...


@dataclass(frozen=True)
class Method:
    """What is particular to one method.

    Attributes:
        title: how it is called.
        find: it, from the model, images [B, C, H, W] and classes [B].
        evidence: what it finds, alone [B, H, W], for the randomised weights.
        colours: its colour rule.
        draws: of randomised weights; several where maps are small or cheap.
        layer: to which gradients go back; None: to the picture.
        by_gradients: whether it needs any.
    """

    title: str
    find: Callable[[nn.Module, Tensor, Tensor], Findings]
    evidence: ToMaps
    colours: Colours
    draws: int = 1
    layer: str | None = None
    by_gradients: bool = True


def examine(
    classifier: Classifier, pictures: Pictures, settings: Explaining, method: Method
) -> AttributionView:
    """Run a method on pictures, with its checks; the model is left as it was found.

    Raises:
        ClassNotFoundError: no such class.
        InputError: pictures that can't be read.
        NotFiniteError: logits or maps that are NaN or infinite.
    """
    model, name = classifier.model, settings.class_name
    chosen = None if name is None else classifier.class_index(name)
    with as_found(model):  # pictures too: tensors made in inference mode have no gradients
        inputs = classifier.prepare(pictures)
        images_BCHW = inputs.images_NCHW
        logits_BK = _logits(model, images_BCHW)
        require_finite_logits(
            model, logits_BK, inputs.names, classifier.name, lambda row: images_BCHW[row : row + 1]
        )
        classes_B = logits_BK.argmax(1) if chosen is None else _full(logits_BK, chosen)
        found = method.find(model, images_BCHW, classes_B)
        require_finite_answers(found.maps_BHW, inputs.names, f"maps of {classifier.name}")
        cuts = partly_cut(model, images_BCHW[:1], method.layer) if method.by_gradients else ()
        random_maps = [
            under_random_weights(
                model, method.evidence, images_BCHW, classes_B, settings.seed + draw
            )
            for draw in range(method.draws)
        ]
    arrays = _arrays(found, logits_BK, edges(inputs.pixels_NHWC))
    explained = _explained(classifier, logits_BK, classes_B)
    return AttributionView(
        method.title,
        classifier,
        inputs,
        explained,
        arrays,
        method.colours(arrays["maps_NHW"]),
        method.colours,
        _checks(found, random_maps, arrays["edges_NHW"]),
        (
            *classifier.notes,
            *found.notes,
            *_cut_notes(cuts),
            *_remarks(inputs, explained, found),
            *inputs.told(),
        ),
    )


def _arrays(
    found: Findings, logits_BK: Tensor, edges_NHW: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    return {
        "maps_NHW": found.maps_BHW.detach().cpu().numpy(),
        "edges_NHW": edges_NHW,
        "logits_NK": logits_BK.cpu().numpy(),
        **{name: tensor.detach().cpu().numpy() for name, tensor in found.arrays.items()},
    }


def _cut_notes(cuts: tuple[str, ...]) -> tuple[str, ...]:
    told = f"A part of the gradient is kept back ({', '.join(cuts)})"
    return (f"{told}: the map leaves out what the logit owes to that part.",) if cuts else ()


def zero_remarks(gradients_BCHW: Tensor) -> tuple[str, ...]:
    """A clause for each picture whose gradient is exactly 0."""
    return tuple("" if gradients.any() else ZERO_GRADIENT for gradients in gradients_BCHW)


def _remarks(inputs: Inputs, explained: Sequence[Explained], found: Findings) -> tuple[str, ...]:
    return tuple(
        f"{name} ({what.class_name}): {remark}."
        for name, what, remark in zip(inputs.names, explained, found.remarks_B, strict=False)
        if remark
    )


@torch.no_grad()
def _logits(model: nn.Module, images_BCHW: Tensor) -> Tensor:
    logits_BK: Tensor = model(images_BCHW)
    return logits_BK


def _full(logits_BK: Tensor, chosen: int) -> Tensor:
    return torch.full((len(logits_BK),), chosen, device=logits_BK.device)


def _explained(
    classifier: Classifier, logits_BK: Tensor, classes_B: Tensor
) -> tuple[Explained, ...]:
    probabilities_BK = logits_BK.softmax(1)
    predicted_B = logits_BK.argmax(1).tolist()
    return tuple(
        Explained(
            classifier.classes[index],
            float(logits_BK[picture, index]),
            float(probabilities_BK[picture, index]),
            classifier.classes[predicted],
            index,
        )
        for picture, (index, predicted) in enumerate(
            zip(classes_B.tolist(), predicted_B, strict=True)
        )
    )


def _checks(
    found: Findings, random_maps: Sequence[Tensor], edges_NHW: NDArray[np.float32]
) -> tuple[tuple[Check, ...], ...]:
    """The method's own, the randomised weights and the edge detector, a picture."""
    return tuple(
        (
            *found.checks_B[picture : picture + 1],
            *randomised_weights_checks(
                evidence_HW, [maps_BHW[picture] for maps_BHW in random_maps]
            ),
            compared_with_edges(evidence_HW.abs().cpu(), edges_NHW[picture]),
        )
        for picture, evidence_HW in enumerate(found.evidence_BHW)
    )
