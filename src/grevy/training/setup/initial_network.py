"""The network as a training begins with it: its seed's weights, or others' in their place."""

from __future__ import annotations

from typing import Any

from grevy.data.types import ImageData
from grevy.models import build_model
from grevy.models.pairing import Pairing, begin_like
from grevy.models.transfer.head import head_name
from grevy.models.transfer.initial import Beginning, begin_with
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.recipes.schema import ModelConfig, Recipe


def initial_network(
    data: ImageData, recipe: Recipe, seed: int, like: ModelConfig | None
) -> tuple[Any, Pairing | None, Beginning | None]:
    """The network as the seed makes it, then like another, then with weights from elsewhere."""
    model, classes = recipe.model, len(data.classes)
    network = build_model(model.name, data.input_shape, classes, **builder_arguments(model))
    pairing = None if like is None else begin_like(network, like, seed, data.input_shape, classes)
    source = model.weights
    beginning = None if source == "none" else begin_with(network, model.name, source)
    if pairing and _other_weights(pairing.like, model):
        head = f"{head_name(network)}."
        pairing = pairing.without(n for n in pairing.shared if not n.startswith(head))
    return network, pairing, beginning


def _other_weights(one: ModelConfig, other: ModelConfig) -> bool:
    """Whether two networks begin with different weights from elsewhere, or one of them without."""
    if one.weights == other.weights == "none":
        return False
    return (one.name, one.weights) != (other.name, other.weights)
