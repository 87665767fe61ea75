"""A picture made by optimisation to drive one unit: feature visualisation.

Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, doi 10.23915/distill.00007:
the picture is a Fourier spectrum with amplitudes that start as 1/f, its colours are decorrelated,
and it is moved a little at every step, so that no single pixel pattern is fitted.

Shapes: S starts, C channels, H rows, W columns of the picture; F columns of its spectrum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.inspection.units.colours import Colours
from grevy.training.optimizers.without_compiler import light

Answer = Callable[[Tensor], Tensor]
"""From pictures [S, C, H, W] in [0, 1] to the maps [S, h, w] of one channel."""

RATE = 0.05
_FIRST = 0.1
"""Learning rate of Adam; spread of the first spectrum, whose pictures are nearly of one colour."""

_WARMING = 8
"""The first of so many parts of the steps drives all places of the channel."""


@dataclass(frozen=True)
class Visualisation:
    """The best of several pictures.

    Attributes:
        pixels_HWC: uint8.
        value: of the unit at the centre of the channel's map, for exactly these pixels.
        values_S: of all starts.
    """

    pixels_HWC: NDArray[np.uint8]
    value: float
    values_S: NDArray[np.float32]


def visualise(
    answer: Answer,
    shape: tuple[int, int, int],
    colours: Colours,
    *,
    steps: int,
    starts: int,
    jitter: int,
    seed: int,
    device: torch.device,
) -> Visualisation:
    """Raise the value at the centre of a channel's map by Adam.

    In the first eighth of the steps it is the mean over all places, because a unit behind a ReLU
    that is silent at the centre has no slope there. Then each picture, which is periodic as its
    basis is, is rolled so that its best place comes to the centre.

    Args:
        answer: of the network; inside its `as_found` block, with gradients to the pictures.
        shape: C, H, W of the picture.
        colours: of the data.
        steps: of Adam.
        starts: pictures that are optimised side by side; the best one is taken.
        jitter: pixels by which a picture is moved at each step, at most, in each direction.
        seed: of the starts and the moves.
        device: of the network.
    """
    random = torch.Generator().manual_seed(seed)
    spectrum = _FIRST * torch.randn(starts, *_spectrum_shape(shape), 2, generator=random)
    spectrum = spectrum.to(device).requires_grad_()
    picture = _Picture(shape, colours, device)
    adam = light(torch.optim.Adam)([spectrum], lr=RATE)
    offsets_S2 = torch.zeros(starts, 2, dtype=torch.int64)
    for step in range(steps):
        if step == steps // _WARMING:
            with torch.no_grad():
                offsets_S2 = _to_the_middle(answer(picture(spectrum)), shape)
        moves_2 = torch.randint(-jitter, jitter + 1, (2,), generator=random)
        maps_Shw = answer(_rolled(picture(spectrum), offsets_S2 + moves_2))
        values_S = maps_Shw.mean((1, 2)) if step < steps // _WARMING else centre(maps_Shw)
        (spectrum.grad,) = torch.autograd.grad(-values_S.sum(), spectrum)
        adam.step()
    return _best(answer, _rolled(picture(spectrum.detach()), offsets_S2))


def centre(maps_Shw: Tensor) -> Tensor:
    """The value in the middle of each map."""
    return maps_Shw[:, maps_Shw.shape[1] // 2, maps_Shw.shape[2] // 2]


def _to_the_middle(maps_Shw: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Rows and columns [S, 2] by which pictures move so that the largest value is at the centre."""
    rows, columns = maps_Shw.shape[1:]
    best_S = maps_Shw.flatten(1).argmax(1).cpu()
    row_S, column_S = best_S // columns, best_S % columns
    down_S = (rows // 2 - row_S) * shape[1] / rows
    right_S = (columns // 2 - column_S) * shape[2] / columns
    return torch.stack([down_S, right_S], dim=1).round().long()


def _rolled(pictures_SCHW: Tensor, offsets_S2: Tensor) -> Tensor:
    """Each picture moved by its own offset, what leaves on one side entering on the other."""
    pairs = zip(pictures_SCHW, offsets_S2.tolist(), strict=True)
    return torch.stack([picture_CHW.roll(offset, (1, 2)) for picture_CHW, offset in pairs])


class _Picture:
    """From spectra [S, C, H, F, 2] to pictures [S, C, H, W] in [0, 1]."""

    def __init__(self, shape: tuple[int, int, int], colours: Colours, device: torch.device) -> None:
        self._size = shape[1:]
        self._scale_HF = torch.from_numpy(_one_over_frequency(*shape[1:])).to(device)
        mean_C = torch.from_numpy(colours.mean_C).float().to(device)
        self._mixing_CC = torch.from_numpy(colours.mixing_CC).float().to(device)
        self._mean_C11 = torch.logit(mean_C)[:, None, None]

    def __call__(self, spectrum: Tensor) -> Tensor:
        scaled = torch.view_as_complex(spectrum) * self._scale_HF
        plain_SCHW = torch.fft.irfft2(scaled, s=self._size, norm="ortho")
        mixed_SCHW = torch.einsum("dc,schw->sdhw", self._mixing_CC, plain_SCHW)
        return torch.sigmoid(mixed_SCHW + self._mean_C11)


def _spectrum_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    channels, height, width = shape
    return channels, height, width // 2 + 1


def _one_over_frequency(height: int, width: int) -> NDArray[np.float32]:
    """[H, F]: 1/f, at most that of the lowest frequency, brought to a root mean square of 1."""
    frequency_HF = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    scale_HF = 1 / np.maximum(frequency_HF, 1 / max(height, width))
    normed_HF: NDArray[np.float32] = (scale_HF / np.sqrt((scale_HF**2).mean())).astype(np.float32)
    return normed_HF


def _best(answer: Answer, pictures_SCHW: Tensor) -> Visualisation:
    """The start with the largest value, after rounding to the 8 bits that are drawn."""
    pixels_SCHW = (255 * pictures_SCHW).round()
    with torch.no_grad():
        values_S = centre(answer(pixels_SCHW / 255)).float().cpu().numpy()
    best = int(np.where(np.isnan(values_S), -np.inf, values_S).argmax())
    pixels_CHW = pixels_SCHW[best].to(torch.uint8).cpu().numpy()
    return Visualisation(pixels_CHW.transpose(1, 2, 0), float(values_S[best]), values_S)
