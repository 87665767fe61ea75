from itertools import product

import pytest
import torch
import torch.nn.functional as F

from grevy.arithmetic.output_size import (
    convolution_formula,
    convolution_size,
    extent,
    pooling_formula,
    pooling_size,
    transposed_formula,
    transposed_size,
)
from grevy.errors import ConvolutionError, GeometryError, KernelTooLargeError

SIZES, KERNELS, STRIDES = range(1, 33), range(1, 8), range(1, 5)
PADDINGS, DILATIONS = range(7), range(1, 4)
WINDOWS = list(product(SIZES, KERNELS, STRIDES, PADDINGS, DILATIONS))

IMAGES = {size: torch.zeros(1, 1, size) for size in SIZES}
FILTERS = {kernel: torch.zeros(1, 1, kernel) for kernel in KERNELS}


def ours(function, *arguments):
    """The size, or None if it is refused."""
    try:
        return function(*arguments)
    except ConvolutionError:
        return None


def theirs(function, *arguments, **options):
    """The size that torch gives, or None if it raises."""
    try:
        return function(*arguments, **options).shape[-1]
    except RuntimeError:
        return None


def test_every_convolution_is_as_large_as_torchs_or_refused_with_it():
    assert len(WINDOWS) == 18_816
    wrong = [
        (size, kernel, *rest)
        for size, kernel, *rest in WINDOWS
        if ours(convolution_size, size, kernel, *rest)
        != theirs(F.conv1d, IMAGES[size], FILTERS[kernel], None, *rest)
    ]
    assert wrong == []


@pytest.mark.parametrize("ceil", [False, True])
def test_every_max_pooling_is_as_large_as_torchs_or_refused_with_it(ceil):
    wrong = [
        (size, *window)
        for size, *window in WINDOWS
        if ours(pooling_size, size, *window, ceil)
        != theirs(F.max_pool1d, IMAGES[size], *window, ceil_mode=ceil)
    ]
    assert wrong == []


@pytest.mark.parametrize("ceil", [False, True])
def test_every_average_pooling_is_as_large_as_torchs_or_refused_with_it(ceil):
    wrong = [
        (size, *window)
        for size, *window, dilation in WINDOWS
        if dilation == 1
        and ours(pooling_size, size, *window, 1, ceil)
        != theirs(F.avg_pool1d, IMAGES[size], *window, ceil_mode=ceil)
    ]
    assert wrong == []


def test_every_transposed_convolution_is_as_large_as_torchs_or_refused_with_it():
    cases = [
        (*window, added) for window in WINDOWS if window[0] in (1, 2, 3, 5, 8) for added in range(5)
    ]
    assert len(cases) == 14_700
    wrong = [
        case
        for case in cases
        if ours(transposed_size, *case)
        != theirs(
            F.conv_transpose1d,
            IMAGES[case[0]],
            FILTERS[case[1]],
            stride=case[2],
            padding=case[3],
            dilation=case[4],
            output_padding=case[5],
        )
    ]
    assert wrong == []


@pytest.mark.parametrize("grouped", [1, 2])
def test_two_dimensional_layers_are_as_large_as_torchs(grouped):
    image_BCHW = torch.zeros(1, 2, 19, 30)
    kernel_FCHW = torch.zeros(2, 2 // grouped, 3, 5)
    options = {"stride": (2, 3), "padding": (1, 4), "dilation": (3, 2), "groups": grouped}
    convolved = F.conv2d(image_BCHW, kernel_FCHW, **options)
    assert convolved.shape[-2:] == (
        convolution_size(19, 3, 2, 1, 3),
        convolution_size(30, 5, 3, 4, 2),
    )
    spread = F.conv_transpose2d(image_BCHW, kernel_FCHW, **options, output_padding=(2, 1))
    assert spread.shape[-2:] == (
        transposed_size(19, 3, 2, 1, 3, 2),
        transposed_size(30, 5, 3, 4, 2, 1),
    )
    pooled = F.max_pool2d(image_BCHW, (3, 5), (2, 3), (1, 2), (3, 2), ceil_mode=True)
    assert pooled.shape[-2:] == (
        pooling_size(19, 3, 2, 1, 3, ceil=True),
        pooling_size(30, 5, 3, 2, 2, ceil=True),
    )


def test_uneven_padding_counts_each_side():
    padded = F.pad(IMAGES[32], (1, 2))
    assert convolution_size(32, 4, padding=(1, 2)) == F.conv1d(padded, FILTERS[4]).shape[-1] == 32


def test_a_pooling_stride_that_is_not_given_is_the_kernel():
    assert pooling_size(32, 3) == F.max_pool1d(IMAGES[32], 3).shape[-1] == 10


@pytest.mark.parametrize("wrong", [{"size": 0}, {"kernel": 0}, {"stride": 0}, {"dilation": -1}])
@pytest.mark.parametrize("function", [convolution_size, transposed_size, pooling_size])
def test_a_number_below_one_is_named(function, wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(GeometryError, match=f"{name} {value}; expected at least 1"):
        function(**{"size": 8, "kernel": 3, "stride": 1, **wrong})


def test_a_kernel_that_does_not_fit_is_told_the_smallest_padding_that_would():
    with pytest.raises(KernelTooLargeError, match=r"kernel of 9 on an image of 6.*at least 2 or"):
        convolution_size(6, 9)
    assert convolution_size(6, 9, padding=2) == 2
    assert ours(convolution_size, 6, 9, 1, 1) is None


def test_a_pooling_window_that_no_allowed_padding_helps_is_told_of_none():
    with pytest.raises(KernelTooLargeError, match=r"; give a smaller kernel$"):
        pooling_size(1, 2, dilation=3)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (convolution_formula(512, 9), "(512 + 2·0 − 1·(9 − 1) − 1)/1 + 1 = 504"),
        (convolution_formula(10, 3, 2), "⌊(10 + 2·0 − 1·(3 − 1) − 1)/2⌋ + 1 = 4"),
        (convolution_formula(32, 4, 1, (1, 2)), "(32 + 1 + 2 − 1·(4 − 1) − 1)/1 + 1 = 32"),
        (convolution_formula(2000, 1), "(2000 + 2·0 − 1·(1 − 1) − 1)/1 + 1 = 2,000"),
        (transposed_formula(4, 3, 2, 1, 1, 1), "(4 − 1)·2 − 2·1 + 1·(3 − 1) + 1 + 1 = 8"),
        (pooling_formula(112, 3, 2, 1, ceil=True), "⌈(112 + 2·1 − 1·(3 − 1) − 1)/2⌉ + 1 = 57"),
        (
            pooling_formula(8, 1, 5, ceil=True),
            "⌈(8 + 2·0 − 1·(1 − 1) − 1)/5⌉ + 1 = 3, less one that would begin behind the image: 2",
        ),
    ],
)
def test_the_formula_has_the_numbers_put_in_and_brackets_only_for_a_rest(formula, text):
    assert formula.text == text


def test_the_formula_in_latex_is_a_fraction():
    assert convolution_formula(10, 3, 2).latex == (
        r"\left\lfloor \frac{10 + 2 \cdot 0 - 1 \cdot (3 - 1) - 1}{2} \right\rfloor + 1 = 4"
    )


def test_a_formula_worked_out_gives_its_own_result():
    for window in WINDOWS[::101]:
        if ours(convolution_size, *window) is not None:
            left, right = convolution_formula(*window).text.split(" = ")
            assert eval(left.translate(str.maketrans("·−⌊⌋", "*-()")).replace("/", "//")) == int(
                right
            )


def test_a_dilated_kernel_spans_its_gaps():
    assert [extent(3), extent(3, 2), extent(1, 7)] == [3, 5, 1]
