"""From image data and a recipe to everything that the loop needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from grevy.classifier.precision import Probe, probe_precision, refuse_emulated_bf16
from grevy.data.batches import FeatureBatches, FeaturesOnDevice, PicturesOnDevice, TrainBatches
from grevy.data.types import ImageData
from grevy.models.pairing import Pairing
from grevy.models.transfer.cut import Cut
from grevy.models.transfer.frozen import TrainedPart, freeze, set_training, trained_part
from grevy.models.transfer.initial import Beginning
from grevy.models.transfer.preprocessing import builder_arguments, other_statistics
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.training.averaging import calm_copy, refuse_late_lookahead
from grevy.training.distributed import World, refuse_uneven
from grevy.training.listeners.listener import Listener
from grevy.training.losses.loss import Loss, build_loss
from grevy.training.optimizers.build import build_optimizer
from grevy.training.selection.proxy import Proxy, begin_proxy, what_is_selected
from grevy.training.setup.compiling import refuse_graphs
from grevy.training.setup.initial_network import initial_network
from grevy.training.setup.pixel_statistics import statistics_of
from grevy.training.setup.placing import place
from grevy.training.setup.whiten import whiten_first_layer
from grevy.training.state import Progress, State
from grevy.training.transfer.front import FrozenFront
from grevy.training.transfer.trained_table import COLUMNS, trained_table

PROBE_PICTURES = 64
"""Of the first batch at most so many are timed on a CPU, where a speed record's step takes seconds.
An accelerator gets the whole batch: with a few pictures it only waits for the next kernel."""


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
    loss: Loss
    """What is made small."""
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
    decided = _decide_precision(precision or recipe.precision, model, batches, device, mode)
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


def _decide_precision(
    wanted: str,
    model: nn.Module,
    batches: TrainBatches,
    device: torch.device,
    train_mode: Callable[[nn.Module], None],
) -> tuple[str, Probe | None]:
    if wanted == "bf16" and device.type == "cuda":
        refuse_emulated_bf16(device)
    if wanted != "auto":
        return wanted, None
    images_BCHW, targets = batches.at(0)
    some = slice(PROBE_PICTURES if device.type == "cpu" else None)
    probe = probe_precision(model, images_BCHW[some], targets[some], device, train_mode)
    return probe.precision, probe


def _fresh_state(model: nn.Module, recipe: Recipe, proxy: Proxy | None) -> State:
    optimizer = build_optimizer(model, recipe.optimizer, recipe.transfer)
    state = State(Progress(), model, optimizer, calm_copy(model, recipe), {}, proxy)
    state.keep_best()
    return state
