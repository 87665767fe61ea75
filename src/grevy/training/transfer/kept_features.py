"""Features of the frozen front: computed once for each picture and view, where that is right."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grevy.classifier.precision import autocast
from grevy.data.augment.augmented_view import AugmentedView
from grevy.data.batches import PicturesOnDevice
from grevy.data.features import FeatureFile, FeaturesOnDevice
from grevy.data.places import cache_folder
from grevy.data.space import free_space
from grevy.data.types import ImageData
from grevy.models.transfer.cut import Cut, find_cut
from grevy.models.transfer.front import KEPT_AS, front_of
from grevy.models.transfer.frozen import TrainedLayers
from grevy.models.transfer.initial import InitialWeights
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.models.transfer.resize import input_side
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.records.run import identity
from grevy.training.listeners.listener import Listener

PIXELS_AT_ONCE = 16 * 160 * 160
"""Of a batch on the CPU: the maps of larger ones leave the processor's cache, and take up to twice
as long a picture."""
TIMES_ON_ACCELERATORS = 16

GIGABYTE, MEGABYTE = 1e9, 1e6

Files = Mapping[str, Mapping[str, FeatureFile]]
"""By split, then by view: "plain" and, where mirror images are shown, "flipped"."""


@dataclass(frozen=True)
class Front:
    """The frozen front of a network, and the pictures that it makes features of.

    Attributes:
        cut: where the network is cut.
        layers: from pictures to features.
        weights: SHA-256 of the file that the network began with, or of its fresh weights.
        pictures: of every split, on the device.
        precision: in which the front computes.
        pixels: of a picture that it sees.
    """

    cut: Cut
    layers: nn.Module
    weights: str
    pictures: Mapping[str, PicturesOnDevice]
    precision: str
    pixels: int

    @torch.no_grad()
    def features(
        self, split: str, view: str, limit: int | None = None
    ) -> Iterator[NDArray[np.float32]]:
        """Of the first `limit` pictures of a split, or of all, batch by batch."""
        pictures = self.pictures[split]
        order_N = torch.arange(limit or len(pictures), device=pictures.device)
        for index_B in torch.split(order_N, self.batch_size):
            images_BCHW = pictures.inputs(index_B, AugmentedView(view == "flipped"))
            with autocast(self.precision, pictures.device):
                features = self.layers(images_BCHW)
            yield features.float().cpu().numpy()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one picture's features."""
        return tuple(next(self.features("train", "plain", limit=1)).shape[1:])

    @property
    def batch_size(self) -> int:
        """Pictures that go through it together."""
        on_cpu = self.pictures["train"].device.type == "cpu"
        at_once = PIXELS_AT_ONCE * (1 if on_cpu else TIMES_ON_ACCELERATORS)
        return max(1, at_once // self.pixels)

    def seconds_an_epoch(self) -> float:
        """What it takes for all train pictures, from one batch after another."""
        train = len(self.pictures["train"])
        count = min(self.batch_size, train)
        next(self.features("train", "plain", limit=count))
        began = time.perf_counter()
        next(self.features("train", "plain", limit=count))
        return (time.perf_counter() - began) / count * train


def find_front(
    network: nn.Module,
    trained: TrainedLayers,
    model: ModelConfig,
    initial_weights: InitialWeights | None,
    pictures: Mapping[str, PicturesOnDevice],
    precision: str,
) -> Front | None:
    """What of a network is frozen in front of all that is trained; None: it can't be cut there.

    Args:
        network: whole, with its first weights, on the pictures' device.
        trained: which of its layers are trained.
        model: of the recipe; says how pictures are resized.
        initial_weights: from elsewhere; None: they are fresh.
        pictures: of every split.
        precision: "fp32" or "bf16".
    """
    cut = find_cut(network, trained)
    if cut is None:
        return None
    sha256 = initial_weights.loaded.sha256 if initial_weights else _fingerprint(network)
    if model.which != "plain":  # the same file, other weights in it
        sha256 = f"{model.which} of {sha256}"
    side = input_side(network)
    pixels = side**2 if side else math.prod(pictures["train"].shape[2:])
    return Front(cut, front_of(network, cut, model), sha256, pictures, precision, pixels)


def keep_features(
    front: Front | None, recipe: Recipe, data: ImageData, listener: Listener
) -> dict[str, FeaturesOnDevice] | None:
    """Features by split, from the cache or computed into it when they are first needed.

    Returns:
        None: nothing can be kept, and why is said.
    """
    reason = _why_not(front, recipe)
    if front is not None and reason is None:
        files = _files(front, recipe, data)
        reason = _too_large(files, recipe.transfer.cache_limit)
        if reason is None:
            listener.said(_in_words(front.cut, files))
            return {name: _on_device(front, name, files[name], listener) for name in files}
    cost = f", at least {front.seconds_an_epoch():,.0f} s an epoch" if front else ""
    listener.said(f"the frozen layers are computed anew in every step{cost}: {reason}")
    return None


def _why_not(front: Front | None, recipe: Recipe) -> str | None:
    """Why features would not be what training and evaluation show, if so."""
    if not recipe.transfer.cache:
        return "transfer.cache is off"
    if recipe.selection.is_on:
        return "the proxy that selects pictures looks at them, not at features"
    if changes := _uncached_changes(recipe):
        return f"{' and '.join(changes)} can't be kept, flips alone can"
    return None if front else "no place was found where the network can be cut"


def _uncached_changes(recipe: Recipe) -> list[str]:
    """Fields that show a picture in more ways than plain and flipped."""
    augment = recipe.augment.model_dump()
    off = type(recipe.augment)().model_dump()
    named = [n for n, value in augment.items() if n != "flip" and value != off.get(n)]
    named += ["test_time_shift"] if recipe.test_time_shift else []
    return [name for name in named if name != "randaugment_magnitude"]


def _files(front: Front, recipe: Recipe, data: ImageData) -> Files:
    facts, shape, number = _facts(front, recipe.model, data), front.shape, KEPT_AS[front.precision]
    return {
        name: {
            view: FeatureFile(
                {**facts, "pictures": split.order_hash, "view": view}, len(split), shape, number
            )
            for view in _views(name, recipe)
        }
        for name, split in data.splits.items()
    }


def _views(split: str, recipe: Recipe) -> tuple[str, ...]:
    """Mirror images where the training or the evaluation shows them."""
    flips = recipe.augment.flip != "none" if split == "train" else recipe.test_time_flip
    return ("plain", "flipped") if flips else ("plain",)


def _facts(front: Front, model: ModelConfig, data: ImageData) -> dict[str, Any]:
    """What decides the features of any split. Fresh weights decide them by their values."""
    train = front.pictures["train"]
    return {
        "format": 4,
        "layers": identity(str(front.cut.front), repr(front.layers)),
        "model": [model.name, builder_arguments(model)],
        "weights": front.weights,
        "after": front.cut.after,
        "input": [*data.input_shape, data.fit],
        "statistics": [values.tolist() for values in (train.mean_C, train.standard_deviation_C)],
        "precision": front.precision,
        "torch": torch.__version__,
    }


def _too_large(files: Files, limit: float) -> str | None:
    """Why the features can't be kept, if they can't.

    Args:
        files: with the features of all splits.
        limit: in gigabytes.
    """
    every = _every(files)
    size = sum(file.size for file in every)
    if size > limit * GIGABYTE:
        return f"features of {size / GIGABYTE:,.1f} GB, transfer.cache_limit is {limit:g}"
    missing = sum(file.size for file in every if not file.place.exists())
    free = free_space(cache_folder())
    if missing > free:
        return (
            f"features of {missing / GIGABYTE:,.1f} GB, {free / GIGABYTE:,.1f} GB are free in"
            f" {cache_folder()} (GREVY_CACHE may name another folder)"
        )
    return None


def _in_words(cut: Cut, files: Files) -> str:
    """What is kept; views are counted by split, as they then are while they are computed."""
    every = _every(files)
    shape = "×".join(map(str, every[0].shape))
    size = sum(file.size for file in every) / MEGABYTE
    views = ", ".join(
        f"{sum(file.count for file in of_split.values()):,} of {split}"
        for split, of_split in files.items()
    )
    there = sum(file.count for file in every if file.place.exists())
    flipped = " (pictures plain and flipped)" if any(len(one) > 1 for one in files.values()) else ""
    return (
        f"features after {cut.after} ({shape}): {size:,.1f} MB on disk; views{flipped}: {views}"
        + (f"; {there:,} are there already" if there else "")
    )


def _on_device(
    front: Front, split: str, files: Mapping[str, FeatureFile], listener: Listener
) -> FeaturesOnDevice:
    total = sum(file.count for file in files.values())

    def read() -> list[NDArray[Any]]:
        arrays: list[NDArray[Any]] = []
        for view, file in files.items():
            before = len(arrays) * file.count

            def advance(done: int, before: int = before) -> None:
                listener.advanced(f"features of {split}", before + done, total)

            compute = partial(front.features, split, view)
            arrays.append(file.read_or_compute(compute, advance, listener.said))
        return arrays

    labels_N = front.pictures[split].labels_N
    return FeaturesOnDevice(files["plain"].shape, labels_N, read)


def _every(files: Files) -> list[FeatureFile]:
    return [file for of_split in files.values() for file in of_split.values()]


def _fingerprint(network: nn.Module) -> str:
    digest = hashlib.sha256()
    values: Mapping[str, Tensor] = network.state_dict()
    for name, value in values.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value.detach().cpu().numpy()).tobytes())
    return digest.hexdigest()
