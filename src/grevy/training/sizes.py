"""Progressive resizing: train pictures that grow during the training.

Small pictures cost less, and what is learnt on them holds on larger ones (Howard 2018, in fast.ai's
DAWNBench entry; Tan and Le 2021, "EfficientNetV2", section 4). Checks and results are always at the
full size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from grevy.errors import RecipeValueError
from grevy.models.transfer.resize import resize

INTERPOLATION = "bilinear"


def at_size(images_BCHW: Tensor, sizes: tuple[int, ...], step: int, total_steps: int) -> Tensor:
    """Normalised train pictures at the size of this part of the training, antialiased.

    Args:
        images_BCHW: pictures of a batch, square.
        sizes: sides in pixels, each for an equal part of the training; empty: as they are.
        step: optimizer steps already taken, 0 to total_steps − 1.
        total_steps: in the whole training.
    """
    if not sizes:
        return images_BCHW
    return resize(images_BCHW, side_at(sizes, step, total_steps), INTERPOLATION)


def side_at(sizes: tuple[int, ...], step: int, total_steps: int) -> int:
    """The side in pixels at a step, from 0 to total_steps − 1, if there are `sizes`."""
    return sizes[step * len(sizes) // total_steps]


@torch.no_grad()
def refuse_sizes(model: nn.Module, sizes: tuple[int, ...], input_shape: tuple[int, ...]) -> None:
    """Try the network on one blank picture of every size, before any training.

    Raises:
        RecipeValueError: pictures that are not square, or a network that is made for one size.
    """
    channels, height, width = input_shape
    if sizes and height != width:
        raise RecipeValueError(
            f"augment.sizes for pictures of {height}×{width}",
            "square pictures",
            "use --pictures.fit crop with one --pictures.size, or leave --augment.sizes out",
        )
    training = model.training
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    model.eval()
    for side in sizes:
        try:
            model(torch.zeros(1, channels, side, side, device=device))
        except RuntimeError as error:
            raise RecipeValueError(
                f"a network that fails on pictures of {side}×{side} ({error})",
                f"one that takes every size in augment.sizes, from {min(sizes)} on",
                "pool over all places (--model.convnet.global-pooling max), or enlarge the sizes",
            ) from error
    model.train(training)
