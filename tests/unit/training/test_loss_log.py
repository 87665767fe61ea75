"""LossLog that are read together give the record of losses that are read one by one."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import grevy
from grevy.errors import NonFiniteLossError, RunInterruptedError
from grevy.records.checkpoint import load_checkpoint
from grevy.training import loss_log as losses_module
from grevy.training.distributed import World
from grevy.training.listeners.listener import Listener
from grevy.training.loss_log import LossLog
from grevy.training.state import State, TrainingProgress

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUIET = Listener()
CPU = torch.device("cpu")
BASE: dict[str, Any] = {"batch_size": 16, "epochs": 3, "patience": 0, "precision": "fp32"}
AVERAGED: dict[str, Any] = {
    **BASE,
    "model": {"name": "net1"},
    "augment": {"flip": "random", "mixup": 0.4},
    "optimizer": {"name": "adam", "lr": 0.001},
    "average_decay": 0.9,
}


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat the CPU as an accelerator."""
    monkeypatch.setattr(losses_module, "AT_ONCE", {})


def collected(at_once: int, monkeypatch: pytest.MonkeyPatch) -> tuple[LossLog, list[Any]]:
    monkeypatch.setattr(losses_module, "AT_ONCE", {"cpu": at_once})
    rows: list[Any] = []
    return LossLog(CPU, World(), TrainingProgress(), rows.append, lr=0.5), rows


def row(step: int, loss: float) -> dict[str, Any]:
    return {"step": step, "epoch": 0.5, "loss": torch.tensor(loss), "lr": 0.1}


def test_a_cpu_reads_each_loss_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert losses_module.AT_ONCE == {"cpu": 1}
    losses, rows = collected(1, monkeypatch)
    losses.add(row(1, 0.25))
    assert rows == [{"step": 1, "epoch": 0.5, "loss": 0.25, "lr": 0.1}]
    assert list(rows[0]) == ["step", "epoch", "loss", "lr"]


def test_an_accelerator_reads_when_enough_are_there_or_somebody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses, rows = collected(3, monkeypatch)
    losses.add(row(1, 0.5))
    losses.add(row(2, 0.25))
    assert rows == []
    assert not losses.all_read
    losses.add(row(3, 0.125))
    assert [r["loss"] for r in rows] == [0.5, 0.25, 0.125]
    losses.add(row(4, 1.0))
    losses.read()
    losses.read()
    assert [r["step"] for r in rows] == [1, 2, 3, 4]


def test_the_first_bad_step_is_named_with_its_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    losses, rows = collected(9, monkeypatch)
    for step, value in enumerate((0.5, math.inf, math.nan), 1):
        losses.add({**row(step, value), "lr": step / 10})
    with pytest.raises(NonFiniteLossError, match=r"inf at step 2 with learning rate 0\.2 "):
        losses.read()
    assert [r["step"] for r in rows] == [1]


@pytest.mark.usefixtures("together")
@pytest.mark.parametrize("seconds", [60.0, 0.0], ids=["at checks", "at every step"])
def test_the_record_is_the_same_byte_for_byte(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr("grevy.training.train.CHECKPOINT_SECONDS", seconds)
    grevy.train(stripes, AVERAGED, out=tmp_path / "together", listener=QUIET)
    monkeypatch.setattr(losses_module, "AT_ONCE", {"cpu": 1})
    grevy.train(stripes, AVERAGED, out=tmp_path / "alone", listener=QUIET)
    for name in ("steps.jsonl", "checks.jsonl", "model.safetensors"):
        one, other = (tmp_path / run / name for run in ("together", "alone"))
        assert one.read_bytes() == other.read_bytes(), name


class StopAtCheck(Listener):
    """Presses Ctrl-C at the second check."""

    def __init__(self) -> None:
        self.checks = 0

    def checked(self, row: Mapping[str, Any], train_loss: float) -> None:
        self.checks += 1
        if self.checks == 2:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("together")
def test_an_interrupted_run_resumes_bit_identical(stripes: Stripes, tmp_path: Path) -> None:
    whole = grevy.train(stripes, AVERAGED, out=tmp_path / "whole", listener=QUIET)
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, AVERAGED, out=tmp_path / "broken", listener=StopAtCheck())
    assert len((tmp_path / "broken" / "steps.jsonl").read_text().splitlines()) == 6
    grevy.train(stripes, AVERAGED, out=tmp_path / "broken", resume=True, listener=QUIET)
    for name in ("steps.jsonl", "checks.jsonl", "model.safetensors"):
        assert (whole.path / name).read_bytes() == (tmp_path / "broken" / name).read_bytes()


@pytest.mark.usefixtures("together")
@pytest.mark.parametrize("seconds", [60.0, 0.0], ids=["at the check", "at a checkpoint"])
def test_nothing_that_a_bad_loss_touched_is_kept(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr("grevy.training.train.CHECKPOINT_SECONDS", seconds)
    recipe = {**BASE, "model": {"name": "breaks", "arguments": {"step": 4}}}
    with pytest.raises(NonFiniteLossError, match=r"nan at step 4 .*0\.05.* step 3"):
        grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET)
    run = grevy.open_run(tmp_path / "run")
    assert run.record.status == "failed"
    assert [r["step"] for r in run.checks] == [3]
    checkpoint = load_checkpoint(run.path / "checkpoint")
    assert checkpoint is not None
    assert json.loads(checkpoint.files["state.json"])["progress"]["step"] == 3
    tensors = safetensors.torch.load(checkpoint.files["state.safetensors"])
    assert all(tensor.isfinite().all() for tensor in tensors.values())


def test_a_state_is_finite_only_with_all_that_a_checkpoint_holds() -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    state = State(TrainingProgress(), model, optimizer, None, {})
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert state.is_finite()
    optimizer.state[model.weight]["exp_avg_sq"].fill_(math.inf)  # the weights may well be finite
    assert not state.is_finite()
