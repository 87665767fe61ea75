"""From image data and a recipe to everything that the loop needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grevy.data.batches import FeatureBatches, FeaturesOnDevice, PicturesOnDevice, TrainBatches
from grevy.data.types import ImageData, Split
from grevy.errors import DeviceError, RecipeValueError
from grevy.models import build_model
from grevy.models.transfer.cut import Cut
from grevy.models.transfer.frozen import TrainedPart, freeze, set_training, trained_part
from grevy.models.transfer.head import head_name
from grevy.models.transfer.initial import Beginning, begin_with
from grevy.models.transfer.preprocessing import (
    builder_arguments,
    other_statistics,
    statistics_as_published,
)
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.training.averaging import calm_copy
from grevy.training.compiling import refuse_graphs
from grevy.training.distributed import World, refuse_uneven
from grevy.training.front import FrozenFront
from grevy.training.listener import Listener
from grevy.training.optimizers import build_optimizer
from grevy.training.pairing import Pairing, begin_like
from grevy.training.placing import place
from grevy.training.precision import Probe, probe_precision
from grevy.training.proxy import Proxy, begin_proxy, what_is_selected
from grevy.training.state import Progress, State
from grevy.training.trained_table import COLUMNS, trained_table
from grevy.training.whiten import whiten_first_layer

PROBE_PICTURES = 64
"""Of the first batch at most so many are timed: a step of a speed record's batch takes seconds."""


@dataclass(frozen=True)
class Setup:
    """What stays the same during a training."""

    recipe: Recipe
    seed: int
    device: torch.device
    world: World
    batches: TrainBatches | FeatureBatches
    pictures: Mapping[str, PicturesOnDevice] | Mapping[str, FeaturesOnDevice]
    """All splits, on the device; the features of their pictures where the front is cut off."""
    mean_C: Tensor
    standard_deviation_C: Tensor
    precision: str
    probe: Probe | None
    """What `precision: auto` was decided on."""
    pairing: Pairing | None
    """What the initial weights share with those of another network."""
    beginning: Beginning | None
    """The weights from elsewhere that it began with."""
    part: TrainedPart
    """Which layers are trained."""
    cut: Cut | None
    """Where the network is cut: what is before it was computed once."""

    def trained(self, network: nn.Module) -> nn.Module:
        """What takes a batch: the network, or its back where it is cut."""
        return network if self.cut is None else self.cut.back_of(network)

    def train_mode(self, model: nn.Module) -> None:
        """Training mode for all that is trained; frozen layers keep their statistics."""
        set_training(model, self.part, self.recipe.transfer.frozen_statistics)

    @property
    def total_steps(self) -> int:
        """Steps of a training that does not stop early."""
        return max(self.batches.steps_per_epoch * self.recipe.epochs, self.recipe.least_steps)

    @property
    def steps_per_check(self) -> int:
        """Steps from one check to the next."""
        return max(1, self.total_steps // (self.recipe.epochs * self.recipe.checks_per_epoch))


def prepare(
    data: ImageData,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    world: World,
    precision: str | None = None,
    like: ModelConfig | None = None,
    listener: Listener | None = None,
) -> tuple[Setup, State]:
    """Pictures to the device, a fresh network and its optimizer, and the precision.

    Args:
        data: decoded pictures.
        recipe: what decides the training.
        seed: of batches and augmentation; the initial weights come from torch's global state.
        device: where to train.
        world: this process among several.
        precision: what an earlier part of this run was trained in; None: as the recipe says.
        like: a network whose initial weights are taken wherever name and shape match.
        listener: hears what is trained, and how far the features are; None: nobody.

    Raises:
        SplitTooSmallError, ModelError, RecipeValueError, DeviceError: as their names say.
    """
    refuse_uneven(recipe.batch_size, world)
    refuse_graphs(recipe.compile, device)
    mean_C, deviation_C = (torch.tensor(v, device=device) for v in statistics_of(data, recipe))
    classes = len(data.classes)
    network, pairing, beginning = _network_with_weights(data, recipe, seed, like)
    part = trained_part(network, recipe.transfer.train)
    freeze(network, part)
    model = place(network, device, recipe.augment.sizes, data.input_shape)
    pictures = {name: PicturesOnDevice(split, device) for name, split in data.splits.items()}
    if beginning is None:  # weights from elsewhere bring their own filters
        _whiten(model, recipe, pictures["train"], mean_C, deviation_C)
    batches = TrainBatches(
        pictures["train"], recipe.batch_size, seed, classes, recipe.augment, mean_C, deviation_C
    )
    statistics = mean_C, deviation_C
    proxy = begin_proxy(recipe, seed, pictures["train"], classes, *statistics, world)
    mode = partial(set_training, part=part, frozen_statistics=recipe.transfer.frozen_statistics)
    decided = _decide_precision(precision or recipe.precision, model, batches, device, mode)
    precision, probe = world.agree(decided)
    state, listener = _fresh_state(model, recipe, proxy), listener or Listener()
    if proxy is not None:
        listener.said(what_is_selected(recipe, proxy))
    if beginning is not None or part.frozen:
        _tell_what_is_trained(listener, model, part, state, recipe)
    front = FrozenFront(model, part, recipe, data, pictures, statistics, precision)
    kept = front.features(beginning, listener)
    setup = Setup(
        recipe,
        seed,
        device,
        world,
        batches if kept is None else kept.batches(recipe, seed),
        pictures if kept is None else kept.features,
        mean_C,
        deviation_C,
        precision,
        probe,
        pairing,
        beginning,
        part,
        None if kept is None else kept.cut,
    )
    return setup, state


def _tell_what_is_trained(
    listener: Listener, model: nn.Module, part: TrainedPart, state: State, recipe: Recipe
) -> None:
    listener.showed(COLUMNS, trained_table(model, part, state.optimizer, recipe))
    if note := other_statistics(recipe):
        listener.said(note)


def _whiten(
    model: nn.Module, recipe: Recipe, train: PicturesOnDevice, mean_C: Tensor, deviation_C: Tensor
) -> None:
    interpolation = builder_arguments(recipe.model).get("interpolation", "bicubic")
    whiten_first_layer(model, train, mean_C, deviation_C, interpolation)


def _network_with_weights(
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


def statistics_of(data: ImageData, recipe: Recipe) -> tuple[list[float], list[float]]:
    """Mean and standard deviation a channel, for pictures in [0, 1].

    Raises:
        RecipeValueError: as many numbers as neither one nor the number of channels.
    """
    channels = data.input_shape[0]
    mean, deviation = statistics_as_published(recipe)
    if channels == 1 and "weights" in (recipe.pictures.mean, recipe.pictures.standard_deviation):
        # The first convolution is summed over its channels.
        mean, deviation = (
            (sum(v) / len(v),) if isinstance(v, tuple) else v for v in (mean, deviation)
        )
    measured = _measure(data.splits["train"]) if "train" in (mean, deviation) else None
    means = measured[0] if measured and mean == "train" else _per_channel(mean, channels, "mean")
    if measured and deviation == "train":
        return means, measured[1]
    return means, _per_channel(deviation, channels, "standard_deviation")


def _measure(split: Split) -> tuple[list[float], list[float]]:
    """Mean and standard deviation a channel over all pixels, exactly, in bounded memory."""
    totals = np.zeros(split.images_NCHW.shape[1])
    squares = np.zeros_like(totals)
    for start in range(0, len(split), 1000):
        piece = split.images_NCHW[start : start + 1000].astype(np.float64) / 255
        totals += piece.sum((0, 2, 3))
        squares += (piece**2).sum((0, 2, 3))
    pixels = split.images_NCHW.size / len(totals)
    mean = totals / pixels
    deviation = np.sqrt(np.maximum(squares / pixels - mean**2, 0))
    return mean.tolist(), np.where(deviation > 0, deviation, 1.0).tolist()


def _per_channel(values: object, channels: int, field: str) -> list[float]:
    numbers = list(values) if isinstance(values, tuple) else []
    if len(numbers) not in (1, channels):
        raise RecipeValueError(
            f"{len(numbers)} numbers in pictures.{field} for pictures of {channels} channels",
            f"one number, {channels} numbers, or train",
            f"change --pictures.{field.replace('_', '-')}",
        )
    return numbers * (channels // len(numbers))


def _decide_precision(
    wanted: str,
    model: nn.Module,
    batches: TrainBatches,
    device: torch.device,
    train_mode: Callable[[nn.Module], None],
) -> tuple[str, Probe | None]:
    if wanted == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise DeviceError("precision bf16", "a GPU that has it", "use --precision fp32")
    if wanted != "auto":
        return wanted, None
    images_BCHW, targets = batches.at(0)
    some = slice(PROBE_PICTURES)
    probe = probe_precision(model, images_BCHW[some], targets[some], device, train_mode)
    return probe.precision, probe


def _fresh_state(model: nn.Module, recipe: Recipe, proxy: Proxy | None) -> State:
    optimizer = build_optimizer(model, recipe.optimizer, recipe.transfer)
    state = State(Progress(), model, optimizer, calm_copy(model, recipe), {}, proxy)
    state.keep_best()
    return state
