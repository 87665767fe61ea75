import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grevy.figures.windows import in_windows


def test_six_values_in_three_windows_have_the_mean_and_spread_computed_by_hand():
    steps = np.arange(1.0, 7.0)
    windows = in_windows(steps, np.array([1.0, 3.0, 10.0, 20.0, 0.0, 5.0]), windows=3)
    assert windows.width == 2
    assert windows.step_W == pytest.approx([1.5, 3.5, 5.5])
    assert windows.mean_W == pytest.approx([2.0, 15.0, 2.5])
    assert windows.low_W == pytest.approx([1.2, 11.0, 0.5])  # a + 0.1 (b - a)
    assert windows.high_W == pytest.approx([2.8, 19.0, 4.5])


def test_a_short_run_has_one_window_a_step():
    windows = in_windows(np.array([1.0, 2.0, 3.0]), np.array([5.0, 4.0, 3.0]))
    assert windows.width == 1
    for values in (windows.mean_W, windows.low_W, windows.high_W):
        assert values == pytest.approx([5.0, 4.0, 3.0])


def test_no_step_makes_no_window():
    windows = in_windows(np.array([]), np.array([]))
    assert len(windows.step_W) == len(windows.mean_W) == len(windows.low_W) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_leaves_a_gap_in_its_window_only(bad):
    values = np.array([1.0, 3.0, bad, 20.0, 0.0, 5.0])
    windows = in_windows(np.arange(6.0), values, windows=3)
    for drawn in (windows.mean_W, windows.low_W, windows.high_W):
        assert np.isnan(drawn).tolist() == [False, True, False]


@given(st.integers(min_value=1, max_value=1500))
def test_windows_are_at_most_a_hundred_equally_wide_and_hold_every_value(n):
    values = np.arange(float(n))
    windows = in_windows(values, values)
    assert len(windows.mean_W) <= 100
    assert len(windows.mean_W) * windows.width >= n > (windows.width - 1) * 100
    assert windows.step_W == pytest.approx(windows.mean_W)
    assert np.diff(windows.mean_W).max(initial=0) <= windows.width
