"""Where the channels, rows and columns of a layer's output are, so that all is drawn as maps.

Shapes: N pictures, C channels, H rows, W columns, T tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from torch import Tensor

from grevy.classifier.classifier import Classifier
from grevy.errors import InputError, ModelArgumentError
from grevy.inspection.layers import layer_list

Kind = Literal["maps", "channels last", "vector", "tokens", "matrix"]

_AXES: dict[Kind, str] = {
    "maps": "NCHW",
    "channels last": "NHWC",
    "vector": "NC",
    "tokens": "NTC",
    "matrix": "NTC",
}


@dataclass(frozen=True)
class Layout:
    """How one layer's output is read.

    Attributes:
        kind: "maps" [N, C, H, W]; "channels last" [N, H, W, C]; "vector" [N, C]; "tokens"
            [N, T, C] that stand for patches on a grid; "matrix" [N, T, C] that don't.
        grid: rows and columns of the patches; (0, 0) if there are none.
        prefix: tokens before those of the patches (class token, registers).
        note: a sentence about what was decided; "" for maps.
    """

    kind: Kind
    grid: tuple[int, int] = (0, 0)
    prefix: int = 0
    note: str = ""

    @property
    def axes(self) -> str:
        """A letter for each axis of the output."""
        return _AXES[self.kind]

    def maps(self, output: Tensor) -> Tensor:
        """[N, C, H, W]: a vector has maps of one value, a matrix is one map [T, C].

        Gradients flow through it.
        """
        if self.kind == "vector":
            return output[:, :, None, None]
        if self.kind == "channels last":
            return output.permute(0, 3, 1, 2)
        if self.kind == "matrix":
            return output[:, None]
        if self.kind == "tokens":
            patches_NCP = output[:, self.prefix :].transpose(1, 2)
            return patches_NCP.reshape(*patches_NCP.shape[:2], *self.grid)
        return output


def layout_of(classifier: Classifier, layer: str, shape: Sequence[int]) -> Layout:
    """How to read an output of that shape.

    Args:
        classifier: whose layer it is.
        layer: its address; tokens are put on the grid of the maps that come before it.
        shape: of the output without the batch.

    Raises:
        ModelArgumentError: neither maps nor a vector nor tokens.
    """
    if len(shape) == 1:
        return Layout("vector")
    if len(shape) == 2:
        return _of_tokens(classifier, layer, *shape)
    if len(shape) == 3:
        return _of_maps(classifier, *shape)
    raise ModelArgumentError(
        f"layer '{layer}', which puts out {list(shape)} for one picture",
        "maps [C, H, W], a vector [C] or tokens [T, C]",
        "choose another layer",
    )


def choose_channels(channels: Sequence[int] | None, count: int, layer: str) -> tuple[int, ...]:
    """`channels` as they are, or all.

    Raises:
        InputError: one that the layer does not have.
    """
    wanted = tuple(range(count)) if channels is None else tuple(channels)
    for channel in wanted:
        if not 0 <= channel < count:
            raise InputError(
                f"channel {channel} of layer '{layer}', which has {count}",
                f"0 to {count - 1}",
                "choose other channels",
            )
    return wanted


def _of_maps(classifier: Classifier, first: int, second: int, third: int) -> Layout:
    """Channels come last only where the form of the picture says so, and not also that they don't.

    Transformers with windows (Swin) compute in [N, H, W, C].
    """
    if not _like_picture(classifier, second, third) and _like_picture(classifier, first, second):
        note = f"Read as {first}×{second} maps of {third} channels: channels come last here."
        return Layout("channels last", note=note)
    return Layout("maps")


def _like_picture(classifier: Classifier, height: int, width: int) -> bool:
    """Whether a map of this size has the picture's proportions, give or take a row or a column."""
    proportion = classifier.preprocessing.height / classifier.preprocessing.width
    return abs(height - width * proportion) <= 1 + proportion


def _of_tokens(classifier: Classifier, layer: str, tokens: int, channels: int) -> Layout:
    for rows, columns in _grids_before(classifier, layer):
        for prefix in _prefixes(classifier):
            if tokens - prefix == rows * columns:
                first = f"without the first {prefix} (of no patch) " if prefix else ""
                note = f"{tokens} tokens, {first}put back on the {rows}×{columns} grid of patches."
                return Layout("tokens", (rows, columns), prefix, note)
    note = f"{tokens} tokens that are on no grid: one matrix, a row a token, a column a channel."
    return Layout("matrix", note=note)


def _grids_before(classifier: Classifier, layer: str) -> Iterator[tuple[int, int]]:
    """Sizes of the maps that are made before `layer`, the latest first."""
    before = takewhile(lambda info: info.name != layer, layer_list(classifier))
    for info in reversed(list(before)):
        if len(info.shape) == 3:
            yield info.shape[1], info.shape[2]


def _prefixes(classifier: Classifier) -> tuple[int, ...]:
    """Numbers of prefix tokens that may be: timm's networks tell it, others may have a class token.

    0 is before they are joined on.
    """
    told = {getattr(module, "num_prefix_tokens", None) for module in classifier.model.modules()}
    numbers = {number for number in told if isinstance(number, int)}
    return (*sorted(numbers or {1}, reverse=True), 0)
