"""Max, average and adaptive pooling worked by hand, with the semantics of torch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from grevy.arithmetic.calculation import Geometry, Grid, Number, Operation, Pair
from grevy.arithmetic.exact import lowest
from grevy.arithmetic.geometry import Size, pair, refuse_large
from grevy.arithmetic.matrix import read_image
from grevy.arithmetic.output_size import pooling_size
from grevy.arithmetic.reach import Taps, reach
from grevy.arithmetic.worked import Worked
from grevy.errors import GeometryError

_KINDS: dict[str, Operation] = {"max": "max pooling", "average": "average pooling"}
_AXES = ("rows", "columns")


def pool(
    image: object,
    window: Size | None = None,
    *,
    kind: str = "max",
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil: bool = False,
    count_padding: bool = True,
    output_size: Size | None = None,
) -> Worked:
    """Pool each channel of an image, exactly, and keep how.

    Values, sizes and what is refused are those of `torch.nn.functional`'s `max_pool2d`,
    `avg_pool2d`, `adaptive_max_pool2d` and `adaptive_avg_pool2d`, with two exceptions: a maximum
    over nothing but padding, which torch gives as minus infinity, and an output of size 0 are
    refused.

    Args:
        image: [H, W] or [C, H, W], in the forms that `convolve` takes.
        window: its size: a number, or "2x3" or (2, 3) for rows × columns.
        kind: "max" or "average".
        stride: steps from window to window; without it the window's size.
        padding: cells around the image, at most half the window. The maximum ignores them.
        dilation: distance between neighbouring cells of the window; max only.
        ceil: keep a last window that begins on the image or its padding and hangs over the end.
        count_padding: whether the average counts padding as zeros; what hangs over the padding
            never counts.
        output_size: instead of `window`: adaptive pooling to so many rows × columns. Window i of
            m on n cells goes from floor(i n / m) to ceil((i + 1) n / m).

    Raises:
        NotANumberError: something that is no number.
        RaggedMatrixError: rows or channels of different sizes.
        GeometryError: settings that can't be, or don't go together.
        KernelTooLargeError: a window larger than the padded image.
    """
    pixels_CHW, decimals = read_image(image)
    size = len(pixels_CHW[0]), len(pixels_CHW[0][0])
    if kind not in _KINDS:
        raise GeometryError(f"pooling '{kind}'", "max or average", "take one of these")
    if output_size is None:
        geometry = _geometry(window, kind, stride, padding, dilation, ceil, count_padding)
        output = _output_size(geometry, size)
    else:
        _refuse_windows(window, stride, padding, dilation, ceil, count_padding)
        output = pair(output_size, "output size", 1)
        geometry = Geometry(kernel=_largest_windows(size, output), adaptive=True)
    refuse_large(output, len(pixels_CHW))
    operation = _KINDS[kind]
    taps = reach(operation, "correlation", geometry, size, output)
    _check_windows(taps)
    return Worked(
        operation=operation,
        mode="correlation",
        image_CHW=pixels_CHW,
        kernels_FCHW=(),
        bias_F=(),
        geometry=geometry,
        output_FHW=tuple(_pooled(grid, taps, kind) for grid in pixels_CHW),
        sentence=_sentence(geometry, kind),
        decimals=decimals,
    )


def _geometry(
    window: Size | None,
    kind: str,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil: bool,
    count_padding: bool,
) -> Geometry:
    if window is None:
        raise GeometryError("no window", "a window or an output size", "give a window such as 2")
    kernel, around = pair(window, "window", 1), pair(padding, "padding", 0)
    spread = pair(dilation, "dilation", 1)
    if kind == "average" and spread != (1, 1):
        raise GeometryError("dilation for average pooling", "none", "leave it out, or take max")
    if kind == "max" and not count_padding:
        raise GeometryError(
            "a choice about padding in the average for max pooling",
            "none: the maximum ignores padding",
            "leave it out",
        )
    return Geometry(
        kernel=kernel,
        stride=kernel if stride is None else pair(stride, "stride", 1),
        padding=((around[0], around[0]), (around[1], around[1])),
        dilation=spread,
        ceil=ceil,
        count_padding=count_padding,
    )


def _refuse_windows(
    window: Size | None,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil: bool,
    count_padding: bool,
) -> None:
    given = {
        "a window": window is not None,
        "a stride": stride is not None,
        "padding": pair(padding, "padding", 0) != (0, 0),
        "dilation": pair(dilation, "dilation", 1) != (1, 1),
        "ceil": ceil,
        "a choice about padding in the average": not count_padding,
    }
    names = [name for name, is_given in given.items() if is_given]
    if names:
        raise GeometryError(
            f"an output size together with {' and '.join(names)}",
            "one or the other: adaptive windows follow from the output size",
            "leave one out",
        )


def _output_size(geometry: Geometry, size: Pair) -> Pair:
    rows, columns = (
        pooling_size(
            length,
            geometry.kernel[axis],
            geometry.stride[axis],
            geometry.padding[axis],
            geometry.dilation[axis],
            ceil=geometry.ceil,
        )
        for axis, length in enumerate(size)
    )
    return rows, columns


def _largest_windows(size: Pair, output: Pair) -> Pair:
    rows, columns = (
        max(-(-(at + 1) * n // m) - at * n // m for at in range(m))
        for n, m in zip(size, output, strict=True)
    )
    return rows, columns


def _check_windows(taps: tuple[Taps, Taps]) -> None:
    """With dilation, a window of max pooling may skip the image."""
    for axis, name in zip(taps, _AXES, strict=True):
        if not all(axis):
            raise GeometryError(
                f"a window whose {name} all lie in the padding",
                "a value of the image in every window: else there is no largest",
                "take less padding or dilation",
            )


def _pooled(grid: Grid, taps: tuple[Taps, Taps], kind: str) -> Grid:
    """Rows first, then columns: the maximum and the sum are separable."""
    merge = _largest if kind == "max" else _total
    merged = []
    for row in taps[0]:
        seen = [grid[tap.source] for tap in row if tap.source is not None]
        across = [merge(values) for values in zip(*seen, strict=True)]
        merged.append(
            [merge([across[t.source] for t in cell if t.source is not None]) for cell in taps[1]]
        )
    if kind == "max":
        return tuple(map(tuple, merged))
    return tuple(
        tuple(
            lowest(Fraction(total) / (len(row) * len(cell)))
            for total, cell in zip(totals, taps[1], strict=True)
        )
        for totals, row in zip(merged, taps[0], strict=True)
    )


def _largest(values: Sequence[Number]) -> Number:
    return max(values)


def _total(values: Sequence[Number]) -> Number:
    return sum(values)


def _sentence(geometry: Geometry, kind: str) -> str:
    does = "the largest value" if kind == "max" else "the mean"
    windows = "; the windows follow from the output size" * geometry.adaptive
    return (
        f"{'Max' if kind == 'max' else 'Average'} pooling takes {does} of each window, channel by "
        f"channel{windows}. There is no kernel, so correlation and convolution do not differ."
    )
