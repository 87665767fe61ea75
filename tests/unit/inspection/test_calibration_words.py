"""What a calibration says in words, on both sides and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from grevy.inspection.maps.calibration_numbers import (
    TEMPERATURES,
    best_temperature,
    bins_of,
    chance_of_mistakes,
    error_by_chance,
    negative_log_likelihood,
    temperature_interval,
)
from grevy.inspection.maps.calibration_words import about_error, about_sureness, about_temperature

AFTER = {
    "expected_calibration_error": 0.1,
    "expected_calibration_error_after": 0.05,
    "negative_log_likelihood": 0.5,
    "negative_log_likelihood_after": 0.4,
}


def numbers(accuracy: float, sure: float, p: float, low: float = 0.9, high: float = 1.1) -> dict:
    temperature = {"temperature": (low * high) ** 0.5}
    of_it = {"temperature_low": low, "temperature_high": high, **temperature, **AFTER}
    return {"accuracy": accuracy, "mean_confidence": sure, "mean_confidence_p": p, **of_it}


@pytest.mark.parametrize(
    ("accuracy", "sure", "p", "said"),
    [
        (0.9, 0.95, 0.049, "on average too sure by 5.00 points (p 0.049)"),
        (0.9, 0.85, 0.049, "on average not sure enough by 5.00 points (p 0.049)"),
        (0.9, 0.95, 0.05, "differs by no more than chance may (p 0.05)"),
        (0.9, 0.85, 0.05, "differs by no more than chance may"),
        (0.9, 0.9, 1.0, "differs by no more than chance may"),
        (0.9, 0.95, 1e-12, "too sure by 5.00 points (p < 0.0001)"),
    ],
)
def test_too_sure_or_not_sure_enough_is_said_beyond_chance(
    accuracy: float, sure: float, p: float, said: str
) -> None:
    assert said in about_sureness(numbers(accuracy, sure, p))


def test_the_chance_of_mistakes_is_that_of_a_binomial_where_all_are_as_sure() -> None:
    for wrong in (0, 1, 5, 12, 40):
        right_N = np.arange(40) >= wrong
        found = chance_of_mistakes(np.full(40, 0.9), right_N)
        tails = stats.binom.cdf(wrong, 40, 0.1), stats.binom.sf(wrong - 1, 40, 0.1)
        assert found == pytest.approx(min(1, 2 * min(tails)))


def test_six_pictures_that_are_all_right_say_nothing_of_sureness() -> None:
    assert chance_of_mistakes(np.full(6, 0.8), np.ones(6, bool)) > 0.05
    assert chance_of_mistakes(np.full(60, 0.8), np.ones(60, bool)) < 0.05


def test_confidences_of_1_that_are_right_are_as_they_should_be() -> None:
    assert chance_of_mistakes(np.ones(5), np.ones(5, bool)) == 1
    assert chance_of_mistakes(np.ones(5), np.arange(5) > 0) == 0


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.001, 1.5, "makes it less sure."),
        (0.5, 0.999, "makes it surer."),
        (1.0, 1.5, "can't be told from 1"),
        (0.5, 1.0, "can't be told from 1"),
    ],
)
def test_what_a_temperature_does_is_said_where_it_is_not_1(
    low: float, high: float, said: str
) -> None:
    fitted, after = about_temperature(numbers(0.9, 0.9, 1.0, low, high), "test")
    assert said in fitted
    assert "0.1000 → 0.0500, loss 0.5000 → 0.4000" in after


@pytest.mark.parametrize(
    ("sure", "p", "low", "high", "said"),
    [
        (0.95, 0.01, 0.5, 0.9, "makes it surer, although it is too sure on average on test"),
        (0.85, 0.01, 1.1, 2, "makes it less sure, although it is not sure enough on average"),
        (0.95, 0.01, 1.1, 2, ""),
        (0.95, 0.5, 0.5, 0.9, ""),
        (0.95, 0.01, 0.5, 1.5, ""),
    ],
)
def test_a_temperature_that_contradicts_the_average_is_named(
    sure: float, p: float, low: float, high: float, said: str
) -> None:
    fitted, _ = about_temperature(numbers(0.9, sure, p, low, high), "test")
    assert said in fitted
    assert ("although" in fitted) is bool(said)


@pytest.mark.parametrize(
    ("error", "said"), [(0.05, ": no more than noise"), (0.0501, ": more than noise")]
)
def test_a_calibration_error_is_held_against_that_of_noise(error: float, said: str) -> None:
    name = "expected_calibration_error"
    ends = {f"{name}_low": 0.04, f"{name}_high": 0.08, f"{name}_by_chance": 0.05}
    assert said in about_error({name: error, **ends})


def test_honest_confidences_have_the_error_of_noise_and_others_have_more() -> None:
    random = np.random.default_rng(3)
    confidence_N = random.uniform(0.5, 1, 400)
    chance = error_by_chance(confidence_N, "equal width", 0)
    errors = [
        bins_of(confidence_N, random.random(400) < confidence_N, "equal width").expected_error
        for _ in range(200)
    ]
    assert 0.90 <= np.mean(np.array(errors) <= chance) <= 0.99
    too_sure_N = random.random(400) < confidence_N - 0.2
    assert bins_of(confidence_N, too_sure_N, "equal width").expected_error > chance


def test_without_a_temperature_nothing_is_said_of_it() -> None:
    assert about_temperature({"accuracy": 1.0}, "test") == ()


def test_the_interval_of_a_temperature_is_where_its_likelihood_is_hardly_less() -> None:
    random = np.random.default_rng(0)
    logits_NK = random.normal(size=(400, 3)).astype(np.float32) * 2
    labels_N = np.array([random.choice(3, p=np.exp(x) / np.exp(x).sum()) for x in logits_NK])
    best = best_temperature(logits_NK, labels_N)
    low, high = temperature_interval(logits_NK, labels_N, best)
    assert low < best < high
    least = negative_log_likelihood(logits_NK / best, labels_N)
    for end in (low, high):
        more = 400 * (negative_log_likelihood(logits_NK / end, labels_N) - least)
        assert more == pytest.approx(1.92, abs=0.01)


def test_an_interval_ends_where_the_search_does() -> None:
    labels_N = np.arange(6) % 3
    logits_NK = np.eye(3, dtype=np.float32)[labels_N]
    low, high = temperature_interval(logits_NK, labels_N, TEMPERATURES[0])
    assert low == TEMPERATURES[0]
    assert high < 1
    assert temperature_interval(8 * logits_NK, labels_N, TEMPERATURES[0])[1] > 1
