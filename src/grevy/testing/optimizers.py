"""The battery of optimizers."""

from __future__ import annotations

import copy
import json
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from grevy.data.randomness import seeded
from grevy.models import build_model
from grevy.models.whitening import whitening_layers
from grevy.recipes.parts import config_of
from grevy.testing.promises import Promises, watched
from grevy.training.optimizers.build import build_optimizer

CLASSES, CPU = 3, torch.device("cpu")


def check_optimizer(name: str, **fields: Any) -> None:
    """Hold an optimizer to what training asks of one.

    Its config is frozen, documented and read as it says. Two trainings from one seed end bit by bit
    the same, with finite weights that have moved; frozen ones stay. Its state goes through JSON and
    safetensors, and a restored one goes on bit by bit.

    Raises:
        PartError: a promise is broken; which one.
        RecipeError: no optimizer of this name.
        pydantic.ValidationError: fields that it does not take.
    """
    promises, config = Promises("optimizer", name), config_of("optimizer", name, **fields)
    promises.config("optimizer", config)
    spy, read = watched(config)
    model = _network()
    _take_steps(model, build_optimizer(model, spy), range(2))
    promises.reads(config, read)
    one, other = _trained(config), _trained(config)
    promises.require(_equal(one, other), "ends differently from one start")
    promises.require(all(p.isfinite().all() for p in one), "makes weights that are not finite")
    promises.require(not _equal(one, list(_network().parameters())), "moves no weight")
    _check_frozen(promises, config)
    _check_resume(promises, config)


def _network() -> nn.Module:
    with seeded(0, CPU):
        shape = (3, 12, 12)
        network = build_model(
            "base", shape, CLASSES, whitening=2, widths=(4, 6), kernel=3, norm="batch", hidden=8
        )
        whitening_layers(network)[0].whiten(torch.randn(32, *shape))
    return network


def _take_steps(model: nn.Module, optimizer: Optimizer, steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        images_BCHW = torch.randn(12, 3, 12, 12, generator=generator)
        loss = F.cross_entropy(model(images_BCHW), torch.arange(12) % CLASSES)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()


def _trained(config: Any) -> list[Tensor]:
    model = _network()
    _take_steps(model, build_optimizer(model, config), range(4))
    return list(model.parameters())


def _check_frozen(promises: Promises, config: Any) -> None:
    model = _network()
    frozen = model.get_submodule("conv1").requires_grad_(False)
    before = [p.detach().clone() for p in frozen.parameters()]
    _take_steps(model, build_optimizer(model, config), range(2))
    promises.require(_equal(before, list(frozen.parameters())), "moves weights that are frozen")


def _check_resume(promises: Promises, config: Any) -> None:
    model = _network()
    optimizer = build_optimizer(model, config)
    _take_steps(model, optimizer, range(2))
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    values = [value for own in state["state"].values() for value in own.values()]
    storable = all(isinstance(value, Tensor | int | float | bool | None) for value in values)
    promises.require(storable, "keeps a state of more than tensors and numbers")
    try:
        state["param_groups"] = json.loads(json.dumps(state["param_groups"]))
    except TypeError as error:
        promises.require(False, f"has groups that JSON does not take ({error})")
    _take_steps(model, optimizer, range(2, 4))
    again = _network()
    again.load_state_dict(weights)
    restored = build_optimizer(again, config)
    restored.load_state_dict(state)
    _take_steps(again, restored, range(2, 4))
    same = _equal(list(model.parameters()), list(again.parameters()))
    promises.require(same, "goes on differently from a restored state")


def _equal(one: list[Any], other: list[Any]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
