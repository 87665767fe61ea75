"""Quicker ways through the same layers: pooling before ReLU, and torch.compile where asked for.

Only training steps take them. Checks, the last evaluation, the record and every look into the
finished network use the plain layers: whoever evaluates the run again gets the recorded figures.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.optim import Optimizer

from grevy.errors import CompileError, DeviceError
from grevy.training.optimizers.muon import Muon
from grevy.training.state import Setup, State

MODES = {"default": "default", "graphs": "reduce-overhead"}
"""What torch.compile calls the recipe's choices."""

COMPILER = ("torch._dynamo", "torch._inductor", "torch._functorch")
MOST_LETTERS = 200
"""Of the compiler's message: its first line may hold a whole program."""


def refuse_graphs(wanted: str, device: torch.device) -> None:
    """CUDA graphs need CUDA.

    Raises:
        DeviceError: `wanted` is "graphs" and the device another.
    """
    if wanted == "graphs" and device.type != "cuda":
        raise DeviceError(
            f"compile graphs on device '{device}'",
            "a CUDA device",
            "use --compile default or none; a run that began with graphs goes on only there",
        )


def training_network(setup: Setup, state: State) -> nn.Module:
    """What takes a batch in training steps, in training mode."""
    plain = pool_before_relu(setup.behind_cut(state.model))
    model = setup.world.wrap(compiled(plain, state.optimizer, setup.recipe.compile))
    setup.train_mode(model)
    return model


def compiled(model: nn.Module, optimizer: Optimizer, wanted: str) -> nn.Module:
    """What trains `model` by compiled code: another module around the same layers.

    It is compiled when it is first called, and again for each size of picture, and when other
    layers begin or cease to train. The model keeps its layers, names and mode. Muon's
    orthogonalisation is compiled along with it.

    Args:
        model: what takes a batch.
        optimizer: of its parameters.
        wanted: "none", "default" or "graphs", as the recipe says.
    """
    if wanted == "none":
        return model
    torch.compiler.reset()  # PyTorch keeps few variants a process, and former trainings had theirs
    if isinstance(optimizer, Muon):
        optimizer.compile()
    return cast(nn.Module, torch.compile(model, mode=MODES[wanted], dynamic=False))


@contextmanager
def compiler_errors() -> Iterator[None]:
    """Say in one line why torch.compile failed inside the block.

    Raises:
        CompileError: it did.
    """
    try:
        yield
    except Exception as error:
        if not any(kind.__module__.startswith(COMPILER) for kind in type(error).__mro__):
            raise
        reason = str(error).strip() or type(error).__name__
        raise CompileError(
            f"torch.compile failed ({reason.splitlines()[0][:MOST_LETTERS]})",
            "a network that it takes, and a C++ compiler for a CPU or Triton for a GPU",
            "use --compile none",
        ) from error


def pool_before_relu(model: nn.Module) -> nn.Module:
    """The model with max pooling right before each ReLU that it stands right behind.

    The largest of some numbers, or 0 if none is above it, is the same number both ways, and so is
    its gradient, but a quarter as many numbers go through the ReLU.

    Args:
        model: only a plain chain of layers is reordered; others come back as they are.

    Returns:
        Another chain of the same layers under the same names; `model` stays as it is.
    """
    if type(model) is not nn.Sequential:
        return model
    layers = list(model._modules.items())  # named_children() leaves out a layer's second place
    for place, ((_, one), (_, other)) in enumerate(pairwise(layers)):
        if isinstance(one, nn.ReLU) and isinstance(other, nn.MaxPool2d):
            layers[place], layers[place + 1] = layers[place + 1], layers[place]
    chain = copy.copy(model)  # with its hooks, such as one that resizes pictures
    chain._modules = dict(layers)
    return chain
