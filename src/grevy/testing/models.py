"""The battery of networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grevy.data.randomness import seeded
from grevy.models import build_model
from grevy.models.logits import put_out_logits
from grevy.testing.promises import Promises

CLASSES, CPU = 3, torch.device("cpu")


def check_model(
    model: str | Callable[..., nn.Module],
    input_shape: tuple[int, int, int] = (3, 32, 32),
    **arguments: Any,
) -> None:
    """Hold a network to what training asks of one.

    It puts out one finite logit a class for batches of any size, the same each time in evaluation
    mode, and leaves the pictures as they are. One seed gives the same weights. The gradient reaches
    every trained parameter, and the weights can be stored and put back.

    Args:
        model: a registered name, or a class or function called with `(input_shape, classes)`.
        input_shape: channels, height, width.
        arguments: of the network.

    Raises:
        PartError: a promise is broken; which one.
        ModelError: a network that can't be built.
    """
    name = model if isinstance(model, str) else getattr(model, "__name__", str(model))
    promises = Promises("network", name)

    def build() -> nn.Module:
        with seeded(3, CPU):
            if isinstance(model, str):
                return build_model(model, input_shape, CLASSES, **arguments)
            return put_out_logits(model(input_shape, CLASSES, **arguments), CLASSES)

    network, twin = build(), build()
    one, other = network.state_dict(), twin.state_dict()
    alike = one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)
    promises.require(alike, "has other weights for one seed")
    images_BCHW = torch.randn(5, *input_shape, generator=torch.Generator().manual_seed(0))
    _check_answers(promises, network.eval(), images_BCHW)
    _check_gradient(promises, network.train(), images_BCHW)
    twin.load_state_dict(network.state_dict())
    with torch.no_grad():
        same = torch.equal(network.eval()(images_BCHW), twin.eval()(images_BCHW))
    promises.require(same, "answers differently with its weights put back")


@torch.no_grad()
def _check_answers(promises: Promises, network: nn.Module, images_BCHW: Tensor) -> None:
    given = images_BCHW.clone()
    logits_BK = network(given)
    promises.require(torch.equal(given, images_BCHW), "changes the pictures that it is given")
    promises.require(tuple(logits_BK.shape) == (5, CLASSES), "does not put out [B, K] logits")
    promises.require(tuple(network(given[:1]).shape) == (1, CLASSES), "needs more than a picture")
    promises.require(bool(logits_BK.isfinite().all()), "puts out what is not finite")
    promises.require(torch.equal(logits_BK, network(given)), "differs in evaluation mode")


def _check_gradient(promises: Promises, network: nn.Module, images_BCHW: Tensor) -> None:
    loss = F.cross_entropy(network(images_BCHW), torch.arange(len(images_BCHW)) % CLASSES)
    torch.autograd.backward(loss)
    lost = [n for n, p in network.named_parameters() if p.requires_grad and p.grad is None]
    promises.require(not lost, f"has parameters that no gradient reaches: {', '.join(lost)}")
