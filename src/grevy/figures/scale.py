"""Values become colours: one scale for all that is compared, zero always in its place.

A dead filter stays pale because it shares the scale of its layer, and what is not a number has a
colour of its own. Nothing is ever stretched to fill the colour map.

Shapes: F filters, H rows, W columns; `...` any axes, also none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grevy.errors import InputError
from grevy.figures.colours import DIVERGING, OKABE_ITO, SEQUENTIAL
from grevy.figures.numerals import counted, numeral

NOT_A_NUMBER = OKABE_ITO["yellow"]
"""NaN and infinite values: on neither colour map, whatever colours a reader tells apart."""

NO_EVIDENCE = "no positive evidence"
"""What is said of a class map that is nowhere above 0."""

PERCENTILE = 99.9
"""Activations and attributions beyond it are drawn in the last colour: one value of a thousand."""

DEAD = 1e-3
"""A filter whose largest weight is below this part of its layer's largest one is dead."""

_COLOURS = 255
"""Odd, so that 0 has a colour of its own in the middle of a diverging map."""

Kind: TypeAlias = Literal["sequential", "diverging"]

Values: TypeAlias = NDArray[Any] | Sequence[NDArray[Any]]
"""An array of any shape, or several arrays of different shapes."""


@dataclass(frozen=True)
class Scale:
    """What the colours stand for.

    Attributes:
        kind: "sequential" from 0 up, or "diverging" around 0.
        low: value at the lower end of the colour map: 0, or -`high`.
        high: value at the upper end; 0 where there is nothing to tell apart.
        note: what the scale is made from and what it leaves out, as one sentence.
        absent: how many of the values are NaN or infinite.
        left_out: what a colour bar does not tell, as a clause: values beyond its ends, values that
            are not numbers; "" where it tells all.
    """

    kind: Kind
    low: float
    high: float
    note: str
    absent: int = 0
    left_out: str = ""


def weights_scale(weights: Values, over: str = "the layer") -> Scale:
    """Diverging, from -max |w| to max |w|; nothing is clipped.

    Args:
        weights: all that share the scale.
        over: what they are, for the note ("the layer", "this filter").
    """
    sample = _sample(weights)
    return _scale("Weights", sample, over, "diverging", sample.largest)


def activations_scale(values: Values, over: str = "the layer") -> Scale:
    """From 0 to the 99.9 percentile, or symmetric around 0 where a value is negative.

    Args:
        values: all that share the scale.
        over: what they are, for the note.
    """
    sample = _sample(values)
    kind: Kind = "diverging" if (sample.finite < 0).any() else "sequential"
    return _scale("Activations", sample, over, kind, sample.percentile)


def changes_scale(values: Values) -> Scale:
    """Symmetric around 0, up to the 99.9 percentile: of the second of two views minus the first."""
    sample = _sample(values)
    return _scale("Changes", sample, "all changes", "diverging", sample.percentile)


def attribution_scale(values: Values, over: str = "these maps") -> Scale:
    """Symmetric around 0, up to the 99.9 percentile of the absolute values."""
    sample = _sample(values)
    return _scale("Attributions", sample, over, "diverging", sample.percentile)


def magnitude_scale(values: Values, over: str = "these maps") -> Scale:
    """From 0 to the 99.9 percentile: sizes without signs, such as those of gradients."""
    sample = _sample(values)
    return _scale("Sizes", sample, over, "sequential", sample.percentile)


def class_map_scale(maps: Values, over: str = "these class maps") -> Scale:
    """From 0 to the maximum of all compared maps: ReLU, then division by the maximum.

    Negative values are evidence against the class and are drawn as 0; no map is moved or
    stretched. Where no value is positive, the note says "no positive evidence".
    """
    sample = _sample(maps)
    high = max(0.0, float(sample.finite.max(initial=0.0)))
    below = int((sample.finite < 0).sum())
    clauses = [
        f"one scale for {over}, 0 to {numeral(high)}, the maximum"
        if high
        else f"{NO_EVIDENCE} in {over}",
        f"{counted(below, 'negative value')} drawn as 0" if below else "",
    ]
    left_out = _left_out(clauses[bool(high) :], sample)
    note = _note("Class maps", clauses, sample)
    return Scale("sequential", 0.0, high, note, sample.absent, left_out)


@dataclass(frozen=True)
class _Sample:
    """The values that share a scale.

    Attributes:
        finite: those that are numbers, in one row.
        absent: how many are not.
    """

    finite: NDArray[np.float64]
    absent: int

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        return np.abs(self.finite)

    @property
    def largest(self) -> float:
        return float(self.sizes.max(initial=0.0))

    @property
    def percentile(self) -> float:
        """Of the absolute values, as one of them; the largest where the percentile is 0."""
        if not self.sizes.size:
            return 0.0
        return float(np.percentile(self.sizes, PERCENTILE, method="higher")) or self.largest


def _sample(values: Values) -> _Sample:
    arrays = [values] if isinstance(values, np.ndarray) else values
    flat = np.concatenate([np.empty(0), *(np.asarray(a, np.float64).ravel() for a in arrays)])
    finite = flat[np.isfinite(flat)]
    return _Sample(finite, flat.size - finite.size)


def _scale(what: str, sample: _Sample, over: str, kind: Kind, high: float) -> Scale:
    low = -high if kind == "diverging" and high else 0.0
    beyond = int((sample.sizes > high).sum())
    name = "absolute value" if low else "value"
    end = f"{PERCENTILE} percentile of the {name}s" if beyond else f"largest {name}"
    clauses = [
        f"one scale for {over}, {numeral(low)} to {numeral(high)}, the {end}"
        if high
        else f"every value of {over} is 0",
        f"{counted(beyond, 'value')} beyond it, up to {numeral(sample.largest)}, drawn like it"
        if beyond
        else "",
    ]
    clipped = f"the scale ends at the {PERCENTILE} percentile" if beyond else ""
    left_out = _left_out([clipped, *clauses[bool(high) :]], sample)
    return Scale(kind, low, high, _note(what, clauses, sample), sample.absent, left_out)


def _left_out(clauses: Sequence[str], sample: _Sample) -> str:
    """What of a note is not seen in a colour bar."""
    return "; ".join(filter(None, [*clauses, _absent(sample)]))


def _absent(sample: _Sample) -> str:
    return (
        f"{counted(sample.absent, 'value')} NaN or infinite, drawn yellow" if sample.absent else ""
    )


def _note(what: str, clauses: Sequence[str], sample: _Sample) -> str:
    if not sample.finite.size:
        clauses = ["no value is a number"]
    said = filter(None, [*clauses, _absent(sample)])
    return f"{what}: {'; '.join(said)}."


def render(values: ArrayLike, scale: Scale) -> NDArray[np.uint8]:
    """The colours of values: [..., H, W] becomes uint8 RGB [..., H, W, 3], value for value.

    Values beyond the ends get the colours of the ends, so a negative value on a sequential scale
    is drawn as 0. NaN and infinite values get `NOT_A_NUMBER`. On a scale without extent (every
    value 0) everything has the colour of 0.
    """
    array = np.asarray(values, np.float64)
    known = np.isfinite(array)
    zero = 0.5 if scale.kind == "diverging" else 0.0
    extent = scale.high - scale.low
    parts = (np.where(known, array, 0) - scale.low) / extent if extent else zero
    places = np.broadcast_to(np.clip(parts, 0, 1) * (_COLOURS - 1), array.shape)
    colours = np.array(_colours(scale.kind)[np.rint(places).astype(np.intp)])
    colours[~known] = rgb(NOT_A_NUMBER)
    return colours


@lru_cache(maxsize=2)
def _colours(kind: Kind) -> NDArray[np.uint8]:
    from matplotlib import colormaps

    map_ = colormaps[DIVERGING if kind == "diverging" else SEQUENTIAL].resampled(_COLOURS)
    colours: NDArray[np.uint8] = map_(np.arange(_COLOURS), bytes=True)[:, :3]
    return colours


def rgb(colour: str) -> list[int]:
    """Red, green and blue, 0 to 255, of a colour written as #RRGGBB."""
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def filter_rgb(weights: NDArray[Any], largest: float) -> NDArray[np.uint8]:
    """Filters of a first layer in colour: 0.5 + w / (2 · largest), so that gray is 0.

    Args:
        weights: [..., 3, H, W], for red, green and blue.
        largest: max |w| of the layer; 0 draws everything gray.

    Returns:
        uint8 [..., H, W, 3]. A pixel with NaN or an infinite weight has the colour `NOT_A_NUMBER`.

    Raises:
        InputError: not three channels.
    """
    if weights.ndim < 3 or weights.shape[-3] != 3:
        raise InputError(
            f"filters of shape {weights.shape}",
            "shape [..., 3, H, W]: one channel for red, green and blue",
            "draw filters with other channels one channel at a time",
        )
    pixels = np.moveaxis(weights, -3, -1).astype(np.float64)
    known = np.array(np.isfinite(pixels).all(axis=-1))
    parts = 0.5 + np.where(known[..., None], pixels, 0) / (2 * largest or 1)
    colours = (255 * np.clip(parts, 0, 1)).round().astype(np.uint8)
    colours[~known] = rgb(NOT_A_NUMBER)
    return colours


def filter_rgb_note(weights: Values, over: str = "the layer") -> str:
    """What the colours of `filter_rgb` stand for, as one sentence."""
    sample = _sample(weights)
    clauses = [
        f"0.5 + w / (2 · {numeral(sample.largest)}), one scale for {over}",
        "gray is 0, brighter than gray positive, darker negative",
    ]
    zero = [f"every weight of {over} is 0, drawn gray"]
    return _note("Filters in colour", clauses if sample.largest else zero, sample)


def dead_filters(weights: NDArray[Any]) -> NDArray[np.bool_]:
    """Which filters are dead: max |w| is 0 or below 1e-3 of the layer's.

    Args:
        weights: [F, ...].

    Returns:
        [F]. A filter that holds NaN or an infinite weight is not dead but broken.
    """
    largest_F = np.abs(weights.reshape(len(weights), -1)).max(axis=1, initial=0.0)
    layer = largest_F[np.isfinite(largest_F)].max(initial=0.0)
    return np.array((largest_F == 0) | (largest_F < DEAD * layer), np.bool_)
