"""Against `torch.nn.functional`, exactly: values, shapes, and what is refused."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import grevy
from grevy.arithmetic import values
from grevy.arithmetic.worked import Worked
from grevy.errors import (
    CellNotFoundError,
    ConvolutionError,
    EvenKernelError,
    GeometryError,
    KernelTooLargeError,
    RaggedMatrixError,
)

ASSIGNMENT = "1 0 2 3 1; 3 2 0 7 0; 0 6 1 1 4"
SOBEL = "-1 0 1; -2 0 2; -1 0 1"
TORCH_MODES = {"reflect": "reflect", "replicate": "replicate", "wrap": "circular"}


def integers(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.integers(-9, 10, shape)


def as_tensor(numbers: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(numbers).double()


Case = dict[str, Any]
"""Arguments of `grevy.convolve`, numbers as arrays."""


def compare(case: Case, theirs: Callable[[Case], torch.Tensor]) -> Worked | None:
    """The same values from both, or None where both refused."""
    try:
        expected = theirs(case)
    except (RuntimeError, ValueError):
        with pytest.raises(ConvolutionError):
            grevy.convolve(**case)
        return None
    worked = grevy.convolve(**case)
    assert np.array_equal(np.array(worked.output_FHW, dtype=np.float64), expected[0].numpy())
    return worked


def pair(random: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    return int(random.integers(low, high)), int(random.integers(low, high))


def kernel_for_torch(case: Case) -> torch.Tensor:
    kernel = case["kernel"]
    return as_tensor(kernel if case["mode"] == "correlation" else kernel[..., ::-1, ::-1].copy())


def sums_are_right(worked: Worked, random: np.random.Generator) -> None:
    """A random cell's terms add up to its value."""
    shape = np.array(worked.output_FHW, dtype=object).shape
    number, row, column = (int(random.integers(length)) for length in shape)
    cell = worked.cell(row, column, number)
    assert sum(t.weight * t.value for t in cell.terms) + cell.bias == cell.value
    for term in cell.terms:
        inside = 0 <= term.row < len(worked.image_CHW[0])
        inside = inside and 0 <= term.column < len(worked.image_CHW[0][0])
        assert term.padding is not inside
        if inside:
            assert worked.image_CHW[term.channel][term.row][term.column] == term.value


def a_convolution(random: np.random.Generator) -> Case:
    groups = int(random.integers(1, 4))
    channels = groups * int(random.integers(1, 3)) + int(random.random() < 0.05)
    filters = groups * int(random.integers(1, 3))
    return {
        "image": integers(random, channels, *pair(random, 1, 9)),
        "kernel": integers(random, filters, max(channels // groups, 1), *pair(random, 1, 6)),
        "bias": integers(random, filters),
        "stride": pair(random, 1, 4),
        "padding": (*pair(random, 0, 4), *pair(random, 0, 4)),
        "dilation": pair(random, 1, 4),
        "groups": groups,
        "boundary": str(random.choice(["zeros", "reflect", "replicate", "wrap"])),
        "mode": str(random.choice(["correlation", "convolution"])),
    }


def conv2d(case: Case) -> torch.Tensor:
    top, bottom, left, right = case["padding"]
    mode = TORCH_MODES.get(case["boundary"], "constant")
    return F.conv2d(
        F.pad(as_tensor(case["image"])[None], (left, right, top, bottom), mode),
        kernel_for_torch(case),
        as_tensor(case["bias"]),
        case["stride"],
        dilation=case["dilation"],
        groups=case["groups"],
    )


def a_transposed_convolution(random: np.random.Generator) -> Case:
    groups = int(random.integers(1, 4))
    channels, filters = groups * int(random.integers(1, 3)), int(random.integers(1, 3))
    return {
        "image": integers(random, channels, *pair(random, 1, 6)),
        "kernel": integers(random, channels, filters, *pair(random, 1, 5)),
        "bias": integers(random, filters * groups),
        "stride": pair(random, 1, 4),
        "padding": pair(random, 0, 3),
        "dilation": pair(random, 1, 4),
        "groups": groups,
        "mode": str(random.choice(["correlation", "convolution"])),
        "transposed": True,
        "output_padding": pair(random, 0, 3),
    }


def conv_transpose2d(case: Case) -> torch.Tensor:
    return F.conv_transpose2d(
        as_tensor(case["image"])[None],
        kernel_for_torch(case),
        as_tensor(case["bias"]),
        case["stride"],
        case["padding"],
        case["output_padding"],
        case["groups"],
        case["dilation"],
    )


@pytest.mark.parametrize(
    ("draw", "theirs"), [(a_convolution, conv2d), (a_transposed_convolution, conv_transpose2d)]
)
def test_values_and_refusals_equal_torch_over_a_sweep(
    draw: Callable[[np.random.Generator], Case], theirs: Callable[[Case], torch.Tensor]
) -> None:
    random = np.random.default_rng(3)
    found = [compare(draw(random), theirs) for _ in range(1500)]
    worked = [one for one in found if one]
    assert min(len(worked), len(found) - len(worked)) > 150
    for one in worked:
        sums_are_right(one, random)


@pytest.mark.parametrize("boundary", ["zeros", "reflect", "replicate", "wrap"])
def test_same_equals_the_layer_of_torch_for_odd_kernels(boundary: str) -> None:
    random = np.random.default_rng(5)
    for (height, width), dilation in product(product((1, 3, 5), repeat=2), (1, 2)):
        image, kernel = integers(random, 2, 11, 10), integers(random, 3, 2, height, width)
        layer = torch.nn.Conv2d(
            2,
            3,
            (height, width),
            padding="same",
            dilation=dilation,
            bias=False,
            padding_mode=TORCH_MODES.get(boundary, "zeros"),
            dtype=torch.float64,
        )
        layer.weight.data = as_tensor(kernel)
        worked = grevy.convolve(image, kernel, padding="same", dilation=dilation, boundary=boundary)
        assert np.array_equal(worked.output_FHW, layer(as_tensor(image)[None])[0].detach())


@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
def test_same_with_an_even_kernel_names_the_padding_that_torch_takes() -> None:
    random = np.random.default_rng(6)
    image, kernel = integers(random, 7, 6), integers(random, 2, 5)
    with pytest.raises(EvenKernelError, match="padding 0,1,2,2"):
        grevy.convolve(image, kernel, padding="same")
    worked = grevy.convolve(image, kernel, padding="0,1,2,2")
    expected = F.conv2d(as_tensor(image)[None, None], as_tensor(kernel)[None, None], padding="same")
    assert np.array_equal(worked.output_FHW, expected[0])


def test_same_keeps_an_even_kernel_whose_dilation_makes_it_odd() -> None:
    worked = grevy.convolve("1 2 3 4", "1 1", padding="same", dilation=2)
    assert worked.output_FHW == (((2, 4, 6, 3),),)


def test_large_work_in_int64_equals_small_work_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    settings: list[dict[str, Any]] = [
        {"padding": 2, "stride": 2, "boundary": "reflect", "groups": 2, "bias": [1, 2, 3, 4]},
        {"padding": 1, "dilation": (2, 1), "mode": "convolution", "groups": 2},
        {"transposed": True, "stride": (3, 2), "padding": 1, "output_padding": 1, "groups": 4},
    ]
    image, kernel = integers(random, 4, 9, 8), integers(random, 4, 2, 3, 2)
    halves = [[[f"{value}/2" for value in row] for row in grid] for grid in image.tolist()]
    for setting, numbers in product(settings, (image, halves)):
        small = grevy.convolve(numbers, kernel, **setting)
        with monkeypatch.context() as patch:
            patch.setattr(values, "LARGE", 0)
            assert grevy.convolve(numbers, kernel, **setting) == small


def test_numbers_beyond_64_bits_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "LARGE", 0)
    assert grevy.convolve([[2**62, 2**62]], "1 1").output_FHW == (((2**63,),),)
    assert grevy.convolve([[2**70]], [[-(3**50)]]).output_FHW == (((-(2**70) * 3**50,),),)


def test_fractions_and_decimals_by_hand() -> None:
    worked = grevy.convolve("1/2 1/3; 0.1 -2", "1/5 3; 10 .25", bias="1/7")
    assert worked.output_FHW == (((Fraction(1, 10) + 1 + 1 - Fraction(1, 2) + Fraction(1, 7),),),)
    assert grevy.convolve([[0.1]], [[3]]).output_FHW == (((Fraction(3, 10),),),)


def test_the_assignment_in_all_its_forms() -> None:
    expected = np.array([[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]])
    worked = grevy.convolve(ASSIGNMENT, SOBEL, padding=1)
    assert np.array_equal(worked.output_FHW[0], expected)
    turned = grevy.convolve(ASSIGNMENT, SOBEL, padding=1, mode="convolution")
    assert np.array_equal(turned.output_FHW[0], -expected)
    reflected = grevy.convolve(
        ASSIGNMENT, SOBEL, padding=1, mode="convolution", boundary="reflection"
    )
    assert reflected.output_FHW[0] == ((0, 4, -16, 2, 0), (0, 4, -8, -2, 0), (0, 4, 0, -6, 0))


def test_a_cell_by_hand() -> None:
    cell = grevy.convolve(ASSIGNMENT, SOBEL, padding=1).cell(0, 1)
    assert [t.weight for t in cell.terms] == [-1, 0, 1, -2, 0, 2, -1, 0, 1]
    assert [t.value for t in cell.terms] == [0, 0, 0, 1, 0, 2, 3, 2, 0]
    assert [t.padding for t in cell.terms] == [True] * 3 + [False] * 6
    assert cell.value == -2 + 4 - 3


def test_a_turned_kernel_is_addressed_as_it_was_given() -> None:
    cell = grevy.convolve("1 2; 3 4", "5 6; 7 8", mode="convolution").cell(0, 0)
    assert [(t.value, t.weight, t.kernel_row, t.kernel_column) for t in cell.terms] == [
        (1, 8, 1, 1),
        (2, 7, 1, 0),
        (3, 6, 0, 1),
        (4, 5, 0, 0),
    ]


def test_a_cell_of_the_transpose_holds_the_image_cells_that_reach_it() -> None:
    worked = grevy.convolve("1 2 3", "10 20 30", transposed=True, stride=2)
    assert worked.output_FHW == (((10, 20, 50, 40, 90, 60, 90),),)
    cell = worked.cell(0, 2)
    assert [(t.column, t.value, t.weight) for t in cell.terms] == [(0, 1, 30), (1, 2, 10)]


def test_the_sentence_says_which_it_was() -> None:
    correlation = grevy.convolve(ASSIGNMENT, SOBEL).sentence
    convolution = grevy.convolve(ASSIGNMENT, SOBEL, mode="convolution").sentence
    assert "correlation" in correlation
    assert "turn it by 180°" in correlation
    assert "is turned by 180°" in convolution
    assert "both give the same" in grevy.convolve("1", "2").sentence


@pytest.mark.parametrize(
    ("image", "kernel", "settings", "error", "said"),
    [
        ("1 2; 3 4", "1 1 1", {}, KernelTooLargeError, "1×3 on an image of 2×2.* padding 0x1"),
        ("1 2; 3 4", "1 1", {"dilation": 3, "padding": 0}, KernelTooLargeError, "spans 1×4"),
        ("1 2; 3 4", "1", {"stride": 0}, GeometryError, "stride 0"),
        ("1 2; 3 4", "1", {"stride": "1x1x1"}, GeometryError, "stride '1x1x1'"),
        ("1 2; 3 4", "1", {"stride": 1.5}, GeometryError, "stride '1.5'"),
        ("1 2; 3 4", "1", {"dilation": "0x1"}, GeometryError, "dilation 0x1"),
        ("1 2; 3 4", "1", {"padding": -1}, GeometryError, "padding -1"),
        ("1 2; 3 4", "1", {"padding": "1,2,3"}, GeometryError, "padding '1,2,3'"),
        ("1 2; 3 4", "1", {"padding": "same", "stride": 2}, GeometryError, "stride 2x2"),
        ("1 2; 3 4", "1", {"padding": 2, "boundary": "reflect"}, GeometryError, "at most 1"),
        ("1 2; 3 4", "1", {"padding": 3, "boundary": "wrap"}, GeometryError, "at most 2"),
        ("1 2; 3 4", "1", {"boundary": "mirror"}, GeometryError, "boundary 'mirror'"),
        ("1 2; 3 4", "1", {"mode": "cross"}, GeometryError, "mode 'cross'"),
        ("1 2; 3 4", "1", {"groups": 0}, GeometryError, "groups 0"),
        ("1 2; 3 4", "1", {"groups": 2}, GeometryError, "2 groups for 1 channel and 1 filter"),
        ("1 2; 3 4", "1|1", {}, GeometryError, "2 channels for an image of 1 channel"),
        ("1 2; 3 4", "1", {"bias": [1, 2]}, RaggedMatrixError, "2 numbers for 1 filter"),
        ("1 2; 3 4", "1", {"output_padding": 1}, GeometryError, "output padding"),
        ("1 2", "1", {"transposed": True, "padding": "same"}, GeometryError, "'same'"),
        ("1 2", "1", {"transposed": True, "boundary": "wrap"}, GeometryError, "boundary wrap"),
        ("1 2", "1", {"transposed": True, "output_padding": 1}, GeometryError, "output padding 1"),
        ("1 2", "1||1", {"transposed": True}, GeometryError, "part what belongs"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(
    image: str, kernel: str, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        grevy.convolve(image, kernel, **settings)
    assert "\n" not in str(caught.value)


def test_a_cell_outside_the_output_is_refused() -> None:
    worked = grevy.convolve(ASSIGNMENT, SOBEL)
    for place in ((1, 0), (0, 3), (-1, 0), (0, 0, 1)):
        with pytest.raises(CellNotFoundError, match="row 0 to 0, column 0 to 2"):
            worked.cell(*place)
