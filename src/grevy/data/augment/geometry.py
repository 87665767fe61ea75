"""Translation with reflected border, and random resized crops."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from grevy.data.augment.draws import integers, uniform
from grevy.data.to_device import to_device

_CROP_TRIALS = 10
_CROP_RATIO = (3 / 4, 4 / 3)


def take_pixels(images_BCHW: Tensor, rows_BHW: Tensor, columns_BHW: Tensor) -> Tensor:
    """Build pictures whose pixel (h, w) is the source pixel at the given row and column."""
    channels, height, width = images_BCHW.shape[1:]
    index_B1P = (rows_BHW * width + columns_BHW).view(-1, 1, height * width)
    pixels_BCP = images_BCHW.flatten(2).gather(2, index_B1P.expand(-1, channels, -1))
    return pixels_BCP.view(-1, channels, height, width)


def translate(images_BCHW: Tensor, down_B: Tensor, right_B: Tensor) -> Tensor:
    """Shift each picture by its own whole number of pixels; the border is filled by reflection.

    Args:
        images_BCHW: pictures of any type.
        down_B: int64 pixels downward, negative for upward.
        right_B: int64 pixels to the right, negative for left.
    """
    height, width = images_BCHW.shape[2:]
    device = images_BCHW.device
    rows_BH = torch.arange(height, device=device) - to_device(down_B, device)[:, None]
    columns_BW = torch.arange(width, device=device) - to_device(right_B, device)[:, None]
    return take_pixels(
        images_BCHW, _reflect(rows_BH, height)[:, :, None], _reflect(columns_BW, width)[:, None, :]
    )


def draw_shifts(count: int, most: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw `count` shifts down and to the right, each uniform in −most..most pixels."""
    return integers(count, -most, most, generator), integers(count, -most, most, generator)


def _reflect(index: Tensor, size: int) -> Tensor:
    """Fold any whole number into 0..size − 1, mirrored at the first and last pixel's centre."""
    if size == 1:
        return torch.zeros_like(index)
    last = size - 1
    return last - (last - index.remainder(2 * last)).abs()


def crop_and_resize(images_BCHW: Tensor, boxes_B4: Tensor) -> Tensor:
    """Cut each uint8 picture to its box and enlarge that bilinearly to the old size.

    Pixels outside the box never enter: it is the same as cutting first (half-pixel centres, as in
    `torch.nn.functional.interpolate` with `align_corners=False`).

    Args:
        images_BCHW: uint8 pictures.
        boxes_B4: top, left, height and width in whole pixels, inside the picture.
    """
    height, width = images_BCHW.shape[2:]
    boxes_B4 = to_device(boxes_B4, images_BCHW.device).to(torch.float32)
    top_B, left_B, tall_B, wide_B = boxes_B4.unbind(1)
    rows_BH = _box_coordinates(top_B, tall_B, height)
    columns_BW = _box_coordinates(left_B, wide_B, width)
    grid_BHW2 = torch.stack(
        (columns_BW[:, None, :].expand(-1, height, -1), rows_BH[:, :, None].expand(-1, -1, width)),
        dim=-1,
    )
    sampled = F.grid_sample(
        images_BCHW.to(torch.float32), grid_BHW2, padding_mode="border", align_corners=False
    )
    return to_bytes(sampled)


def _box_coordinates(start_B: Tensor, length_B: Tensor, size: int) -> Tensor:
    """Where in the source the `size` output pixels lie, in grid_sample's units of −1 to 1."""
    output_S = torch.arange(size, device=start_B.device) + 0.5
    inside_BS = output_S * (length_B / size)[:, None] - 0.5
    inside_BS = inside_BS.clamp_(min=0).minimum(length_B[:, None] - 1)
    return (2 * (start_B[:, None] + inside_BS) + 1) / size - 1


def draw_crops(
    count: int, height: int, width: int, smallest: float, generator: torch.Generator
) -> Tensor:
    """Draw `count` boxes `[count, 4]` (top, left, height, width; int64) by torchvision's rule.

    Area uniform in [smallest, 1] of the picture, log of width over height uniform between 3/4 and
    4/3, both drawn up to ten times until the box fits; else the largest central box whose
    proportions are allowed (Szegedy et al. 2014, "Going deeper with convolutions"; the fallback
    is that of `torchvision.transforms.RandomResizedCrop`).
    """
    area_BT = height * width * uniform((count, _CROP_TRIALS), smallest, 1.0, generator)
    low, high = (math.log(ratio) for ratio in _CROP_RATIO)
    ratio_BT = uniform((count, _CROP_TRIALS), low, high, generator).exp()
    place_2B = uniform((2, count), 0.0, 1.0, generator)

    # The fallback is one more trial, which always fits.
    fallback = torch.tensor(_central_box(height, width), dtype=torch.float64)
    tall_BT = torch.cat(((area_BT / ratio_BT).sqrt().round(), fallback[0].expand(count, 1)), 1)
    wide_BT = torch.cat(((area_BT * ratio_BT).sqrt().round(), fallback[1].expand(count, 1)), 1)
    fits_BT = (tall_BT >= 1) & (tall_BT <= height) & (wide_BT >= 1) & (wide_BT <= width)
    first_B1 = fits_BT.to(torch.uint8).argmax(1, keepdim=True)
    tall_B, wide_B = tall_BT.gather(1, first_B1)[:, 0], wide_BT.gather(1, first_B1)[:, 0]

    central_B = first_B1[:, 0] == _CROP_TRIALS
    top_B = _place(height - tall_B, place_2B[0], central_B)
    left_B = _place(width - wide_B, place_2B[1], central_B)
    return torch.stack((top_B, left_B, tall_B, wide_B), dim=1).to(torch.int64)


def _central_box(height: int, width: int) -> tuple[int, int]:
    """Height and width of the largest box with allowed proportions."""
    narrowest, widest = _CROP_RATIO
    if width / height < narrowest:
        return round(width / narrowest), width
    if width / height > widest:
        return height, round(height * widest)
    return height, width


def _place(room_B: Tensor, drawn_B: Tensor, central_B: Tensor) -> Tensor:
    """Start of a box that has `room_B` free pixels: anywhere, or in the middle."""
    return torch.where(central_B, (room_B / 2).floor(), (drawn_B * (room_B + 1)).floor())


def to_bytes(images: Tensor) -> Tensor:
    """Round float pictures in 0 to 255 to uint8."""
    return images.round().clamp_(0, 255).to(torch.uint8)
