"""Runs that nobody trained: records, logs and predictions as training writes them, made at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grevy.inspection.maps.calibration_numbers import negative_log_likelihood
from grevy.records.predictions import Predictions, save_predictions
from grevy.records.run import RunDirectory, create_run
from grevy.records.run_record import RunRecord

MakeRun = Callable[..., RunDirectory]
SIZES = {"train": 60, "validation": 30, "test": 40}


def predictions_of(n: int, classes: int, right: float, seed: int) -> Predictions:
    """Of n pictures, that part of them right."""
    random = np.random.default_rng(seed)
    labels_N = np.arange(n) % classes
    answers_N = np.where(np.arange(n) < right * n, labels_N, (labels_N + 1) % classes)
    logits_NK = random.normal(size=(n, classes)).astype(np.float32)
    logits_NK[np.arange(n), answers_N] += 4
    return Predictions(logits_NK, labels_N, tuple(map(str, range(n))))


def make(
    path: Path,
    *,
    classes: Sequence[str] = ("cat", "dog", "owl"),
    seed: int = 0,
    recipe: str = "base",
    right: float = 0.75,
    splits: Sequence[str] = tuple(SIZES),
    where: str = "gone",
    status: str = "finished",
    **fields: Any,
) -> RunDirectory:
    """A run directory without a network; unfinished if its status says so."""
    said = {s: predictions_of(SIZES[s], len(classes), right, seed) for s in splits}
    scores = {
        split: {
            "loss": negative_log_likelihood(p.logits_NK, p.labels_N),
            "accuracy": float((p.logits_NK.argmax(1) == p.labels_N).mean()),
            "n": len(p.ids),
        }
        for split, p in said.items()
    }
    results = {
        **scores,
        "best_step": 20,
        "steps": 30,
        "epochs": 3.0,
        "stopped_early": False,
        "seconds": {"training": 12.5},
    }
    environment = {
        **dict.fromkeys(("grevy", "python", "torch", "numpy", "pillow"), "1.0"),
        **{"platform": "Linux", "processor": "a processor", "cores": 2, "threads": 1},
        **{"device": "cpu", "gpu": None, "devices": 1},
    }
    record = {
        "format": 2,
        "identity": f"{seed:016x}",
        "status": status,
        "command": ["grevy", "train", where],
        "seed": seed,
        "recipe": {"name": recipe, "description": "a recipe", "batch_size": 6},
        "data": {
            "name": "animals",
            "where": where,
            "fingerprint": "f" * 64,
            "classes": list(classes),
            "splits": {s: {"n": SIZES[s], "content_hash": s} for s in splits},
        },
        "preprocessing": {
            **{"channels": 1, "height": 8, "width": 8, "fit": "crop"},
            **{"mean": [0.5], "standard_deviation": [0.25]},
        },
        "parameters": 100,
        "precision": "fp32",
        "environment": environment,
        "test_reads": 1,
        "results": results if status == "finished" else None,
        "created": "2026-01-02T03:04:05+00:00",
        "updated": "2026-01-02T04:04:05+00:00",
        **fields,
    }
    directory = create_run(path, RunRecord.model_validate_json(json.dumps(record), strict=True))
    steps = [{"step": i, "epoch": i / 10, "loss": 2 - i / 30, "lr": 0.1} for i in range(1, 31)]
    losses = ((10, 1.5, 1.4), (20, 1.0, 0.9), (30, 1.2, 0.7))
    checks = [
        {"step": step, "epoch": step / 10, "loss": loss, "accuracy": 0.5, "train_loss": train}
        for step, loss, train in losses
    ]
    for file, rows in ((directory.steps_file, steps), (directory.checks_file, checks)):
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if status == "finished":
        for split, p in said.items():
            save_predictions(directory.predictions_file(split), p)
    return directory


@pytest.fixture(scope="session")
def make_run() -> MakeRun:
    """Makes a run: path, and what is unusual about it."""
    return make
