"""Task 1: the arithmetic, worked by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grevy.arithmetic.convolve import convolve
from grevy.arithmetic.solve import size
from grevy.documents.blocks import Block, Heading, Matrix, Paragraph, Table
from grevy.models.survey.layers import layers
from grevy.reports.reproduce.published import IMAGE, KERNEL, PARAMETERS
from grevy.reports.reproduce.shift import shifted_blocks
from grevy.reports.reproduce.shown import Shown

QUESTIONS: tuple[tuple[str, dict[str, int | str]], ...] = (
    (
        "Which padding keeps the size with a kernel of 5 and a stride of 1? The source says 2.",
        {"kernel": 5, "stride": 1, "input": 32, "output": 32},
    ),
    (
        "Which kernel makes 504 of 512 without padding? The source says 9.",
        {"input": 512, "output": 504, "stride": 1, "padding": 0},
    ),
    (
        "What does pooling with a window of 2 and a stride of 2 make of 504? The source says 252.",
        {"input": 504, "kernel": 2, "stride": 2, "padding": 0},
    ),
    (
        "What does a kernel of 3 make of 252? The source says 250.",
        {"input": 252, "kernel": 3, "stride": 1, "padding": 0},
    ),
)


def by_hand(shown: Shown) -> Iterator[Block]:
    """Blocks of task 1.

    Args:
        shown: the picture that is moved by a pixel.
    """
    yield Heading("A convolution by hand", 3)
    yield from _convolution()
    yield Heading("Why pooling makes less sensitive to shifts", 3)
    yield from shifted_blocks(shown)
    yield Heading("Sizes", 3)
    for question, given in QUESTIONS:
        yield Paragraph(question)
        yield from size(**given).document().blocks  # type: ignore[arg-type]
    yield Heading("Parameters of the five-layer network", 3)
    yield from _parameters()


def _convolution() -> Iterator[Block]:
    worked = convolve(IMAGE, KERNEL, padding=1)
    turned = convolve(IMAGE, KERNEL, padding=1, mode="convolution")
    yield from worked.document().blocks
    yield Paragraph(
        "Two conventions have the same name. The matrix above is the cross-correlation, which deep"
        " learning calls a convolution, and is the source's matrix. A convolution in mathematics"
        " turns the kernel by 180°; for this kernel that is its negative, and so is the result,"
        " which is the course's answer:"
    )
    rows = tuple(tuple(str(cell).replace("-", "−") for cell in row) for row in turned.output_FHW[0])
    yield Matrix("output of the convolution with the turned kernel", rows)


def _parameters() -> Iterator[Block]:
    table = layers("base")
    with_weights = [layer for layer in table.layers if layer.parameters.value]
    rows: Sequence[tuple[str, str, str, str]] = [
        (name, layer.name, f"{theirs:,}", f"{layer.parameters.value:,}")
        for (name, theirs), layer in zip(PARAMETERS, with_weights, strict=True)
    ]
    total = ("together", "", f"{sum(n for _, n in PARAMETERS):,}", f"{table.total_parameters:,}")
    columns = ("layer", "name", "source", "ours")
    yield Table(columns, (*rows, total), frozenset({2, 3}), "parameters")
    yield from table.document().blocks
