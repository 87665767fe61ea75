"""What is done to a picture before a network sees it, as the record keeps it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Fit = Literal["crop", "stretch", "pad"]
"""How a picture of another shape is brought to the input's size."""


@dataclass(frozen=True, config=ConfigDict(extra="allow", allow_inf_nan=False))
class Preprocessing:
    """What is done to a picture before the network sees it.

    Attributes:
        channels: 1 (gray) or 3 (RGB).
        height: pixels.
        width: pixels.
        fit: how another size is brought to this one, as in `grevy.data.fit`.
        mean: a channel, of pixels in [0, 1]; subtracted.
        standard_deviation: a channel; divided by.
        resize: side in pixels to which the network itself then resizes; None: it does not.
        interpolation: of that resizing.
    """

    channels: int
    height: int
    width: int
    fit: Fit
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    resize: int | None = None
    interpolation: str | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; where the network does not resize, nothing is said of it."""
        return {name: value for name, value in vars(self).items() if value is not None}
