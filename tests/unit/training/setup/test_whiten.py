"""Whitening filters come from train pictures when a training begins, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

import grevy
from grevy.classifier.snapshots import network_at
from grevy.models.whitening import whitening_filters
from grevy.records.checkpoint import load_checkpoint
from grevy.training.listeners.listener import Listener

QUIET = Listener()
SHORT = {
    "epochs": 1,
    "batch_size": 36,
    "precision": "fp32",
    "checks_per_epoch": 1,
    "patience": 0,
    "model": {"name": "base", "convnet": {"widths": [4, 8], "whitening": 2, "kernel": 3}},
}
Arrays = dict[str, tuple[np.ndarray, np.ndarray]]


def filters_of(run: grevy.Run) -> torch.Tensor:
    return run.model().whitening.weight


def test_the_filters_whiten_the_train_pictures_and_stay(stripes: Arrays, tmp_path: Path) -> None:
    run = grevy.train(stripes, SHORT, out=tmp_path / "run", listener=QUIET)
    chosen = {name.split("/")[-1] for name in run.predictions("train").ids}
    numbers = sorted(int("".join(filter(str.isdigit, name))) for name in chosen)
    assert len(numbers) == 108  # the other 12 of 120 are the validation split
    images_NHW = stripes["train"][0][numbers]
    pictures = (torch.from_numpy(images_NHW).float()[:, None] / 255 - 0.5) / 0.25
    torch.testing.assert_close(filters_of(run), whitening_filters(pictures, 2), atol=2e-4, rtol=0)
    assert run.model().whitening.bias.abs().sum() > 0


def test_they_depend_on_the_pictures_and_not_on_the_seed_or_the_test_split(
    stripes: Arrays, tmp_path: Path
) -> None:
    other_test = {**stripes, "test": (255 - stripes["test"][0], stripes["test"][1])}
    other_train = {**stripes, "train": (stripes["train"][0] // 2, stripes["train"][1])}
    runs = [
        grevy.train(data, SHORT, seed=seed, out=tmp_path / str(n), listener=QUIET)
        for n, (data, seed) in enumerate(
            [(stripes, 0), (stripes, 1), (other_test, 0), (other_train, 0)]
        )
    ]
    first, seeded, tested, trained = (filters_of(run) for run in runs)
    assert torch.equal(first, seeded)
    assert torch.equal(first, tested)
    assert not torch.allclose(first, trained)


def test_the_record_gives_the_network_back_without_its_pictures(
    stripes: Arrays, tmp_path: Path
) -> None:
    run = grevy.train(stripes, SHORT, out=tmp_path / "run", listener=QUIET)
    for state in ("initial", "last", "best"):
        network, _ = network_at(run, state)
        assert torch.equal(network.whitening.weight, filters_of(run))
    assert [p.class_name for p in grevy.predict(run, stripes["test"][0])]


def test_arms_begin_like_a_whitened_baseline(stripes: Arrays, tmp_path: Path) -> None:
    base = grevy.load_recipe(SHORT)
    arm = grevy.load_recipe(
        {
            **SHORT,
            "model": {"name": "base", "convnet": {**base.model.convnet.changes(), "hidden": 9}},
        }
    )
    one = grevy.train(stripes, base, out=tmp_path / "a", listener=QUIET)
    other = grevy.train(stripes, arm, out=tmp_path / "b", listener=QUIET, like=base)
    assert "whitening.weight" in other.record.pairing.shared
    assert torch.equal(filters_of(one), filters_of(other))
    assert torch.equal(
        network_at(one, "initial")[0].conv1.weight, network_at(other, "initial")[0].conv1.weight
    )


class Biases(Listener):
    """Notes the bias of the whitening layer at every check, from the checkpoint before it."""

    def __init__(self, run: Path) -> None:
        self.run, self.seen = run, []

    def checked(self, row: Mapping[str, Any], train_loss: float) -> None:
        checkpoint = load_checkpoint(self.run / "checkpoint")
        if checkpoint is not None:
            tensors = safetensors.torch.load(checkpoint.files["state.safetensors"])
            self.seen.append((tensors["model/whitening.bias"], tensors["model/conv1.bias"]))


@pytest.mark.parametrize("optimizer", [{"name": "sgd", "momentum": 0.9}, {"name": "adamw"}])
def test_the_bias_moves_in_its_epochs_only(
    stripes: Arrays, tmp_path: Path, optimizer: dict[str, Any]
) -> None:
    recipe = {**SHORT, "epochs": 5, "optimizer": {**optimizer, "lr": 0.01, "whitening_epochs": 2}}
    listener = Biases(tmp_path / "run")
    grevy.train(stripes, recipe, out=tmp_path / "run", listener=listener)
    first, second, *later = [bias for bias, _ in listener.seen]
    assert not torch.equal(first, second)
    assert all(torch.equal(bias, second) for bias in later)
    others = [other for _, other in listener.seen]
    assert not torch.equal(others[1], others[2])
