"""From image data and a recipe to everything that the loop needs."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from grevy.data.batches import PicturesOnDevice, TrainBatches
from grevy.data.types import ImageData, Split
from grevy.errors import RecipeValueError
from grevy.models.transfer.frozen import TrainedPart, freeze, set_training, trained_part
from grevy.models.transfer.initial import Beginning
from grevy.models.transfer.preprocessing import (
    builder_arguments,
    other_statistics,
    statistics_as_published,
)
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.training.averaging import calm_copy, refuse_late_lookahead
from grevy.training.distributed import World, refuse_uneven
from grevy.training.listeners.listener import Listener
from grevy.training.losses.loss import build_loss
from grevy.training.optimizers.build import build_optimizer
from grevy.training.selection import begin_proxy, what_is_selected
from grevy.training.setup.compiling import refuse_graphs
from grevy.training.setup.network import initial_network, place, whiten_first_layer
from grevy.training.setup.probe import decide_precision
from grevy.training.state import Progress, Proxy, Setup, State
from grevy.training.transfer.front import FrozenFront
from grevy.training.transfer.trained_table import COLUMNS, trained_table


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
    listener = listener or Listener()
    size = recipe.batch_size
    refuse_uneven(size, world, f"a batch of {size}", "change --batch-size")
    refuse_graphs(recipe.compile, device)
    mean_C, deviation_C = (torch.tensor(v, device=device) for v in statistics_of(data, recipe))
    statistics, classes = (mean_C, deviation_C), len(data.classes)
    network, pairing, beginning = initial_network(data, recipe, seed, like)
    part = trained_part(network, recipe.transfer.train)
    freeze(network, part)
    model = place(network, device, recipe.augment.sizes, data.input_shape)
    pictures = {name: PicturesOnDevice(split, device) for name, split in data.splits.items()}
    train = pictures["train"]
    if beginning is None:  # weights from elsewhere bring their own filters
        _whiten(model, recipe, train, *statistics)
    batches = TrainBatches(train, size, seed, classes, recipe.augment, *statistics)
    proxy = begin_proxy(recipe, seed, train, classes, *statistics, world)
    mode = partial(set_training, part=part, frozen_statistics=recipe.transfer.frozen_statistics)
    decided = decide_precision(precision or recipe.precision, model, batches, device, mode)
    precision, probe = world.agree(decided)
    state = _fresh_state(model, recipe, proxy)
    _tell(listener, state, part, recipe, beginning)
    front = FrozenFront(model, part, recipe, data, pictures, statistics, precision)
    kept = front.features(beginning, listener)
    setup = Setup(
        recipe=recipe,
        seed=seed,
        device=device,
        world=world,
        batches=batches if kept is None else kept.batches(recipe, seed),
        pictures=pictures if kept is None else kept.features,
        mean_C=mean_C,
        standard_deviation_C=deviation_C,
        precision=precision,
        probe=probe,
        pairing=pairing,
        beginning=beginning,
        part=part,
        loss=build_loss(recipe.loss, data.classes, pictures_of_classes(data), device),
        cut=None if kept is None else kept.cut,
    )
    refuse_late_lookahead(recipe, setup.total_steps)
    return setup, state


def pictures_of_classes(data: ImageData) -> Tensor:
    """Train pictures of each class [K], int64 on the CPU."""
    labels_N = torch.from_numpy(data.splits["train"].labels_N)
    return torch.bincount(labels_N, minlength=len(data.classes))


def _tell(
    listener: Listener,
    state: State,
    part: TrainedPart,
    recipe: Recipe,
    beginning: Beginning | None,
) -> None:
    """What is selected of a batch, and which layers are trained; nothing where it is all."""
    if state.proxy is not None:
        listener.said(what_is_selected(recipe, state.proxy))
    if beginning is None and not part.frozen:
        return
    listener.showed(COLUMNS, trained_table(state.model, part, state.optimizer, recipe))
    if note := other_statistics(recipe):
        listener.said(note)


def _whiten(
    model: nn.Module, recipe: Recipe, train: PicturesOnDevice, mean_C: Tensor, deviation_C: Tensor
) -> None:
    interpolation = builder_arguments(recipe.model).get("interpolation", "bicubic")
    whiten_first_layer(model, train, mean_C, deviation_C, interpolation)


def _fresh_state(model: nn.Module, recipe: Recipe, proxy: Proxy | None) -> State:
    optimizer = build_optimizer(model, recipe.optimizer, recipe.transfer)
    state = State(Progress(), model, optimizer, calm_copy(model, recipe), {}, proxy)
    state.keep_best()
    return state


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
            "measure both: --pictures.mean train --pictures.standard-deviation train",
        )
    return numbers * (channels // len(numbers))
