"""What is done to a picture before a network sees it, as the record keeps it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Fit = Literal["crop", "stretch", "pad"]
"""How a picture of another shape is brought to the input's size."""


_CONFIG = ConfigDict(extra="allow", allow_inf_nan=False, use_attribute_docstrings=True)


@dataclass(frozen=True, config=_CONFIG)
class Preprocessing:
    """What is done to a picture before the network sees it."""

    channels: int
    """1 (gray) or 3 (RGB)."""

    height: int
    """Pixels."""

    width: int
    """Pixels."""

    fit: Fit
    """How another size is brought to this one, as in `grevy.data.fit`."""

    mean: tuple[float, ...]
    """A channel, of pixels in [0, 1]; subtracted."""

    standard_deviation: tuple[float, ...]
    """A channel; divided by."""

    resize: int | None = None
    """Side in pixels to which the network itself then resizes; absent where it does not."""

    interpolation: str | None = None
    """Of that resizing."""

    bits: int | None = None
    """Used of pictures with 16 a channel, the recipe's `pictures.bits`; absent where all are."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without what is absent."""
        return {name: value for name, value in vars(self).items() if value is not None}
