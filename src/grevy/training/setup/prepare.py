"""From image data and a recipe to everything that the loop needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from grevy.data.batches import PicturesOnDevice, SplitOnDevice, TrainBatches
from grevy.data.types import ImageData, Split
from grevy.errors import RecipeValueError
from grevy.models.transfer.cut import Cut
from grevy.models.transfer.frozen import set_training
from grevy.models.transfer.preprocessing import statistics_as_published
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.training.averaging import calm_copy, refuse_late_lookahead
from grevy.training.distributed import World, refuse_uneven
from grevy.training.listeners.listener import Listener
from grevy.training.losses.loss import build_loss
from grevy.training.optimizers.build import build_optimizer
from grevy.training.schedules.learning_rate import build_learning_rate
from grevy.training.selection import begin_proxy, what_is_selected
from grevy.training.setup.compiling import refuse_graphs
from grevy.training.setup.network import InitialNetwork, initial_network
from grevy.training.setup.probe import decide_precision
from grevy.training.state import Proxy, Setup, State, TrainingProgress
from grevy.training.transfer.kept_features import find_front, keep_features
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
    listener, size = listener or Listener(), recipe.batch_size
    refuse_uneven(size, world, f"a batch of {size}", "change --batch-size")
    refuse_graphs(recipe.compile, device)
    pictures = pictures_on_device(data, recipe, device)
    train, classes = pictures["train"], len(data.classes)
    initial = initial_network(data, recipe, seed, like, train)
    batches = TrainBatches(train, size, seed, classes, recipe.augment)
    proxy = begin_proxy(recipe, seed, train, classes, world)
    statistics = recipe.transfer.frozen_statistics
    mode = partial(set_training, layers=initial.layers, frozen_statistics=statistics)
    wanted = precision or recipe.precision
    decided = decide_precision(wanted, initial.model, batches, device, mode)
    precision, probe = world.agree(decided)
    state = fresh_state(initial, recipe, proxy)
    tell_what_is_trained(listener, state, initial, recipe)
    cut, seen = cut_off_front(initial, recipe, data, pictures, precision, listener)
    setup = Setup(
        recipe=recipe,
        seed=seed,
        device=device,
        world=world,
        batches=TrainBatches(seen["train"], size, seed, classes, recipe.augment),
        pictures=seen,
        mean_C=train.mean_C,
        standard_deviation_C=train.standard_deviation_C,
        precision=precision,
        probe=probe,
        pairing=initial.pairing,
        initial_weights=initial.weights,
        layers=initial.layers,
        loss=build_loss(recipe.loss, data.classes, pictures_of_classes(data), device),
        learning_rate=build_learning_rate(recipe.schedule),
        cut=cut,
    )
    refuse_late_lookahead(recipe, setup.total_steps)
    return setup, state


def pictures_of_classes(data: ImageData) -> Tensor:
    """Train pictures of each class [K], int64 on the CPU."""
    labels_N = torch.from_numpy(data.splits["train"].labels_N)
    return torch.bincount(labels_N, minlength=len(data.classes))


def fresh_state(initial: InitialNetwork, recipe: Recipe, proxy: Proxy | None) -> State:
    """Before the first step."""
    model = initial.model
    optimizer = build_optimizer(model, recipe.optimizer, recipe.transfer)
    state = State(TrainingProgress(), model, optimizer, calm_copy(model, recipe), {}, proxy)
    state.keep_best({})
    return state


def tell_what_is_trained(
    listener: Listener, state: State, initial: InitialNetwork, recipe: Recipe
) -> None:
    """What is selected of a batch, and which layers are trained; nothing where it is all."""
    if state.proxy is not None:
        listener.said(what_is_selected(recipe, state.proxy))
    if initial.weights is None and not initial.layers.frozen:
        return
    rows = trained_table(state.model, initial.layers, state.optimizer, recipe)
    listener.showed(COLUMNS, rows)
    for note in initial.weights.loaded.notes if initial.weights else ():
        listener.said(f"weights: {note}")


def cut_off_front(
    initial: InitialNetwork,
    recipe: Recipe,
    data: ImageData,
    pictures: Mapping[str, PicturesOnDevice],
    precision: str,
    listener: Listener,
) -> tuple[Cut | None, Mapping[str, SplitOnDevice]]:
    """Where the network is cut, and the features behind it; None and the pictures: nowhere.

    Raises:
        SaveError: the cache folder can't be written.
        FeatureRangeError: a feature that half precision can't hold.
    """
    if not initial.layers.frozen:
        return None, pictures
    network, layers, weights = initial.model, initial.layers, initial.weights
    front = find_front(network, layers, recipe.model, weights, pictures, precision)
    features = keep_features(front, recipe, data, listener)
    if front is None or features is None:
        return None, pictures
    features["train"].load()
    return front.cut, features


def pictures_on_device(
    data: ImageData, recipe: Recipe, device: torch.device
) -> dict[str, PicturesOnDevice]:
    """All splits, normalised as the recipe says.

    Raises:
        RecipeValueError: see `statistics_of`.
    """
    statistics = [torch.tensor(values, device=device) for values in statistics_of(data, recipe)]
    return {name: PicturesOnDevice(s, device, *statistics) for name, s in data.splits.items()}


def statistics_of(data: ImageData, recipe: Recipe) -> tuple[list[float], list[float]]:
    """Mean and standard deviation a channel, for pictures in [0, 1].

    Raises:
        RecipeValueError: as many numbers as neither one nor the number of channels.
    """
    channels = data.input_shape[0]
    mean, deviation = statistics_as_published(recipe)
    from_elsewhere = recipe.model.weights != "none" or "weights" in (
        recipe.pictures.mean,
        recipe.pictures.standard_deviation,
    )
    if channels == 1 and from_elsewhere:
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
