"""The interval of a proportion, in numbers and in words."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from grevy.arithmetic.proportion import interval_told, widest, wilson_of


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (6, 6), (0, 6), (93, 122), (5, 9000)])
def test_it_is_wilsons_and_stays_within_0_and_1(right: int, count: int) -> None:
    low, high = wilson_of(right, count)
    assert 0 <= low <= right / count <= high <= 1
    expected = proportion_confint(right, count, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-9)


def test_all_of_six_pictures_are_far_from_certainty() -> None:
    assert interval_told(1.0, 6) == "0.6097 to 1.0000"
    assert interval_told(0.0, 6) == "0.0000 to 0.3903"
    assert interval_told(0.0, 0) == "–"


def test_the_widest_interval_is_that_of_a_half() -> None:
    low, high = wilson_of(50, 100)
    assert widest(100) == pytest.approx((high - low) / 2)
    assert widest(100) > (wilson_of(90, 100)[1] - wilson_of(90, 100)[0]) / 2
