"""The source's figures beside ours: the verdict in words."""

from __future__ import annotations

import math

import pytest

from grevy.reports.reproduce.verdict import another_training, verdict

NAN = math.nan


@pytest.mark.parametrize(
    ("ours", "low", "high", "words"),
    [
        (0.7340, 0.72, 0.75, "reached"),
        (0.7300, 0.7290, 0.7310, "reached"),  # within half a point, whatever the interval
        (0.7400, 0.7200, 0.7600, "reached"),  # above, and the interval holds the source's
        (0.7600, 0.7500, 0.7700, "above"),
        (0.7000, 0.6900, 0.7100, "below"),
        (0.7200, 0.7000, 0.7400, "can't be told"),
        (0.7200, NAN, NAN, "can't be told"),  # one run without an interval
        (0.7500, NAN, NAN, "reached"),  # not "above": nobody knows what another would have
    ],
)
def test_the_verdict_is_in_words(ours: float, low: float, high: float, words: str) -> None:
    assert verdict(ours, low, high, 0.7340, 0.005) == words


def test_a_number_of_steps_has_no_margin() -> None:
    assert verdict(5265, 5000, 5500, 5265, 0) == "reached"
    assert verdict(5264, NAN, NAN, 5265, 0) == "can't be told"


def test_a_single_training_is_held_against_where_one_more_would_fall() -> None:
    # t(0.975, 2) = 4.3027; 0.01 · √(4/3) · 4.3027 = 0.04968
    low, high = another_training(0.73, 0.01, 3)
    assert (low, high) == pytest.approx((0.73 - 0.049683, 0.73 + 0.049683), abs=1e-5)
    assert all(math.isnan(end) for end in another_training(0.73, NAN, 1))


@pytest.mark.parametrize(("ours", "expected"), [(0.695, "reached"), (0.6949, "can't be told")])
def test_the_margin_itself_is_reached(ours: float, expected: str) -> None:
    assert verdict(ours, math.nan, math.nan, 0.7, 0.005) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.60, 0.70, "can't be told"), (0.60, 0.699, "below"), (0.70, 0.80, "can't be told")],
)
def test_an_interval_that_ends_at_the_sources_figure_leaves_it_in(
    low: float, high: float, expected: str
) -> None:
    assert verdict(0.65, low, high, 0.7, 0.005) == expected
