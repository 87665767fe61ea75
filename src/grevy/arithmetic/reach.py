"""Which cells of the image an output cell reaches, for rows and columns apart.

Everything here is separable: the rows that a cell reaches do not depend on its column. One list
of taps for each axis therefore says all about convolution, its transpose and pooling.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from grevy.arithmetic.calculation import Boundary, Geometry, Mode, Operation, Pair


class Tap(NamedTuple):
    """One place of the kernel or window on one axis.

    Attributes:
        kernel: index in the kernel as it was given.
        place: index on the image; outside it in the padding.
        source: index on the image from which the value is read; None is a zero.
    """

    kernel: int
    place: int
    source: int | None


Taps = tuple[tuple[Tap, ...], ...]
"""For each output index its taps, in the order of `place`."""


@lru_cache(maxsize=16)
def reach(
    operation: Operation, mode: Mode, geometry: Geometry, size: Pair, output: Pair
) -> tuple[Taps, Taps]:
    """Taps of all output rows, and of all output columns.

    Args:
        operation: what is worked.
        mode: `convolution` turns the kernel.
        geometry: how the window goes over the image.
        size: rows and columns of the image.
        output: rows and columns of the result.
    """
    rows, columns = (
        _axis(operation, mode == "convolution", geometry, axis, size[axis], output[axis])
        for axis in (0, 1)
    )
    return rows, columns


def source(place: int, size: int, boundary: Boundary) -> int | None:
    """Where the boundary rule reads the value of `place`; None where it puts a zero."""
    if 0 <= place < size:
        return place
    if boundary == "zeros":
        return None
    if boundary == "replicate":
        return min(max(place, 0), size - 1)
    if boundary == "wrap":
        return place % size
    return -place if place < 0 else 2 * (size - 1) - place


def _axis(
    operation: Operation, turned: bool, geometry: Geometry, axis: int, size: int, output: int
) -> Taps:
    if operation == "convolution":
        return tuple(_laid_on(geometry, axis, size, at, turned) for at in range(output))
    if operation == "transposed convolution":
        return tuple(_reached_by(geometry, axis, size, at, turned) for at in range(output))
    if geometry.adaptive:
        return tuple(_adaptive(at, size, output) for at in range(output))
    counted = operation == "average pooling" and geometry.count_padding
    return tuple(_pooled(geometry, axis, size, at, counted) for at in range(output))


def _laid_on(geometry: Geometry, axis: int, size: int, at: int, turned: bool) -> tuple[Tap, ...]:
    """y[at] = sum over k of w[k] x[stride at − padding + dilation k]; turned, w[K − 1 − k]."""
    kernel, start = geometry.kernel[axis], _start(geometry, axis, at)
    places = [start + geometry.dilation[axis] * k for k in range(kernel)]
    return tuple(
        Tap(kernel - 1 - k if turned else k, place, source(place, size, geometry.boundary))
        for k, place in enumerate(places)
    )


def _reached_by(geometry: Geometry, axis: int, size: int, at: int, turned: bool) -> tuple[Tap, ...]:
    """x[i] lays w[k] on y[stride i + dilation k − padding]: all i and k that meet at y[at]."""
    kernel, before = geometry.kernel[axis], geometry.padding[axis][0]
    taps = []
    for k in reversed(range(kernel)):
        place, missed = divmod(at + before - geometry.dilation[axis] * k, geometry.stride[axis])
        if not missed and 0 <= place < size:
            taps.append(Tap(kernel - 1 - k if turned else k, place, place))
    return tuple(taps)


def _pooled(geometry: Geometry, axis: int, size: int, at: int, counted: bool) -> tuple[Tap, ...]:
    """The window's places on the image, and those in the padding where padding counts.

    In ceil mode the last window may hang over the padding; what hangs over never counts.
    """
    start = _start(geometry, axis, at)
    places = [start + geometry.dilation[axis] * k for k in range(geometry.kernel[axis])]
    first, end = (-geometry.padding[axis][0], size + geometry.padding[axis][1])
    low, high = (first, end) if counted else (0, size)
    return tuple(
        Tap(k, place, source(place, size, "zeros"))
        for k, place in enumerate(places)
        if low <= place < high
    )


def _adaptive(at: int, size: int, output: int) -> tuple[Tap, ...]:
    """From floor(at size / output) to ceil((at + 1) size / output)."""
    start, end = at * size // output, -(-(at + 1) * size // output)
    return tuple(Tap(place - start, place, place) for place in range(start, end))


def _start(geometry: Geometry, axis: int, at: int) -> int:
    return at * geometry.stride[axis] - geometry.padding[axis][0]
