"""One way to show a picture at test time: mirrored or not, shifted along a diagonal or not."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grevy.data.augment.geometry import translate


@dataclass(frozen=True)
class AugmentedView:
    """What is done to every picture alike: it is shifted, then flipped.

    Attributes:
        flipped: left-right.
        shift: whole pixels down and to the right, negative for up and left; the border is filled
            by reflection.
    """

    flipped: bool = False
    shift: int = 0

    def of(self, images_BCHW: Tensor) -> Tensor:
        """The pictures in this view, in their memory layout; the plain view is what was given."""
        images = self._shifted(images_BCHW) if self.shift else images_BCHW
        return images.flip(-1) if self.flipped else images

    def _shifted(self, images_BCHW: Tensor) -> Tensor:
        shift_B = torch.full((len(images_BCHW),), self.shift, device=images_BCHW.device)
        contiguous = images_BCHW.is_contiguous()
        layout = torch.contiguous_format if contiguous else torch.channels_last
        return translate(images_BCHW, shift_B, shift_B).contiguous(memory_format=layout)


PLAIN = AugmentedView()
"""As it is."""
