"""Against `torch.nn.functional`, exactly: values, shapes, and what is refused."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import grevy
from grevy.arithmetic.worked import Worked
from grevy.errors import ConvolutionError, GeometryError, KernelTooLargeError

Case = dict[str, Any]
"""Arguments of `grevy.pool`, the image as an array."""


def integers(random: np.random.Generator) -> np.ndarray:
    return random.integers(-9, 10, random.integers(1, [4, 10, 10]))


def pair(random: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    return int(random.integers(low, high)), int(random.integers(low, high))


def a_pooling(random: np.random.Generator, kind: str) -> Case:
    return {
        "image": integers(random),
        "window": pair(random, 1, 5),
        "kind": kind,
        "stride": pair(random, 1, 5),
        "padding": pair(random, 0, 3),
        "dilation": pair(random, 1, 4) if kind == "max" else (1, 1),
        "ceil": bool(random.integers(2)),
        "count_padding": kind == "max" or bool(random.integers(2)),
    }


def by_torch(case: Case) -> torch.Tensor:
    image = torch.from_numpy(case["image"]).double()
    sizes = case["window"], case["stride"], case["padding"]
    if case["kind"] == "max":
        return F.max_pool2d(image, *sizes, case["dilation"], case["ceil"])
    return F.avg_pool2d(image, *sizes, case["ceil"], case["count_padding"])


def compare(case: Case) -> Worked | None:
    """The same values from both, or None where both refused.

    Averages are compared as the float64 that is nearest to the exact fraction. A maximum over
    nothing but padding is minus infinity in torch and refused by us.
    """
    try:
        expected = by_torch(case).numpy()
    except RuntimeError:
        expected = np.array(-np.inf)
    if np.isinf(expected).any():
        with pytest.raises(ConvolutionError):
            grevy.pool(**case)
        return None
    worked = grevy.pool(**case)
    assert np.array_equal(np.array(worked.output_FHW, dtype=np.float64), expected)
    return worked


@pytest.mark.parametrize("kind", ["max", "average"])
def test_values_and_refusals_equal_torch_over_a_sweep(kind: str) -> None:
    random = np.random.default_rng(8)
    found = [compare(a_pooling(random, kind)) for _ in range(1500)]
    worked = [one for one in found if one]
    assert min(len(worked), len(found) - len(worked)) > 300
    for one in worked:
        sums_are_right(one, random)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_adaptive_pooling_equals_torch(kind: str) -> None:
    random = np.random.default_rng(9)
    theirs = F.adaptive_max_pool2d if kind == "max" else F.adaptive_avg_pool2d
    for _ in range(300):
        image, size = integers(random), tuple(map(int, random.integers(1, 9, 2)))
        worked = grevy.pool(image, kind=kind, output_size=size)
        expected = theirs(torch.from_numpy(image).double(), size).numpy()
        found = np.array(worked.output_FHW, dtype=np.float64)
        # torch divides by the height and then by the width, which rounds twice
        assert np.allclose(found, expected, rtol=1e-15, atol=0)
        sums_are_right(worked, random)


def sums_are_right(worked: Worked, random: np.random.Generator) -> None:
    shape = np.array(worked.output_FHW, dtype=object).shape
    channel, row, column = (int(random.integers(length)) for length in shape)
    cell = worked.cell(row, column, channel)
    numbers = [term.value for term in cell.terms]
    if worked.operation == "max pooling":
        assert max(numbers) == cell.value
        assert not any(term.padding for term in cell.terms)
    else:
        assert Fraction(sum(numbers), cell.divisor) == cell.value
    for term in cell.terms:
        if not term.padding:
            assert worked.image_CHW[channel][term.row][term.column] == term.value


def test_an_average_by_hand_with_and_without_its_padding() -> None:
    image = "1 2; 3 4"
    assert grevy.pool(image, 2, kind="average", padding=1).output_FHW == (
        ((Fraction(1, 4), Fraction(1, 2)), (Fraction(3, 4), 1)),
    )
    without = grevy.pool(image, 2, kind="average", padding=1, count_padding=False)
    assert without.output_FHW == (((1, 2), (3, 4)),)
    assert [term.padding for term in without.cell(0, 0).terms] == [False]


def test_what_hangs_over_the_padding_does_not_count() -> None:
    worked = grevy.pool("1 2 3", "1x2", kind="average", ceil=True)
    assert worked.output_FHW == (((Fraction(3, 2), 3),),)
    assert worked.cell(0, 1).divisor == 1


def test_large_work_is_done_in_reasonable_time() -> None:
    image = np.arange(3 * 300 * 300).reshape(3, 300, 300)
    worked = grevy.pool(image, 3, stride=2)
    expected = F.max_pool2d(torch.from_numpy(image).double(), 3, 2)
    assert np.array_equal(worked.output_FHW, expected)


@pytest.mark.parametrize(
    ("window", "settings", "error", "said"),
    [
        (None, {}, GeometryError, "no window"),
        (2, {"kind": "median"}, GeometryError, "pooling 'median'"),
        (0, {}, GeometryError, "window 0"),
        (4, {}, KernelTooLargeError, "4 on an image of 3"),
        (2, {"stride": 0}, GeometryError, "stride 0"),
        (2, {"padding": 2}, GeometryError, "at most half"),
        (2, {"padding": -1}, GeometryError, "padding -1"),
        (2, {"kind": "average", "dilation": 2}, GeometryError, "dilation for average"),
        (2, {"count_padding": False}, GeometryError, "the maximum ignores padding"),
        (2, {"output_size": 2}, GeometryError, "together with a window"),
        (None, {"output_size": 2, "ceil": True, "stride": 2}, GeometryError, "stride and ceil"),
        (None, {"output_size": 0}, GeometryError, "output size 0"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(
    window: int | None, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        grevy.pool("1 2 3; 4 5 6; 7 8 9", window, **settings)
    assert "\n" not in str(caught.value)


def test_a_maximum_of_nothing_but_padding_is_refused() -> None:
    with pytest.raises(GeometryError, match="all lie in the padding"):
        grevy.pool("1", 2, padding=1, dilation=2)
