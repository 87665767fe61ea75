"""No training step waits for an accelerator.

The steps run on PyTorch's `meta` device, whose tensors have shapes and no numbers: whatever asks
one for a number (`.item()`, `float()`, `bool()`, `.cpu()`, a mask as an index) fails, as it would
make a GPU wait. Copies to the device are told apart by how they are asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import grevy
from grevy.data.batches import PicturesOnDevice, TrainBatches
from grevy.data.to_device import to_device
from grevy.data.types import ImageData
from grevy.recipes.load import load_recipe
from grevy.training import averaging
from grevy.training import train as train_module
from grevy.training.averaging import calm_copy
from grevy.training.distributed import World
from grevy.training.loss_log import LossLog
from grevy.training.optimizers.build import build_optimizer
from grevy.training.profile.timer import LoopTimer
from grevy.training.setup.prepare import prepare
from grevy.training.state import Setup, State, TrainingProgress
from grevy.training.train import train_step

CPU, ACCELERATOR = torch.device("cpu"), torch.device("meta")
BASE: dict[str, Any] = {"batch_size": 16, "epochs": 2, "precision": "fp32"}

ALL_AUGMENTATION = {
    "flip": "random",
    "translate": 2,
    "crop_scale": 0.5,
    "sizes": [12, 16],
    "cutout": 4,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.2,
    "hue": 0.1,
    "randaugment": 2,
    "mixup": 0.4,
    "cutmix": 1.0,
}
MUON = {"name": "muon", "lr": 0.02, "momentum": 0.9, "nesterov": True, "bias_factor": 2.0}
RECIPES: dict[str, dict[str, Any]] = {
    "sgd": {"model": {"name": "net2"}, "augment": {"flip": "alternating"}},
    "every augmentation": {
        "model": {"name": "base", "convnet": {"global_pooling": "max"}},
        "augment": ALL_AUGMENTATION,
    },
    "muon beside adamw, averaged": {"optimizer": MUON, "average_decay": 0.9},
    "muon beside sgd, renormalised, lookahead": {
        "optimizer": {**MUON, "others": "sgd", "renormalise": True},
        "schedule": {"name": "one-cycle"},
        "lookahead": 2,
    },
}


class Copies(TorchDispatchMode):
    """Notes every copy to another device that makes the CPU wait."""

    def __init__(self) -> None:
        super().__init__()
        self.all, self.waiting = 0, []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default):
            source = args[0] if func is torch.ops.aten._to_copy.default else args[1]
            target = kwargs.get("device") or args[0].device
            free = kwargs.get("non_blocking") or (len(args) > 2 and args[2])
            self.all += source.device != target
            if source.device != target and not free:
                self.waiting.append(f"{func} {tuple(source.shape)}")
        return func(*args, **kwargs)


@pytest.fixture
def colours() -> ImageData:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, 16, 16, 3)).astype(np.uint8)
    return grevy.load_data({"train": (images, np.arange(60) % 3)})


@pytest.fixture(autouse=True)
def _no_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)  # it needs a GPU


def on_the_accelerator(data: ImageData, changes: dict[str, Any]) -> tuple[Setup, State]:
    """What `prepare` makes, moved there."""
    recipe = load_recipe({**BASE, **changes})
    setup, state = prepare(data, recipe, 0, CPU, World())
    mean_C, deviation_C = setup.mean_C.to(ACCELERATOR), setup.standard_deviation_C.to(ACCELERATOR)
    pictures = PicturesOnDevice(data.splits["train"], ACCELERATOR, mean_C, deviation_C)
    batches = TrainBatches(pictures, recipe.batch_size, 0, len(data.classes), recipe.augment)
    model = state.model.to(ACCELERATOR)
    optimizer = build_optimizer(model, recipe.optimizer, recipe.transfer)
    setup = replace(
        setup,
        device=ACCELERATOR,
        batches=batches,
        mean_C=mean_C,
        standard_deviation_C=deviation_C,
    )
    return setup, State(TrainingProgress(), model, optimizer, calm_copy(model, recipe), {})


def take_steps(setup: Setup, state: State) -> Copies:
    """All steps of two epochs, without a check between them."""
    model = state.model.train()
    losses = LossLog(setup.device, setup.world, state.progress, write=pytest.fail, lr=0.1)
    with Copies() as copies:
        for step in range(setup.total_steps):
            state.progress.step = step
            train_step(setup, state, model, losses, LoopTimer())
    assert not losses.all_read
    return copies


@pytest.mark.parametrize("name", list(RECIPES))
def test_no_step_waits_for_the_device(colours: ImageData, name: str) -> None:
    copies = take_steps(*on_the_accelerator(colours, RECIPES[name]))
    assert copies.waiting == []
    assert copies.all > 0  # the order of each epoch, at least


def test_a_number_asked_for_inside_a_step_would_be_noticed(
    colours: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = averaging.average_weights

    def curious(average, model, recipe, step, total_steps):
        plain(average, model, recipe, step, total_steps)
        next(model.parameters()).sum().item()

    monkeypatch.setattr(train_module, "average_weights", curious)
    with pytest.raises(RuntimeError, match="item"):
        take_steps(*on_the_accelerator(colours, RECIPES["sgd"]))


def test_a_copy_that_waits_inside_a_step_would_be_noticed(
    colours: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grevy.data.batches.to_device", lambda values, device: values.to(device))
    copies = take_steps(*on_the_accelerator(colours, RECIPES["sgd"]))
    assert len(copies.waiting) == 2  # the order of two epochs


def test_nothing_is_copied_on_a_cpu() -> None:
    values = torch.arange(3)
    assert to_device(values, CPU) is values
