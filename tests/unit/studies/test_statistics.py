"""Against statsmodels where it has the same, by hand or by simulation where it has not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from grevy.studies.statistics import (
    equivalence,
    holm,
    mcnemar,
    paired_t_test,
    picture_bootstrap,
    power_of,
    seeds_needed,
    t_interval,
)

RANDOM = np.random.default_rng(0)
SAMPLES = [RANDOM.normal(0.01, 0.02, n) for n in (2, 3, 5, 10, 40)]


@pytest.mark.parametrize("values", SAMPLES, ids=len)
def test_the_interval_and_the_test_are_those_of_statsmodels(values: np.ndarray) -> None:
    theirs = DescrStatsW(values)
    found = t_interval(values)
    assert (found.low, found.high) == pytest.approx(theirs.tconfint_mean(0.05), abs=1e-9)
    assert paired_t_test(values) == pytest.approx(theirs.ttest_mean(0)[1], abs=1e-9)
    assert found.standard_deviation == pytest.approx(values.std(ddof=1), abs=1e-12)


@pytest.mark.parametrize("values", SAMPLES, ids=len)
@pytest.mark.parametrize("margin", [0.005, 0.02, 0.1])
def test_equivalence_is_that_of_statsmodels(values: np.ndarray, margin: float) -> None:
    expected = DescrStatsW(values).ttost_mean(-margin, margin)[0]
    assert equivalence(values, margin) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("flips", [(0, 0), (1, 0), (5, 3), (40, 71), (300, 250)])
def test_mcnemar_is_that_of_statsmodels(flips: tuple[int, int]) -> None:
    only_first, only_second = flips
    first = np.repeat([True, True, False, False], [100, only_first, only_second, 30])
    second = np.repeat([True, False, True, False], [100, only_first, only_second, 30])
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == flips
    if sum(flips):
        expected = their_mcnemar([[100, only_first], [only_second, 30]], exact=True).pvalue
        assert found.p == pytest.approx(expected, abs=1e-9)
    else:
        assert found.p == 1.0


@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_holm_is_that_of_statsmodels(count: int) -> None:
    p = np.random.default_rng(count).uniform(0, 0.2, count)
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-9)


def test_holm_leaves_out_what_was_not_tested() -> None:
    adjusted = holm([0.01, math.nan, 0.03])
    assert adjusted[0] == pytest.approx(0.02)
    assert math.isnan(adjusted[1])
    assert adjusted[2] == pytest.approx(0.03)


@pytest.mark.parametrize("effect", [0.3, 0.8, -1.5])
@pytest.mark.parametrize("seeds", [2, 5, 30])
def test_power_is_that_of_statsmodels(effect: float, seeds: int) -> None:
    theirs = TTestPower().power(effect, seeds, 0.05)
    assert power_of(effect, seeds) == pytest.approx(theirs, abs=1e-9)


def test_power_rises_with_seeds_and_effects_up_to_one() -> None:
    effects = (0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
    grid = np.array([[power_of(e, n) for n in (2, 3, 5, 10, 30, 100, 300, 1000)] for e in effects])
    assert np.isfinite(grid).all()
    assert (np.diff(grid, axis=0) >= -1e-9).all()
    assert (np.diff(grid, axis=1) >= -1e-9).all()
    assert grid.max() <= 1 + 1e-12


def test_seeds_needed_is_the_first_number_that_has_the_power() -> None:
    for effect in (0.2, 0.5, 1.0, 2.5):
        needed = seeds_needed(effect)
        assert needed is not None
        assert power_of(effect, needed) >= 0.8
        assert needed == 2 or power_of(effect, needed - 1) < 0.8
    assert seeds_needed(0.001) is None
    assert seeds_needed(math.nan) is None


def test_one_seed_has_no_interval_and_no_test() -> None:
    found = t_interval([0.7])
    assert found.mean == 0.7
    assert math.isnan(found.low)
    assert not found.excludes_zero
    assert math.isnan(paired_t_test([0.7]))
    assert math.isnan(equivalence([0.7], 0.1))


def test_seeds_that_all_differ_alike_leave_no_doubt() -> None:
    assert paired_t_test([0.0, 0.0]) == 1.0
    assert paired_t_test([0.1, 0.1]) == 0.0
    assert equivalence([0.1, 0.1], 0.2) == 0.0
    assert equivalence([0.1, 0.1], 0.05) == 1.0


def test_the_bootstrap_is_that_of_resampled_pictures() -> None:
    """Drawn the slow way, picture by picture."""
    differences = np.random.default_rng(1).choice([-1, 0, 1], 400, p=[0.1, 0.7, 0.2])
    random = np.random.default_rng(2)
    slow = random.choice(differences, (20_000, 400)).mean(1)
    found = picture_bootstrap(differences, resamples=20_000)
    assert found.mean == differences.mean()
    assert (found.low, found.high) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=4e-3)
    assert picture_bootstrap(differences) == picture_bootstrap(differences)


STUDIES = 10_000


def test_seed_intervals_of_arms_without_effect() -> None:
    """False positives 5 ± 0.6 %, coverage of a real effect 94 to 96 %."""
    random = np.random.default_rng(3)
    noise = random.normal(0, 0.01, (STUDIES, 5))
    false = np.mean([t_interval(row).excludes_zero for row in noise])
    assert abs(false - 0.05) <= 0.006
    covered = [e.low <= 0.02 <= e.high for e in map(t_interval, noise + 0.02)]
    assert 0.94 <= np.mean(covered) <= 0.96


def test_picture_intervals_of_arms_without_effect() -> None:
    random = np.random.default_rng(4)
    pictures, p = 2000, [0.06, 0.88, 0.06]
    flips = random.multinomial(pictures, p, size=STUDIES)
    found = [
        picture_bootstrap(np.repeat([-1, 0, 1], counts), seed=i, resamples=1000)
        for i, counts in enumerate(flips)
    ]
    false = np.mean([e.excludes_zero for e in found])
    assert abs(false - 0.05) <= 0.006
    assert 0.94 <= np.mean([e.low <= 0 <= e.high for e in found]) <= 0.96
