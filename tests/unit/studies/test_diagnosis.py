"""Over- and underfitting in words: what the curves say, and what their noise forbids to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from grevy.studies.diagnosis import LOW, TOO_FEW, Diagnosis, Noise, diagnose, trend

FALLING = [2.0, 1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2]
TURNED = [2.0, 1.6, 1.4, 1.3, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5]
FLAT = [2.0, 1.8, 1.75, 1.74, 1.74, 1.74, 1.74, 1.74, 1.74, 1.74]


def diagnosis(
    train: Sequence[float],
    validation: Sequence[float],
    error: float | None = None,
    change_error: float | None = None,
) -> Diagnosis:
    """With the same errors at all checks and of both splits; None: not recorded."""
    epochs = np.arange(1.0, len(train) + 1)
    noises = [np.full(len(epochs), np.nan if e is None else e) for e in (error, change_error)]
    noise = Noise(noises[0], noises[1])
    return Diagnosis(epochs, np.array(train), np.array(validation), noise, noise)


def test_fit_in_words() -> None:
    over = diagnosis(FALLING, TURNED)
    assert over.kind == "overfits"
    assert over.words == (
        "overfits after epoch 5.0: validation loss rose 25 % while train loss went on falling; "
        "gap 0.40 at the best check (epoch 5.0), 1.30 at the end"
    )
    assert diagnosis(FALLING, [x + 0.1 for x in FALLING]).kind == "still learning"
    assert diagnosis(FLAT, [x + 0.05 for x in FLAT]).kind == "underfits"
    assert diagnosis(FLAT, [x + 1.5 for x in FLAT]).kind == "balanced"


@pytest.mark.parametrize("checks", [2, 3])
def test_fewer_than_four_checks_say_nothing(checks: int) -> None:
    found = diagnosis(FALLING[:checks], FALLING[:checks], 0.01, 0.01)
    assert found.kind == TOO_FEW
    assert found.words == f"{TOO_FEW}: there are {checks}, and it takes 4"


def test_four_checks_in_order_say_something() -> None:
    assert diagnosis(FALLING[:4], FALLING[:4]).kind == "still learning"


# A rise


def test_one_check_above_the_best_is_no_overfitting() -> None:
    found = diagnosis([1.5, 1.2, 1.0, 0.8, 0.5], [1.6, 1.4, 1.3, 1.1, 1.7], 0.02, 0.02)
    assert found.kind == "not clear"
    assert "rose 55 % after epoch 4.0, but one check alone shows it" in found.words


@pytest.mark.parametrize(("error", "kind"), [(0.05, "overfits"), (0.2, "not clear")])
def test_a_rise_has_to_be_beyond_the_noise_of_paired_differences(error: float, kind: str) -> None:
    validation = [1.6, 1.4, 1.2, 1.0, 1.2, 1.25, 1.3]
    train = [1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4]
    found = diagnosis(train, validation, 0.05, error)
    assert found.kind == kind
    assert ("may be noise" in found.words) is (kind == "not clear")


def test_the_bound_is_bonferronis_for_the_choice_of_the_best_check() -> None:
    train = [1.5, 1.2, 1.0, 0.8, 0.6, 0.5]
    validation = [1.6, 1.4, 1.2, 1.0, 1.2, 1.2]
    bound = 2.394  # of the normal distribution at 0.05 / 6
    assert diagnosis(train, validation, 0.01, 0.2 / (bound + 0.01)).kind == "overfits"
    assert diagnosis(train, validation, 0.01, 0.2 / (bound - 0.01)).kind == "not clear"


def test_both_of_the_last_two_checks_have_to_show_it() -> None:
    train = [1.5, 1.2, 1.0, 0.8, 0.6, 0.5]
    assert diagnosis(train, [1.6, 1.4, 1.2, 1.0, 1.3, 1.03], 0.02, 0.02).kind == "not clear"
    assert diagnosis(train, [1.6, 1.4, 1.2, 1.0, 1.01, 1.3], 0.02, 0.02).kind == "not clear"


def test_without_recorded_errors_the_checks_after_the_turn_have_to_go_up_in_order() -> None:
    train = [1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4]
    steady, unsteady = [1.4, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5], [1.4, 1.0, 1.5, 1.2, 1.4, 1.1, 1.3]
    assert diagnosis(train, steady).kind == "overfits"
    assert diagnosis(train, unsteady).kind == "not clear"
    assert diagnosis(train[:5], [1.4, 1.2, 1.0, 1.2, 1.3]).kind == "not clear"  # two after it


def test_validation_below_train_is_no_overfitting() -> None:
    train = [3.0, 2.5, 2.2, 2.0, 1.9, 1.85, 1.8]
    validation = [1.6, 1.4, 1.2, 1.0, 1.4, 1.5, 1.55]
    found = diagnosis(train, validation, 0.02, 0.02)
    assert found.kind == "not clear"
    assert "rose 55 %, but is not clearly above train loss" in found.words


@pytest.mark.parametrize(("error", "kind"), [(0.02, "overfits"), (0.2, "not clear")])
def test_the_gap_has_to_be_beyond_the_noise_of_both_losses(error: float, kind: str) -> None:
    train = [1.6, 1.4, 1.3, 1.25, 1.2, 1.15, 1.1]
    validation = [1.6, 1.4, 1.2, 1.0, 1.1, 1.15, 1.2]
    assert diagnosis(train, validation, error, 0.01).kind == kind


def test_a_rise_of_both_losses_is_no_overfitting() -> None:
    both = [1.6, 1.4, 1.2, 1.0, 1.4, 1.5, 1.6]
    found = diagnosis([x - 0.1 for x in both], both, 0.01, 0.01)
    assert found.kind == "not clear"
    assert "but train loss did not clearly fall" in found.words


def test_a_rise_of_two_percent_is_none() -> None:
    train = [1.5, 1.2, 1.0, 0.8, 0.6, 0.5]
    assert diagnosis(train, [1.6, 1.0, 1.0, 1.0, 1.019, 1.019], 1e-4, 1e-4).kind == "balanced"
    assert diagnosis(train, [1.6, 1.0, 1.0, 1.0, 1.021, 1.021], 1e-4, 1e-4).kind == "overfits"


def test_a_fall_that_ended_is_no_learning() -> None:
    validation = [1.6, 1.4, 1.2, 1.0, 1.01, 1.015]
    found = diagnosis(FALLING[:6], validation, 1e-4, 1e-4)
    assert "not clear: validation loss neither stands still nor falls steadily" in found.words


@pytest.mark.parametrize("best", [0.0, 0.001])
def test_a_rise_of_many_times_is_told_by_its_ends(best: float) -> None:
    train = [0.9, 0.1, 0.01, 0.005, 0.001]
    found = diagnosis(train, [1.0, 0.2, best, 0.3, 0.4], 1e-4, 1e-4)
    assert f"validation loss rose from {best:.2g} to 0.4 while" in found.words


# Learning, and standing still


def test_losses_that_fall_unsteadily_say_nothing() -> None:
    jumping = [2.0, 1.0, 1.8, 0.9, 1.7, 0.85]
    assert diagnosis(jumping, jumping, 0.01, 0.01).kind == "not clear"


def test_one_jump_on_a_long_way_down_does_not_hide_it() -> None:
    falling = [2.20, 1.87, 1.12, 1.67, 0.76, 0.52]
    assert diagnosis(falling, falling, 0.07, 0.07).kind == "still learning"


@pytest.mark.parametrize(("error", "kind"), [(0.01, "still learning"), (0.2, "not clear")])
def test_a_fall_has_to_be_beyond_the_noise_of_the_pictures(error: float, kind: str) -> None:
    found = diagnosis(FALLING[:6], [1.0, 0.95, 0.9, 0.86, 0.83, 0.8], 0.1, error)
    assert found.kind == kind
    assert ("not beyond noise" in found.words) is (kind == "not clear")


def test_only_validation_may_go_on_falling() -> None:
    found = diagnosis(FLAT[-6:], FALLING[:6], 0.01, 0.01)
    assert "still learning when it ended: validation loss was falling" in found.words


@pytest.mark.parametrize(("error", "kind"), [(0.05, "underfits"), (0.2, "not clear")])
def test_underfitting_has_to_be_beyond_the_noise_of_the_gap(error: float, kind: str) -> None:
    found = diagnosis([1.0] * 6, [1.05] * 6, error, 0.01)
    assert found.kind == kind
    assert ("how close together may be noise" in found.words) is (kind == "not clear")


def test_a_train_loss_that_is_low_is_no_underfitting() -> None:
    for train, kind in ((LOW + 0.01, "underfits"), (LOW - 0.01, "balanced")):
        found = diagnosis([train] * 6, [train + 0.01] * 6, 0.001, 0.001)
        assert found.kind == kind
        assert "both losses stand still close together" in found.words


def test_a_network_that_has_all_right_is_balanced() -> None:
    assert diagnosis([0.0] * 6, [0.0] * 6, 0.0, 0.0).kind == "balanced"


def test_train_loss_that_falls_beside_a_still_validation_loss_is_told() -> None:
    found = diagnosis(FALLING, [1.0] * 10, 0.01, 0.01)
    assert "balanced: validation loss stands still while train loss falls" in found.words


def test_a_trend_is_manns_test() -> None:
    assert trend(np.array([4.0, 3.0, 2.0, 1.0])) == -1  # one order of 24: p 0.04
    assert trend(np.array([1.0, 2.0, 3.0, 4.0])) == 1
    assert trend(np.array([4.0, 3.0, 1.0, 2.0])) == 0  # p 0.17
    assert trend(np.array([3.0, 2.0, 1.0])) == 0  # p 0.17
    assert trend(np.array([2.0, 2.0, 2.0, 2.0])) == 0


def test_noise_alone_seldom_says_anything_but_that_nothing_moves() -> None:
    """200 runs whose true losses are flat; each check sees 150 pictures, the same ones."""
    random, said = np.random.default_rng(0), []
    for _ in range(200):
        of_pictures_CN = 1 + 0.5 * random.normal(size=(12, 150))
        validation_C, best, changes = of_pictures_CN.mean(1), 0, [np.nan]
        for check in range(1, 12):
            differences = of_pictures_CN[check] - of_pictures_CN[best]
            changes.append(float(differences.std(ddof=1)) / 150**0.5)
            best = check if validation_C[check] < validation_C[best] else best
        noise = Noise(of_pictures_CN.std(1, ddof=1) / 150**0.5, np.array(changes))
        train_C = np.linspace(1, 0.5, 12)
        said.append(Diagnosis(np.arange(1.0, 13), train_C, validation_C, noise, noise).kind)
    wrong = sum(kind in ("overfits", "still learning", "underfits") for kind in said)
    assert wrong <= 0.05 * len(said)


# From rows


def rows(errors: bool) -> list[dict[str, Any]]:
    found = []
    for check in range(1, 8):
        row = {"step": 2 * check, "epoch": check / 2, "loss": TURNED[check], "accuracy": 0.5}
        row["train_loss"] = FALLING[check]
        if errors:
            row |= {"loss_error": 0.5, "train_loss_error": 0.4, "train_loss_change_error": 0.01}
            row |= {"loss_change_error": 0.3} if check > 1 else {}
        found.append(row)
    return found


def test_errors_are_read_off_the_checks_and_older_records_have_none() -> None:
    new, old = diagnose([], rows(errors=True)), diagnose([], rows(errors=False))
    assert new is not None
    assert old is not None
    assert new.of_validation.change_C[1:].tolist() == [0.3] * 6
    assert np.isnan(new.of_validation.change_C[0])
    assert new.of_train.loss_C.tolist() == [0.4] * 7
    assert np.isnan(old.of_validation.change_C).all()
