"""The score that all methods explain: the logit of one class for each picture, and its gradients.

Shapes: B pictures, K classes, C channels, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from grevy.errors import NoGradientError
from grevy.inspection.attribution.paths import depends, no_gradient
from grevy.inspection.watching import needs_inference_mode

_PIXELS_AT_ONCE = 2**20
_PICTURES_AT_ONCE = 64


def class_logits(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
    """The logit [B] of each picture's class; the model is used in the mode that it is in."""
    logits_BK: Tensor = model(images_BCHW)
    return logits_BK.gather(1, classes_B[:, None])[:, 0]


def image_gradients(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
    """Derivative [B, C, H, W] of each picture's class logit with respect to its values.

    The gradients of the model's parameters are neither computed nor touched. Zeros where the
    logits do not depend on the pictures.

    Raises:
        NoGradientError: they do, but the network cuts the gradient's way.
    """

    def logits_of(some_BCHW: Tensor) -> Tensor:
        return class_logits(model, some_BCHW, classes_B)

    with torch.enable_grad():
        leaves_BCHW = images_BCHW.detach().clone().requires_grad_()
        # The network gets a copy: its first operation may work in place, which a leaf forbids.
        with needing_gradients(lambda: no_gradient(model, images_BCHW)):
            found = derivative(logits_of(leaves_BCHW.clone()), leaves_BCHW)
    if found is not None:
        return found
    others = (torch.zeros_like(images_BCHW), 2 * images_BCHW + 1, images_BCHW.flip((2, 3)))
    for other_BCHW in others:
        if depends(lambda: logits_of(images_BCHW.clone()), lambda o=other_BCHW: logits_of(o)):  # type: ignore[misc]
            raise no_gradient(model, images_BCHW)
    return torch.zeros_like(images_BCHW)


def derivative(logits_B: Tensor, values: Tensor) -> Tensor | None:
    """Of the sum of the logits with respect to `values`; None where no way leads to them."""
    if not (logits_B.requires_grad and values.requires_grad):
        return None
    return torch.autograd.grad(logits_B.sum(), values, allow_unused=True)[0]


@contextmanager
def needing_gradients(error: Callable[[], NoGradientError]) -> Iterator[None]:
    """Inside, a layer that can't go back through tensors of inference mode is that error."""
    try:
        yield
    except RuntimeError as fault:
        if not needs_inference_mode(fault):
            raise
        raise error() from fault


def mean_image_gradients(
    model: nn.Module,
    classes_B: Tensor,
    points: Sequence[float],
    images_at: Callable[[float], Tensor],
) -> Tensor:
    """Mean of the gradients over `points`, several points at once, summed in float64.

    Args:
        model: as for `image_gradients`.
        classes_B: a class a picture.
        points: what `images_at` takes.
        images_at: the pictures [B, C, H, W] of one point.
    """
    first_BCHW = images_at(points[0])
    total_BCHW = torch.zeros_like(first_BCHW, dtype=torch.float64)
    size = at_once(first_BCHW)
    for start in range(0, len(points), size):
        group = points[start : start + size]
        images_NCHW = torch.cat([images_at(point) for point in group])
        gradients_NCHW = image_gradients(model, images_NCHW, classes_B.repeat(len(group)))
        total_BCHW += gradients_NCHW.double().view(len(group), *first_BCHW.shape).sum(0)
    return total_BCHW / len(points)


def at_once(images_BCHW: Tensor) -> int:
    """How many variants of these pictures go through the network together: memory is finite."""
    count, _, height, width = images_BCHW.shape
    pictures = min(_PICTURES_AT_ONCE, _PIXELS_AT_ONCE // (height * width))
    return max(1, pictures // max(1, count))
