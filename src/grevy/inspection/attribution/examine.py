"""What every method does around its own computation: prepare, choose the class, check, restore."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from grevy.figures.scale import NO_EVIDENCE
from grevy.inspection.attribution.baselines import edge_check, edge_correlation, edges
from grevy.inspection.attribution.checks import (
    ToMaps,
    randomised_weights_check,
    randomised_weights_correlations,
)
from grevy.inspection.attribution.view import (
    AttributionView,
    Colours,
    Explained,
    class_map_colours,
)
from grevy.inspection.subject import Pictures, Subject
from grevy.inspection.view import Check
from grevy.inspection.watching import as_found


@dataclass(frozen=True)
class Findings:
    """What a method found on B pictures.

    Attributes:
        maps_BHW: what is drawn.
        evidence_BHW: what the checks compare: the maps, before anything was cut off.
        arrays: what else was computed.
        checks_B: the method's own, one a picture, or none at all.
        notes: sentences.
    """

    maps_BHW: Tensor
    evidence_BHW: Tensor
    arrays: Mapping[str, Tensor]
    checks_B: tuple[Check, ...]
    notes: tuple[str, ...]


def examine(
    subject: Subject,
    pictures: Pictures,
    class_name: str | int | None,
    *,
    title: str,
    find: Callable[[nn.Module, Tensor, Tensor], Findings],
    again: ToMaps,
    colours: Colours,
    draws: int = 1,
    seed: int,
) -> AttributionView:
    """Run a method on pictures, with its checks; the model is left as it was found.

    Args:
        subject: what is looked into.
        pictures: what it is shown.
        class_name: the class to explain; None: the one that is predicted for each picture.
        title: how the method is called.
        find: the method.
        again: the evidence alone, for the randomised weights.
        colours: the method's colour rule.
        draws: of randomised weights; several where maps are small or cheap.
        seed: of these.

    Raises:
        ClassNotFoundError: no such class.
        InputError: pictures that can't be read.
    """
    inputs = subject.prepare(pictures)
    chosen = None if class_name is None else subject.class_index(class_name)
    images_BCHW, model = inputs.images_NCHW, subject.model
    with as_found(model):
        logits_BK = _logits(model, images_BCHW)
        classes_B = logits_BK.argmax(1) if chosen is None else _full(logits_BK, chosen)
        found = find(model, images_BCHW, classes_B)
        correlations = randomised_weights_correlations(
            model, again, images_BCHW, classes_B, found.evidence_BHW, draws, seed
        )
    edges_NHW = edges(inputs.pixels_NHWC)
    explained = _explained(subject, logits_BK, classes_B)
    checks = _checks(found, correlations, edges_NHW)
    numbers = {name: tensor.detach().cpu().numpy() for name, tensor in found.arrays.items()}
    arrays = {
        "maps_NHW": found.maps_BHW.detach().cpu().numpy(),
        "edges_NHW": edges_NHW,
        "logits_NK": logits_BK.cpu().numpy(),
        **numbers,
    }
    nothing = (
        f"{name}: {NO_EVIDENCE} for {what.class_name}."
        for name, what, map_HW in zip(inputs.names, explained, arrays["maps_NHW"], strict=True)
        if colours is class_map_colours and not np.any(map_HW)
    )
    notes = (*found.notes, *nothing, *inputs.told())
    return AttributionView(
        title, subject.name, inputs, explained, arrays, colours(arrays["maps_NHW"]), checks, notes
    )


@torch.no_grad()
def _logits(model: nn.Module, images_BCHW: Tensor) -> Tensor:
    logits_BK: Tensor = model(images_BCHW)
    return logits_BK


def _full(logits_BK: Tensor, chosen: int) -> Tensor:
    return torch.full((len(logits_BK),), chosen, device=logits_BK.device)


def _explained(
    subject: Subject, logits_BK: Tensor, classes_B: Tensor
) -> tuple[Explained, ...]:
    probabilities_BK = logits_BK.softmax(1)
    predicted_B = logits_BK.argmax(1).tolist()
    return tuple(
        Explained(
            subject.classes[index],
            float(logits_BK[picture, index]),
            float(probabilities_BK[picture, index]),
            subject.classes[predicted],
        )
        for picture, (index, predicted) in enumerate(
            zip(classes_B.tolist(), predicted_B, strict=True)
        )
    )


def _checks(
    found: Findings, correlations: list[float], edges_NHW: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> tuple[tuple[Check, ...], ...]:
    own = [(check,) for check in found.checks_B] or [()] * len(correlations)
    return tuple(
        (
            *own_checks,
            randomised_weights_check(correlation),
            edge_check(edge_correlation(evidence_HW, edges_HW)),
        )
        for own_checks, correlation, evidence_HW, edges_HW in zip(
            own, correlations, found.evidence_BHW.cpu(), edges_NHW, strict=True
        )
    )
