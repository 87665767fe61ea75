"""The last step has a check: what is trained is evaluated, logged and may be the best."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import grevy
from grevy.errors import RecipeError, RunInterruptedError, UsageError
from grevy.training.check_noise import loss_errors
from grevy.training.listeners.listener import Listener

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUIET = Listener()
ODD: dict[str, Any] = {
    "batch_size": 16,
    "epochs": 3,
    "patience": 0,
    "precision": "fp32",
    "least_steps": 20,  # six intervals of three steps, and two steps more
}


class StopAtStep(Listener):
    """Presses Ctrl-C after that step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, row: Mapping[str, Any]) -> None:
        if row["step"] == self.step:
            os.kill(os.getpid(), signal.SIGINT)


def trained(stripes: Stripes, place: Path, **changes: Any) -> Any:
    return grevy.train(stripes, {**ODD, **changes}, out=place, listener=QUIET)


def steps_of(rows: Any) -> list[int]:
    return [row["step"] for row in rows]


def test_a_training_that_ends_between_checks_has_one_more(stripes: Stripes, tmp_path: Path) -> None:
    run = trained(stripes, tmp_path / "run")
    assert steps_of(run.checks) == [3, 6, 9, 12, 15, 18, 20]
    assert steps_of(run.steps) == list(range(1, 21))
    assert run.results["steps"] == 20
    assert run.results["best_step"] == 20  # its loss still falls, so the last weights are kept
    assert run.results["validation"]["loss"] == run.checks[-1]["loss"]
    assert run.record.timings.check_seconds[-1] <= run.results["seconds"]["training"]


def test_a_training_that_ends_at_a_check_has_no_second_one_there(
    stripes: Stripes, tmp_path: Path
) -> None:
    run = trained(stripes, tmp_path / "run", least_steps=0)
    assert steps_of(run.checks) == [3, 6, 9, 12, 15, 18]


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        ({"epochs": 1, "least_steps": 0, "checks_per_epoch": 1}, [6]),
        ({"epochs": 1, "least_steps": 0, "checks_per_epoch": 4}, [1, 2, 3, 4, 5, 6]),
        ({"epochs": 1, "least_steps": 0, "checks_per_epoch": 9}, [1, 2, 3, 4, 5, 6]),
        ({"epochs": 1, "least_steps": 7, "checks_per_epoch": 1}, [7]),
        ({"epochs": 1, "least_steps": 7, "checks_per_epoch": 2}, [3, 6, 7]),
        ({"epochs": 1, "least_steps": 0, "batch_size": 108}, [1]),
        ({"average_decay": 0.9}, [3, 6, 9, 12, 15, 18, 20]),
        ({"lookahead": 3}, [3, 6, 9, 12, 15, 18, 20]),
        ({"check_train": False}, [3, 6, 9, 12, 15, 18, 20]),
    ],
)
def test_whatever_the_interval_the_last_check_is_at_the_last_step(
    stripes: Stripes, tmp_path: Path, changes: dict[str, Any], checks: list[int]
) -> None:
    run = trained(stripes, tmp_path / "run", **changes)
    assert steps_of(run.checks) == checks
    assert len(run.steps) == run.results["steps"] == checks[-1]


@pytest.mark.parametrize("stops", [(5, 17), (18, 19), (19, 20)])
def test_a_run_that_was_stopped_near_its_end_ends_like_an_unbroken_one(
    stripes: Stripes, tmp_path: Path, stops: tuple[int, int]
) -> None:
    more = {
        "model": {"name": "net2"},
        "optimizer": {"momentum": 0.9},
        "average_decay": 0.9,
        "selection": {"keep": 0.5},
    }
    whole, broken = trained(stripes, tmp_path / "whole", **more), tmp_path / "broken"
    for step in stops:
        with pytest.raises(RunInterruptedError):
            grevy.train(
                stripes, {**ODD, **more}, out=broken, resume=True, listener=StopAtStep(step)
            )
    grevy.train(stripes, {**ODD, **more}, out=broken, resume=True, listener=QUIET)
    for name in ("model.safetensors", "steps.jsonl", "checks.jsonl"):
        assert (broken / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_the_stopping_rule_stops_nothing_after_the_last_step(
    stripes: Stripes, tmp_path: Path
) -> None:
    worse = {"optimizer": {"lr": 1e-12}, "patience": 2}  # no check is better than the first
    early = trained(stripes, tmp_path / "early", **worse)
    assert early.results["stopped_early"]
    assert early.results["steps"] == 6
    last = trained(stripes, tmp_path / "last", **worse, epochs=1, least_steps=0)
    assert steps_of(last.checks) == [3, 6]
    assert not last.results["stopped_early"]  # the rule holds, but every step was trained


@pytest.mark.parametrize("epochs", [0, 0.5, -1])
def test_epochs_that_are_none_or_a_part_of_one_are_refused(
    stripes: Stripes, tmp_path: Path, epochs: float
) -> None:
    with pytest.raises((RecipeError, UsageError), match="epochs"):
        trained(stripes, tmp_path / "run", epochs=epochs)


def test_a_run_of_other_numerics_that_goes_on_says_so(
    stripes: Stripes, tmp_path: Path, hears: Any
) -> None:
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, ODD, out=tmp_path / "run", listener=StopAtStep(4))
    file = tmp_path / "run" / "run.json"
    record = {**json.loads(file.read_text()), "numerics": 1}
    del record["sha256_of_the_rest"]  # an older Grevy wrote none
    file.write_text(json.dumps(record))
    run = grevy.train(stripes, ODD, out=tmp_path / "run", resume=True, listener=hears)
    assert any("numerics 1" in line and "2" in line for line in hears.lines)
    assert run.record.numerics == 1  # it is no run of one Grevy, and is not taken for one
    assert steps_of(run.checks)[-1] == 20


# How far the loss of a check is known


def test_the_errors_of_a_check_are_those_of_means_and_of_paired_differences() -> None:
    losses_N = torch.tensor([0.1, 0.4, 0.2, 0.9], dtype=torch.float64)
    found = loss_errors(losses_N, losses_N - 0.5)
    assert found["loss_error"] == pytest.approx(np.std(losses_N.numpy(), ddof=1) / 2)
    assert found["loss_change_error"] == pytest.approx(0, abs=1e-12)  # each rose by as much
    assert set(loss_errors(losses_N, None)) == {"loss_error"}


def test_of_one_picture_and_of_losses_that_are_not_finite_nothing_is_said() -> None:
    assert loss_errors(torch.tensor([0.5]), torch.tensor([0.4])) == {}
    assert loss_errors(torch.tensor([0.5, torch.nan]), torch.tensor([0.4, 0.3])) == {}
    assert loss_errors(torch.tensor([0.5, torch.inf]), None) == {}


def test_checks_say_how_far_both_losses_are_known(stripes: Stripes, tmp_path: Path) -> None:
    run = trained(stripes, tmp_path / "run")
    first, second = run.checks[:2]
    assert {"loss_error", "train_loss_error"} <= set(first)
    assert "loss_change_error" not in first
    assert {"loss_change_error", "train_loss_change_error"} <= set(second)
    said = run.predictions("validation")
    logits_NK, labels = torch.tensor(said.logits_NK), torch.tensor(said.labels_N)
    losses_N = torch.nn.functional.cross_entropy(logits_NK, labels, reduction="none")
    expected = float(losses_N.std()) / len(losses_N) ** 0.5
    assert run.checks[-1]["loss_error"] == pytest.approx(expected, rel=1e-4)
