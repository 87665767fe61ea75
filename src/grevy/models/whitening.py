"""A frozen first convolution that whitens patches: its filters come from pictures, not training.

After Page 2019 ("How to Train Your ResNet") and Jordan 2024 ("94% on CIFAR-10 in 3.29 Seconds on a
Single GPU"). Their covariance is about 0, this one about the mean of the patches, so that it serves
any normalisation; where that takes the train split's own mean, both are the same.

Suffixes: P places of a picture, D = C · side² values of a patch.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 5e-4
"""Added to each eigenvalue, for pictures of about unit variance (Jordan 2024)."""

PICTURES_AT_ONCE = 500


class Whitening(nn.Conv2d):
    """Convolution with 2 · C · side² filters that never train, without padding.

    Until `whiten` is called they are PyTorch's random ones. They are parameters (they count, are
    saved and loaded) that ask for no gradient; the bias does.

    Args:
        channels: C of the pictures.
        side: of a patch, in pixels.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__(channels, 2 * channels * side**2, side)
        self.weight.requires_grad_(False)

    @torch.no_grad()
    def whiten(self, images_BCHW: Tensor) -> None:
        """Take the filters from pictures as this layer gets them: normalised, not augmented."""
        self.weight.copy_(whitening_filters(images_BCHW, self.kernel_size[0]))


def whitening_filters(images_BCHW: Tensor, side: int, epsilon: float = EPSILON) -> Tensor:
    """Filters [2·D, C, side, side] that whiten patches, the direction of most variance first.

    The first D are the eigenvectors of the patches' covariance, each divided by the root of its
    eigenvalue plus `epsilon`: what they answer to these pictures has unit variance and no
    correlation. The other D are their negatives, so that an activation loses nothing.

    Args:
        images_BCHW: normalised pictures; a patch is taken at every place.
        side: of a patch, in pixels; at most the height and width of the pictures.
        epsilon: added to each eigenvalue, so that directions without variance stay small.
    """
    channels = images_BCHW.shape[1]
    values_D, vectors_DD = torch.linalg.eigh(patch_covariance(images_BCHW, side))
    filters_DD = (vectors_DD / (values_D.clamp(min=0) + epsilon).sqrt()).T.flip(0)
    both_signs = torch.cat((filters_DD, -filters_DD)).view(-1, channels, side, side)
    return both_signs.to(images_BCHW)


def patch_covariance(images_BCHW: Tensor, side: int) -> Tensor:
    """Covariance [D, D] of all patches, float64 on the CPU; D is C, then rows, then columns."""
    count, size = 0, images_BCHW.shape[1] * side**2
    total_D, products_DD = torch.zeros(size).double(), torch.zeros(size, size).double()
    for piece_BCHW in torch.split(images_BCHW, PICTURES_AT_ONCE):
        patches_BDP = F.unfold(piece_BCHW, side)
        count += patches_BDP.shape[0] * patches_BDP.shape[2]
        total_D += patches_BDP.sum(2).cpu().double().sum(0)
        products_DD += (patches_BDP @ patches_BDP.mT).cpu().double().sum(0)
    mean_D = total_D / count
    return products_DD / count - mean_D.outer(mean_D)


def whitening_layers(network: nn.Module) -> list[Whitening]:
    """All of a network; only one that gets the pictures themselves can be whitened."""
    return [layer for layer in network.modules() if isinstance(layer, Whitening)]
