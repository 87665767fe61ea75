"""How many output rows (or columns) a window gives on so many input rows, with the formula.

One axis at a time. Everything is refused that PyTorch refuses, so that a size which is given here
is one that a network has. Source of the formulas: Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning", arXiv:1603.07285, and the shapes in PyTorch's documentation of
`Conv2d`, `ConvTranspose2d` and `MaxPool2d`.
"""

from __future__ import annotations

from dataclasses import replace

from grevy.arithmetic.size_formula import Rounding, transposed_equation, window_equation
from grevy.documents.blocks import Formula
from grevy.errors import GeometryError, KernelTooLargeError

Padding = int | tuple[int, int]
"""The same on both sides, or (before, after)."""


def convolution_size(
    size: int, kernel: int, stride: int = 1, padding: Padding = 0, dilation: int = 1
) -> int:
    """Output size of a convolution: ⌊(n + before + after − d(k − 1) − 1)/s⌋ + 1.

    Args:
        size: input rows n, at least 1.
        kernel: rows of the kernel k, at least 1.
        stride: rows from one window to the next s, at least 1.
        padding: rows added before and after, at least 0.
        dilation: distance of neighbouring kernel rows d, at least 1.

    Raises:
        GeometryError: a number outside its range.
        KernelTooLargeError: the dilated kernel is larger than the padded input.
    """
    _check(size, kernel, stride, padding, dilation)
    windows = window_count(size, kernel, stride, padding, dilation)
    if windows < 1:
        lacking = extent(kernel, dilation) - size
        raise _too_large(size, kernel, padding, dilation, f"give {_padding_of(lacking)}")
    return windows


def transposed_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    output_padding: int = 0,
) -> int:
    """Output size of a transposed convolution: (n − 1)s − before − after + d(k − 1) + a + 1.

    Args:
        size: input rows n, at least 1.
        kernel: rows of the kernel k, at least 1.
        stride: output rows from one input row to the next s, at least 1.
        padding: output rows taken away before and after, at least 0.
        dilation: distance of neighbouring kernel rows d, at least 1.
        output_padding: output rows added at the end a, smaller than stride or dilation.

    Raises:
        GeometryError: a number outside its range, or a padding that takes the whole output away.
    """
    _check(size, kernel, stride, padding, dilation)
    check_output_padding(output_padding, stride, dilation)
    rows = transposed_count(size, kernel, stride, padding, dilation, output_padding)
    if rows < 1:
        whole = rows + sum(sides(padding))
        raise GeometryError(
            f"padding {_shown(padding)}, which takes all {whole} output rows away",
            "at least one row that is left",
            f"give a padding of at most {(whole - 1) // 2}",
        )
    return rows


def pooling_size(
    size: int,
    kernel: int,
    stride: int | None = None,
    padding: Padding = 0,
    dilation: int = 1,
    ceil: bool = False,
) -> int:
    """Output size of a pooling: that of a convolution, in ceil mode with a last, cut window.

    In ceil mode the division is rounded up; the last window must begin inside the input or the
    padding before it, or it is dropped.

    Args:
        size: input rows, at least 1.
        kernel: rows of the window, at least 1.
        stride: rows from one window to the next; None means the kernel.
        padding: rows added before and after, at most half the window (undilated).
        dilation: distance of neighbouring window rows; average pooling has 1.
        ceil: round up.

    Raises:
        GeometryError: a number outside its range.
        KernelTooLargeError: no window fits, in ceil mode not even a cut one.
    """
    stride = kernel if stride is None else stride
    _check(size, kernel, stride, padding, dilation)
    check_pooling_padding(padding, kernel)
    windows = window_count(size, kernel, stride, padding, dilation, ceil)
    if windows < 1:
        lacking = extent(kernel, dilation) - size - (stride - 1 if ceil else 0)
        enough = lacking <= 2 * (kernel // 2)
        raise _too_large(
            size, kernel, padding, dilation, f"give {_padding_of(lacking)}" if enough else "give"
        )
    return windows


def convolution_formula(
    size: int, kernel: int, stride: int = 1, padding: Padding = 0, dilation: int = 1
) -> Formula:
    """The formula of `convolution_size` with the numbers put in; arguments and errors as there.

    Floor brackets stand where the division leaves a rest.
    """
    output = convolution_size(size, kernel, stride, padding, dilation)
    rest = _room(size, kernel, padding, dilation) % stride
    rounding: Rounding = "floor" if rest else ""
    return window_equation(size, kernel, stride, padding, dilation, output, rounding)


def transposed_formula(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    output_padding: int = 0,
) -> Formula:
    """The formula of `transposed_size` with the numbers put in; arguments and errors as there."""
    output = transposed_size(size, kernel, stride, padding, dilation, output_padding)
    return transposed_equation(size, kernel, stride, padding, dilation, output_padding, output)


def pooling_formula(
    size: int,
    kernel: int,
    stride: int | None = None,
    padding: Padding = 0,
    dilation: int = 1,
    ceil: bool = False,
) -> Formula:
    """The formula of `pooling_size` with the numbers put in; arguments and errors as there.

    Brackets, ⌊ ⌋ or ⌈ ⌉, stand where the division leaves a rest.
    """
    output = pooling_size(size, kernel, stride, padding, dilation, ceil)
    stride = kernel if stride is None else stride
    room = _room(size, kernel, padding, dilation)
    rounding: Rounding = "" if room % stride == 0 else "ceil" if ceil else "floor"
    counted = (-(-room // stride) if ceil else room // stride) + 1
    formula = window_equation(size, kernel, stride, padding, dilation, counted, rounding)
    if counted == output:
        return formula
    less = f"less one that would begin behind the image: {output:,}"
    return replace(
        formula, text=f"{formula.text}, {less}", latex=rf"{formula.latex} \text{{, {less}}}"
    )


def check_output_padding(output_padding: int, stride: int, dilation: int) -> None:
    """Raise GeometryError unless it is smaller than the stride or the dilation."""
    most = max(stride, dilation) - 1
    if not 0 <= output_padding <= most:
        raise GeometryError(
            f"output padding {output_padding} with stride {stride} and dilation {dilation}",
            "at least 0 and smaller than the stride or the dilation",
            f"give 0 to {most}" if most else "give 0",
        )


def check_pooling_padding(padding: Padding, kernel: int) -> None:
    """Raise GeometryError if it is larger than half the window (undilated)."""
    half = kernel // 2
    if max(sides(padding)) > half:
        raise GeometryError(
            f"padding {_shown(padding)} of a pooling window of {kernel}",
            "at most half the window",
            f"give a padding of at most {half}",
        )


def window_count(
    size: int,
    kernel: int,
    stride: int,
    padding: Padding,
    dilation: int,
    ceil: bool = False,
) -> int:
    """Windows of a convolution or pooling, unchecked: below 1 where the kernel does not fit.

    Never falls with size and padding, never rises with kernel, stride and dilation.
    """
    room = _room(size, kernel, padding, dilation)
    if not ceil:
        return room // stride + 1
    begin_inside = -(-(size + sides(padding)[0]) // stride)
    return min(-(-room // stride) + 1, begin_inside)


def transposed_count(
    size: int, kernel: int, stride: int, padding: Padding, dilation: int, output_padding: int
) -> int:
    """Rows of a transposed convolution, unchecked: below 1 where the padding takes all away."""
    spread = (size - 1) * stride + extent(kernel, dilation)
    return spread - sum(sides(padding)) + output_padding


def extent(kernel: int, dilation: int = 1) -> int:
    """Rows from the first to the last that a dilated kernel spans: d(k − 1) + 1."""
    return dilation * (kernel - 1) + 1


def sides(padding: Padding) -> tuple[int, int]:
    """Padding as (before, after)."""
    return (padding, padding) if isinstance(padding, int) else padding


def _room(size: int, kernel: int, padding: Padding, dilation: int) -> int:
    """Rows by which the window can move; negative where it does not fit."""
    return size + sum(sides(padding)) - extent(kernel, dilation)


def _check(size: int, kernel: int, stride: int, padding: Padding, dilation: int) -> None:
    named = {"input size": size, "kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in named.items():
        if value < 1:
            raise GeometryError(f"{name} {value}", "at least 1", f"give the {name} as 1 or more")
    if min(sides(padding)) < 0:
        raise GeometryError(
            f"padding {_shown(padding)}", "at least 0", "give 0, or cut the image instead"
        )


def _too_large(
    size: int, kernel: int, padding: Padding, dilation: int, mend: str
) -> KernelTooLargeError:
    padded = size + sum(sides(padding))
    spans = f"{kernel}" if dilation == 1 else f"{extent(kernel, dilation)} ({kernel} dilated)"
    return KernelTooLargeError(
        f"a kernel of {spans} on an image of {padded} ({size} and padding {_shown(padding)})",
        "a kernel that is no larger than the padded image",
        f"{mend} a smaller kernel",
    )


def _padding_of(lacking: int) -> str:
    """The smallest padding that makes up for so many lacking rows."""
    return f"a padding of at least {-(-lacking // 2)} or"


def _shown(padding: Padding) -> str:
    before, after = sides(padding)
    return str(before) if before == after else f"{before} before and {after} after"
