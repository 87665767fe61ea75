"""A network that puts out probabilities, where the loss wants logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_PICTURES = 4
_TOLERANCE = 1e-4
"""Of a sum in float32, over a thousand classes."""


def softmax_note(model: nn.Module, input_shape: tuple[int, int, int]) -> str | None:
    """A sentence where the outputs for noise are not below 0 and sum to 1; else None.

    The loss takes a softmax of what comes out; of probabilities this is nearly the same for all
    classes, and the network learns slowly and not well. A log-softmax changes nothing: the softmax
    of it is itself.

    Args:
        model: it is left as it was, and no random number is drawn from the global state.
        input_shape: (C, H, W).
    """
    modes = {module: module.training for module in model.modules()}
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    noise = torch.Generator().manual_seed(0)
    images_BCHW = torch.randn(_PICTURES, *input_shape, generator=noise).to(device)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        outputs_BK = model.eval()(images_BCHW).float()
    for module, training in modes.items():
        module.training = training
    if not probabilities_in(outputs_BK):
        return None
    return (
        "the network ends in a softmax, and the loss takes logits: remove it, or the network learns"
        " slowly"
    )


def probabilities_in(outputs_BK: Tensor) -> bool:
    """Whether the outputs of each picture are not below 0 and sum to 1."""
    sums_B = outputs_BK.sum(1)
    ones_B = torch.ones_like(sums_B)
    return bool(outputs_BK.min() >= 0 and torch.allclose(sums_B, ones_B, atol=_TOLERANCE))
