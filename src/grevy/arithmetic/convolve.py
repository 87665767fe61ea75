"""Two-dimensional convolution worked by hand, with the semantics of `torch.nn.functional`."""

from __future__ import annotations

from grevy.arithmetic.calculation import Geometry, Grid, Mode, Operation, Pair
from grevy.arithmetic.geometry import (
    Padding,
    Sides,
    Size,
    boundary_named,
    check_boundary,
    groups_of,
    mode_named,
    pair,
    refuse_large,
    sides,
)
from grevy.arithmetic.matrix import read_bias, read_image, read_kernels, turned_by_180
from grevy.arithmetic.output_size import convolution_size, extent, transposed_size
from grevy.arithmetic.reach import reach
from grevy.arithmetic.terms import filters_FCHW
from grevy.arithmetic.values import convolved
from grevy.arithmetic.words import counted
from grevy.arithmetic.worked import Worked
from grevy.errors import GeometryError, KernelTooLargeError

_Kernels = tuple[tuple[Grid, ...], ...]


def convolve(
    image: object,
    kernel: object,
    *,
    bias: object = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    boundary: str = "zeros",
    mode: str = "correlation",
    transposed: bool = False,
    output_padding: Size = 0,
) -> Worked:
    """Convolve an image with one kernel or several, exactly, and keep how.

    Values, sizes and what is refused are those of `torch.nn.functional.conv2d` (with `pad` for
    the boundaries) and `conv_transpose2d`.

    Args:
        image: [H, W] or [C, H, W]: text ("1 0 2; 3 4 5", channels parted by '|'), nested lists,
            a NumPy array or anything else with `tolist`. Integers, decimals and fractions
            ("1/3") are exact; a float counts as its shortest decimal.
        kernel: [H, W], [C, H, W] or [F, C / groups, H, W] in the same forms, filters parted by
            '||' in text. Transposed, the layout is torch's [C, F / groups, H, W].
        bias: one number a filter; none is zero.
        stride: steps from window to window; a number, or "2x1" or (2, 1) for rows × columns.
        padding: cells around the image: as `stride`, or "top,bottom,left,right", or "same" (odd
            kernels at stride 1) or "valid" (none). Transposed, what is cut off from the output.
        dilation: distance between neighbouring cells of the kernel.
        groups: parts into which channels and filters are divided.
        boundary: what the padding holds: zeros, reflect (the edge not repeated), replicate or
            wrap.
        mode: "correlation" lays the kernel on as it is, as every deep-learning framework does;
            "convolution" turns it by 180°, as in mathematics.
        transposed: work the transposed convolution.
        output_padding: rows and columns added at the end; transposed only.

    Raises:
        NotANumberError: something that is no number.
        RaggedMatrixError: rows, channels, filters or a bias of the wrong length.
        GeometryError: a stride, padding, dilation, output padding, boundary, mode, or a number
            of groups or channels that can't be.
        EvenKernelError: "same" for an even kernel.
        KernelTooLargeError: a kernel larger than the padded image.
    """
    pixels_CHW, image_decimals = read_image(image)
    kernels, kernel_decimals = read_kernels(kernel)
    size, kernel_size = _size(pixels_CHW[0]), _size(kernels[0][0])
    groups = _fitting_groups(len(pixels_CHW), kernels, groups_of(groups), transposed)
    filters = filters_FCHW(kernels, groups, transposed)
    bias_F, bias_decimals = read_bias(bias, len(filters))
    steps, spread = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
    geometry = Geometry(
        kernel=kernel_size,
        stride=steps,
        padding=_padding(padding, kernel_size, steps, spread, transposed),
        dilation=spread,
        output_padding=pair(output_padding, "output padding", 0),
        groups=groups,
        boundary=boundary_named(boundary),
    )
    operation: Operation = "transposed convolution" if transposed else "convolution"
    _check(geometry, size, transposed)
    turning = mode_named(mode)
    output = _output_size(geometry, size, transposed)
    refuse_large(output, len(filters))
    taps = reach(operation, turning, geometry, size, output)
    return Worked(
        operation=operation,
        mode=turning,
        image_CHW=pixels_CHW,
        kernels_FCHW=kernels,
        bias_F=bias_F,
        geometry=geometry,
        output_FHW=convolved(pixels_CHW, filters, bias_F, taps, groups),
        sentence=_sentence(turning, kernels, transposed),
        decimals=image_decimals or kernel_decimals or bias_decimals,
    )


def _size(grid: Grid) -> Pair:
    return len(grid), len(grid[0])


def _fitting_groups(channels: int, kernels: _Kernels, groups: int, transposed: bool) -> int:
    """`groups`, if channels and filters can be divided so."""
    first, second = len(kernels), len(kernels[0])
    if channels % groups or (not transposed and first % groups):
        raise GeometryError(
            f"{groups} groups for {counted(channels, 'channel')}"
            + ("" if transposed else f" and {counted(first, 'filter')}"),
            "a number that divides both" if not transposed else "a number that divides them",
            "change groups",
        )
    if transposed and first != channels:
        raise GeometryError(
            f"a transposed kernel [{first}, {second}, ...] for an image of "
            + counted(channels, "channel"),
            f"[channels, filters / groups, rows, columns], so {channels} first",
            "part what belongs to different channels of the image by '||'",
        )
    if not transposed and second != channels // groups:
        raise GeometryError(
            f"kernels of {counted(second, 'channel')} for an image of "
            + counted(channels, "channel")
            + f" in {groups} groups" * (groups > 1),
            f"{channels // groups} in every kernel",
            "part channels by '|'; of a colour picture, --gray makes one channel",
        )
    return groups


def _padding(
    padding: Padding, kernel: Pair, stride: Pair, dilation: Pair, transposed: bool
) -> Sides:
    if transposed and padding in ("same", "valid"):
        raise GeometryError(
            f"padding '{padding}' for a transposed convolution", "a number", "give it as a number"
        )
    return sides(padding, kernel, stride, dilation)


def _check(geometry: Geometry, size: Pair, transposed: bool) -> None:
    if transposed and geometry.boundary != "zeros":
        raise GeometryError(
            f"boundary {geometry.boundary} for a transposed convolution",
            "zeros: its padding is what is cut off, and holds nothing",
            "leave the boundary out",
        )
    if transposed:
        return
    if geometry.output_padding != (0, 0):
        raise GeometryError(
            "output padding for a plain convolution",
            "none: it belongs to the transposed one",
            "leave it out, or say transposed",
        )
    check_boundary(geometry.boundary, geometry.padding, size)
    _check_room(geometry, size)


def _check_room(geometry: Geometry, size: Pair) -> None:
    """Like `convolution_size`, but the complaint names rows and columns together."""
    spans = [extent(k, d) for k, d in zip(geometry.kernel, geometry.dilation, strict=True)]
    padded = [length + sum(both) for length, both in zip(size, geometry.padding, strict=True)]
    if spans[0] <= padded[0] and spans[1] <= padded[1]:
        return
    missing = [max(0, -(-(span - n) // 2)) for span, n in zip(spans, size, strict=True)]
    raise KernelTooLargeError(
        f"a kernel that spans {spans[0]}×{spans[1]} on an image of {size[0]}×{size[1]}, "
        f"{padded[0]}×{padded[1]} with its padding",
        "a kernel that fits",
        f"take padding {missing[0]}x{missing[1]} or more, or a smaller kernel or dilation",
    )


def _output_size(geometry: Geometry, size: Pair, transposed: bool) -> Pair:
    rows, columns = (
        _length(geometry, axis, length, transposed) for axis, length in enumerate(size)
    )
    return rows, columns


def _length(geometry: Geometry, axis: int, size: int, transposed: bool) -> int:
    kernel, stride = geometry.kernel[axis], geometry.stride[axis]
    padding, dilation = geometry.padding[axis], geometry.dilation[axis]
    if not transposed:
        return convolution_size(size, kernel, stride, padding, dilation)
    added = geometry.output_padding[axis]
    return transposed_size(size, kernel, stride, padding, dilation, output_padding=added)


def _sentence(mode: Mode, kernels: _Kernels, transposed: bool) -> str:
    """Which of correlation and convolution it is, and how the other differs."""
    what = "transposed convolution" if transposed else "convolution"
    turned = tuple(tuple(map(turned_by_180, grids)) for grids in kernels)
    alike = " This kernel is the same after the turn, so both give the same." * (turned == kernels)
    if mode == "correlation":
        return (
            f"This is the correlation form, which deep-learning frameworks call {what}: the kernel "
            "is laid on as it is. The convolution of mathematics would turn it by 180° first."
            + alike
        )
    return (
        f"This is the {what} of mathematics: the kernel is turned by 180° before it is laid on. "
        "Deep-learning frameworks compute the correlation form, with the kernel as it is." + alike
    )
