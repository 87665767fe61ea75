"""What was worked, in one line: the title of figure and animation."""

from __future__ import annotations

from grevy.arithmetic.calculation import Calculation, Pair


def title(worked: Calculation) -> str:
    """Such as "Convolution: kernel 3 × 3, stride 1, padding 1 (zeros)"."""
    geometry = worked.geometry
    if geometry.adaptive:
        output = worked.output_FHW[0]
        return f"Adaptive {worked.operation}: to {len(output)} × {len(output[0])}"
    what = "window" if "pooling" in worked.operation else "kernel"
    parts = [f"{what} {_sizes(geometry.kernel)}", f"stride {_pair(geometry.stride)}"]
    padding = _padding(geometry.padding)
    if padding:
        rule = f" ({geometry.boundary})" if worked.operation == "convolution" else ""
        parts.append(f"padding {padding}{rule}")
    if geometry.dilation != (1, 1):
        parts.append(f"dilation {_pair(geometry.dilation)}")
    if geometry.output_padding != (0, 0):
        parts.append(f"output padding {_pair(geometry.output_padding)}")
    if geometry.groups > 1:
        parts.append(f"{geometry.groups} groups")
    if geometry.ceil:
        parts.append("ceil mode")
    together = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts]
    return f"{worked.operation.capitalize()}{_mode(worked)}: {', '.join(together)}"


def _mode(worked: Calculation) -> str:
    return f" (mode {worked.mode})" if worked.kernels_FCHW else ""


def _padding(padding: tuple[Pair, Pair]) -> str:
    """One number, rows × columns, or the four sides; nothing where there is none."""
    (top, bottom), (left, right) = padding
    if top == bottom and left == right:
        return _pair((top, left)) if top or left else ""
    return f"top {top}, bottom {bottom}, left {left}, right {right}"


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else _sizes(pair)


def _sizes(pair: Pair) -> str:
    return f"{pair[0]} × {pair[1]}"
