"""At checks the train loss is measured as the validation loss is: like with like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import grevy
from grevy.recipes.load import load_recipe
from grevy.studies.diagnosis import diagnose
from grevy.training.describe import run_identity
from grevy.training.listeners.listener import Listener, check_line
from grevy.training.train import train_sample

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
HARD: dict[str, Any] = {
    "batch_size": 16,
    "epochs": 2,
    "patience": 0,
    "precision": "fp32",
    "model": {"name": "net2", "convnet": {"dropout": 0.5}},
    "augment": {"cutout": 8},
    "loss": {"label_smoothing": 0.3},
}


def test_the_sample_is_fixed_as_large_as_validation_and_has_each_picture_once() -> None:
    sample_N = train_sample(100, 12)
    assert len(sample_N) == len(set(sample_N.tolist())) == 12
    assert (sample_N == train_sample(100, 12)).all()
    assert train_sample(5, 12).tolist() == [0, 1, 2, 3, 4]


def test_the_last_check_says_what_the_last_weights_say_of_the_plain_sample(
    stripes: Stripes, tmp_path
) -> None:
    run = grevy.train(stripes, HARD, out=tmp_path / "run", listener=Listener())
    best = next(c for c in run.checks if c["step"] == run.results["best_step"])
    said = run.predictions("train")
    sample = train_sample(len(said.labels_N), len(run.predictions("validation").labels_N)).numpy()
    right = said.logits_NK[sample].argmax(1) == said.labels_N[sample]
    assert best["train_accuracy"] == pytest.approx(right.mean())
    shifted = said.logits_NK[sample].astype(np.float64)
    of_truth = shifted[np.arange(len(sample)), said.labels_N[sample]]
    loss = (np.log(np.exp(shifted).sum(1)) - of_truth).mean()
    assert best["train_loss"] == pytest.approx(loss, rel=1e-5)


def test_it_changes_no_weight_and_no_identity(stripes: Stripes, tmp_path) -> None:
    plain = {**HARD, "check_train": False}
    with_it = grevy.train(stripes, HARD, out=tmp_path / "with", listener=Listener())
    without = grevy.train(stripes, plain, out=tmp_path / "without", listener=Listener())
    weights = [run.directory.weights_file.read_bytes() for run in (with_it, without)]
    assert weights[0] == weights[1]
    assert with_it.steps == without.steps
    assert "train_loss" not in without.checks[0]
    assert with_it.record.identity == without.record.identity


def test_the_identity_does_not_count_it() -> None:
    base = load_recipe("base")
    other = base.model_copy(update={"check_train": False})
    assert run_identity(base, "pictures", 0, None) == run_identity(other, "pictures", 0, None)


def test_a_diagnosis_takes_the_plain_train_loss_where_every_check_has_one() -> None:
    steps = [{"step": step, "loss": 9.0} for step in range(1, 5)]
    checks: list[dict[str, Any]] = [
        {"step": 2, "epoch": 1.0, "loss": 2.0, "accuracy": 0.1, "train_loss": 1.5},
        {"step": 4, "epoch": 2.0, "loss": 1.8, "accuracy": 0.2, "train_loss": 1.0},
    ]
    found = diagnose(steps, checks)
    assert found is not None
    assert found.train_C.tolist() == [1.5, 1.0]
    del checks[0]["train_loss"]
    older = diagnose(steps, checks)
    assert older is not None
    assert older.train_C.tolist() == [9.0, 9.0]


def test_the_line_of_a_check_says_both_losses_and_accuracies() -> None:
    row = {"step": 4, "epoch": 1, "loss": 1.5, "accuracy": 0.5}
    measured = {**row, "train_loss": None, "train_accuracy": 0.25}
    assert "train loss 2.0000  validation loss 1.5000  accuracy 0.5000" in check_line(row, 2.0)
    assert "train loss not finite  accuracy 0.2500  validation" in check_line(measured, 2.0)


def test_records_of_speed_do_not_spend_time_on_it() -> None:
    assert load_recipe("base").check_train
    assert not any(load_recipe(f"speed-{n}").check_train for n in (80, 90, 94, 96))
