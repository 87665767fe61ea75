from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from grevy.arithmetic.matrix import read_bias, read_image, read_kernels
from grevy.errors import NotANumberError, RaggedMatrixError

TWO_BY_TWO = (((1, 2), (3, 4)),)


@pytest.mark.parametrize(
    "given",
    [
        "1 2; 3 4",
        "1,2;3,4;",
        " 1, 2 ;\n 3   4 \n",
        "1 2\n\n3 4",
        "[[1, 2], [3, 4]]",
        "((1,2),(3,4))",
        '[["1", "2"], ["3", "4"]]',
        [[1, 2], [3, 4]],
        ((1, "2"), (3.0, Fraction(4))),
        np.array([[1, 2], [3, 4]], dtype=np.uint8),
        np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32),
        torch.tensor([[1, 2], [3, 4]]),
        [np.array([1, 2]), np.array([3, 4])],
        [[[1, 2], [3, 4]]],
    ],
)
def test_every_form_gives_the_same_image(given: Any) -> None:
    assert read_image(given).numbers_CHW == TWO_BY_TWO


def test_channels_and_filters_are_parted_by_bars() -> None:
    assert read_image("1 2 | 3 4").numbers_CHW == (((1, 2),), ((3, 4),))
    kernels = read_kernels("1 2 | 3 4 || 5 6 | 7 8").numbers_FCHW
    assert kernels == ((((1, 2),), ((3, 4),)), (((5, 6),), ((7, 8),)))
    assert read_kernels("[[[[1, 1/2]]], [[[2, 0.5]]]]").numbers_FCHW == (
        (((1, Fraction(1, 2)),),),
        (((2, Fraction(1, 2)),),),
    )
    assert read_kernels([[[1]], [[2]]]).numbers_FCHW == ((((1,),), ((2,),)),)


def test_whether_decimals_were_written_is_kept() -> None:
    assert read_image("1 0.5").decimals
    assert read_image([[1.0]]).decimals
    assert not read_image("1 1/2").decimals
    assert read_bias("1 .5", 2) == ((1, Fraction(1, 2)), True)
    assert read_bias(np.array([1, 2]), 2) == ((1, 2), False)
    assert read_bias(None, 2) == ((0, 0), False)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("1 2; 3", RaggedMatrixError, "row 1 of the image with 1 number, row 0 with 2"),
        ("1 2; ; 3 4", RaggedMatrixError, "row 1 of the image with 0 numbers"),
        ("1 2 | 3", RaggedMatrixError, "1×2, 1×1"),
        ("1 2 | 3 4; 5", RaggedMatrixError, "row 1 of the image, channel 1"),
        ("", RaggedMatrixError, "no numbers"),
        ([], RaggedMatrixError, "no numbers"),
        (np.zeros((0, 3)), RaggedMatrixError, "no numbers"),
        ([[[]]], RaggedMatrixError, "no numbers"),
        ("1 || 2", RaggedMatrixError, "one image"),
        ([1, 2], RaggedMatrixError, "1 dimension;"),
        (3, RaggedMatrixError, "0 dimensions"),
        (np.zeros((1, 1, 1, 1)), RaggedMatrixError, "4 dimensions"),
        ("[[1, 2], [3", RaggedMatrixError, "brackets"),
        ("[" * 100_000, RaggedMatrixError, "brackets"),
        ("1 2; 3 four", NotANumberError, "'four' in row 1 of the image"),
        ("1,,2", NotANumberError, "'' in row 0"),
        ([[1, 2], 3], NotANumberError, "'3' where row 1"),
        ([[1, [2]]], NotANumberError, r"'\[2\]' in row 0"),
        ([[[1]], 2], NotANumberError, "'2' where rows"),
        ([[float("nan")]], NotANumberError, "'nan'"),
        ("1 2 " + "9" * 5000, NotANumberError, "'9999"),
    ],
)
def test_what_is_no_matrix_is_named_in_one_line(
    given: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        read_image(given)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_filters_with_different_channels_are_refused() -> None:
    with pytest.raises(RaggedMatrixError, match="2, 1 channels"):
        read_kernels("1 | 2 || 3")
