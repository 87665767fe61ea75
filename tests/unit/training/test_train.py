"""The loop as a whole, on two classes of stripes that a network learns at once."""

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
from grevy.arithmetic.proportion import interval_told
from grevy.errors import NonFiniteLossError, RunInterruptedError, RunMismatchError
from grevy.training.listeners.listener import Listener

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUIET = Listener()
BASE = {"batch_size": 16, "epochs": 3, "patience": 0, "precision": "fp32"}

SPEED_NETWORK = {
    "whitening": 2,
    "widths": [8, 16],
    "convolutions": 2,
    "kernel": 3,
    "pooling_place": "first",
    "norm": "batch",
    "norm_scale": False,
    "norm_momentum": 0.4,
    "activation": "gelu",
    "global_pooling": "max",
    "hidden": 0,
    "bias": False,
    "logit_scale": 0.5,
    "initialisation": "dirac",
}

HARD_TO_RESUME: dict[str, dict[str, Any]] = {
    "the half that a proxy with dropout finds hard, and residual blocks": {
        "model": {
            "convnet": {**SPEED_NETWORK, "convolutions": 3, "residual": True},
        },
        "selection": {"keep": 0.5, "train_every": 2, "proxy": {"name": "net2"}},
        "optimizer": {"momentum": 0.9, "nesterov": True, "bias_factor": 4.0},
        "augment": {"flip": "alternating", "cutout": 4},
        "lookahead": 3,
    },
    "sgd with momentum, dropout and random flips": {
        "model": {"name": "net2"},
        "augment": {"flip": "random", "translate": 2},
        "optimizer": {"momentum": 0.9, "nesterov": True},
    },
    "adam with batch norm, averaged weights and mixup": {
        "model": {"name": "net1"},
        "augment": {"mixup": 0.4, "cutout": 4},
        "optimizer": {"name": "adam", "lr": 0.001},
        "average_decay": 0.9,
        "label_smoothing": 0.1,
    },
    "muon with a triangle and alternating flips": {
        "augment": {"flip": "alternating", "brightness": 0.2},
        "optimizer": {"name": "muon", "lr": 0.02, "momentum": 0.9},
        "schedule": {"name": "one-cycle", "warmup": 0.3},
        "test_time_flip": True,
    },
    "a whitened, renormalised muon with sgd beside it": {
        "model": {"name": "base", "convnet": SPEED_NETWORK},
        "augment": {"flip": "alternating", "translate": 2},
        "optimizer": {
            "name": "muon",
            "lr": 0.1,
            "momentum": 0.6,
            "nesterov": True,
            "weight_decay": 0.001,
            "others": "sgd",
            "others_lr": 0.1,
            "others_momentum": 0.85,
            "bias_factor": 2.0,
            "renormalise": True,
            "whitening_epochs": 2,
        },
        "schedule": {"name": "one-cycle"},
        "lookahead": 4,
    },
}


class StopAfter(Listener):
    """Presses Ctrl-C after so many checks."""

    def __init__(self, checks: int) -> None:
        self.left = checks

    def checked(self, row: Mapping[str, Any], train_loss: float) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def same_files(one: Path, other: Path) -> None:
    for name in ("model.safetensors", "steps.jsonl", "checks.jsonl"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_network_learns_and_the_record_holds_everything(stripes: Stripes, tmp_path: Path) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=QUIET)
    results = run.results
    assert results["test"]["accuracy"] == 1.0
    assert [results[s]["n"] for s in ("train", "validation", "test")] == [108, 12, 40]
    assert results["steps"] == 3 * (108 // 16)
    assert run.record.status == "finished"
    assert run.record.test_reads == 1
    assert run.record.data.classes == ("across", "down")
    assert len(run.steps) == results["steps"]
    assert [row["step"] for row in run.checks] == [3, 6, 9, 12, 15, 18]
    names = {
        f"{n}.{e}"
        for n in ("loss", "accuracy", "confusion-test", "mistakes-test")
        for e in ("png", "svg")
    }
    assert {f.name for f in run.directory.figures.iterdir()} == names


def test_the_best_check_is_what_is_kept_and_evaluated(stripes: Stripes, tmp_path: Path) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=QUIET)
    best = min(run.checks, key=lambda row: row["loss"])
    assert run.results["best_step"] == best["step"]
    assert run.results["validation"]["loss"] == best["loss"]
    found = grevy.evaluate(run, stripes, split="validation")
    assert found["loss"] == best["loss"]


def test_predictions_in_the_record_give_the_recorded_accuracy(
    stripes: Stripes, tmp_path: Path
) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=QUIET)
    for split in ("train", "validation", "test"):
        said = run.predictions(split)
        right = (said.logits_NK.argmax(1) == said.labels_N).mean()
        assert right == pytest.approx(run.results[split]["accuracy"])


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    stripes: Stripes, tmp_path: Path
) -> None:
    runs = [
        grevy.train(stripes, BASE, seed=seed, out=tmp_path / str(n), listener=QUIET)
        for n, seed in enumerate((5, 5, 6))
    ]
    same_files(runs[0].path, runs[1].path)
    first, other = ((r.path / "steps.jsonl").read_bytes() for r in (runs[0], runs[2]))
    assert first != other


@pytest.mark.parametrize("kind", list(HARD_TO_RESUME))
def test_an_interrupted_run_resumes_bit_identical(
    stripes: Stripes, tmp_path: Path, kind: str
) -> None:
    recipe = {**BASE, **HARD_TO_RESUME[kind]}
    whole = grevy.train(stripes, recipe, out=tmp_path / "whole", listener=QUIET)
    broken = tmp_path / "broken"
    for _ in range(2):
        with pytest.raises(RunInterruptedError, match="--resume"):
            grevy.train(stripes, recipe, out=broken, resume=True, listener=StopAfter(2))
        assert json.loads((broken / "run.json").read_text())["status"] == "interrupted"
    run = grevy.train(stripes, recipe, out=broken, resume=True, listener=QUIET)
    same_files(whole.path, broken)
    assert run.record.resumes == 2
    assert whole.results["test"] == run.results["test"]


def test_test_time_flip_reports_both_figures(stripes: Stripes, tmp_path: Path) -> None:
    recipe = {**BASE, "test_time_flip": True}
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET)
    assert set(run.results["test"]) == {"loss", "accuracy", "n", "test_time_flip"}
    extra = run.predictions("test").extra_logits_NK["test_time_flip"]
    right = (extra.argmax(1) == run.predictions("test").labels_N).mean()
    assert right == pytest.approx(run.results["test"]["test_time_flip"]["accuracy"])


def test_shifts_at_test_time_are_recorded_with_what_was_done(
    stripes: Stripes, tmp_path: Path
) -> None:
    changes = {"test_time_flip": True, "test_time_shift": 1, "test_time_part": 0.25}
    run = grevy.train(stripes, {**BASE, **changes}, out=tmp_path / "run", listener=QUIET)
    plain = grevy.train(stripes, BASE, out=tmp_path / "plain", listener=QUIET)
    found = run.results["test"]
    assert found["test_time_flip_shift"]["views"] == 6
    assert found["test_time_flip_shift"]["pictures"] == 10
    said = run.predictions("test")
    assert list(said.extra_logits_NK) == ["test_time_flip_shift"]
    np.testing.assert_array_equal(said.logits_NK, plain.predictions("test").logits_NK)
    assert (said.answers_NK != said.logits_NK).any(1).sum() == 10
    assert found["accuracy"] == plain.results["test"]["accuracy"]


def test_early_stopping_follows_the_rule(stripes: Stripes, tmp_path: Path) -> None:
    recipe = {**BASE, "epochs": 60, "patience": 4, "optimizer": {"name": "adam", "lr": 0.002}}
    images, labels = stripes["train"]
    shuffled = np.random.default_rng(0).permutation(labels)  # nothing to learn but by heart
    run = grevy.train({"train": (images, shuffled)}, recipe, out=tmp_path / "run", listener=QUIET)
    losses = [row["loss"] for row in run.checks]
    assert run.results["stopped_early"]
    assert losses[-4] == min(losses[-4:])
    assert all(losses[n - 4] != min(losses[n - 4 : n]) for n in range(4, len(losses)))


def test_no_test_split_means_no_test_figures(stripes: Stripes, tmp_path: Path) -> None:
    said: list[str] = []
    listener = Listener()
    listener.said = said.append  # type: ignore[method-assign]
    only_train = {"train": stripes["train"]}
    run = grevy.train(only_train, BASE, out=tmp_path / "run", listener=listener)
    assert "test" not in run.results
    assert run.record.test_reads == 0
    assert any("no test split" in text for text in said)
    assert any("no validation split" in text for text in said)


def test_a_nan_loss_stops_before_the_optimizer_step_and_names_the_last_good_state(
    stripes: Stripes, tmp_path: Path
) -> None:
    recipe = {**BASE, "model": {"name": "breaks", "arguments": {"step": 5}}}
    with pytest.raises(NonFiniteLossError, match=r"nan at step 5 .*0\.05.* step 3"):
        grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET)
    run = grevy.open_run(tmp_path / "run")
    assert run.record.status == "failed"
    assert [row["step"] for row in run.checks] == [3]


def test_a_resume_on_other_pictures_is_refused(stripes: Stripes, tmp_path: Path) -> None:
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, BASE, out=tmp_path / "run", listener=StopAfter(1))
    images, labels = stripes["train"]
    other = {**stripes, "train": (255 - images, labels)}
    with pytest.raises(RunMismatchError, match="data"):
        grevy.train(other, BASE, out=tmp_path / "run", resume=True, listener=QUIET)


def test_a_record_from_before_a_recipe_field_was_added_goes_on(
    stripes: Stripes, tmp_path: Path
) -> None:
    whole = grevy.train(stripes, BASE, out=tmp_path / "whole", listener=QUIET)
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, BASE, out=tmp_path / "run", listener=StopAfter(1))
    file = tmp_path / "run" / "run.json"
    facts = json.loads(file.read_text())
    del facts["recipe"]["model"]["convnet"], facts["pairing"], facts["sha256_of_the_rest"]
    file.write_text(json.dumps(facts))
    run = grevy.train(stripes, BASE, out=tmp_path / "run", resume=True, listener=QUIET)
    assert run.results["test"] == whole.results["test"]


def test_a_run_of_format_1_goes_on(tmp_path: Path) -> None:
    old = Path(__file__).parents[1] / "records" / "format_1" / "run.json"
    fields = {**json.loads(old.read_text()), "status": "interrupted", "results": None}
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text(json.dumps(fields))
    finished = grevy.train(None, out=run, resume=True, listener=QUIET)
    assert (finished.record.format, finished.record.resumes) == (2, 1)
    assert finished.record.recipe_name == "net2"
    assert finished.results["test"]["n"] == 359


def test_training_leaves_the_callers_random_state_alone(stripes: Stripes, tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    grevy.train(stripes, {**BASE, "epochs": 1}, out=tmp_path / "run", listener=QUIET)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_predict_on_arrays_and_files_agrees_with_the_record(
    stripes: Stripes, tmp_path: Path
) -> None:
    from PIL import Image

    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=QUIET)
    images, names = stripes["test"]
    answers = grevy.predict(run, images)
    assert [a.class_name for a in answers] == list(names)
    logits = torch.from_numpy(run.predictions("test").logits_NK)
    np.testing.assert_allclose(
        [a.probability for a in answers], logits.softmax(1).max(1).values, atol=1e-6
    )
    (tmp_path / "new").mkdir()
    for n in (10, 9):
        Image.fromarray(images[n]).save(tmp_path / "new" / f"{n}.png")
    (tmp_path / "new" / "words.png").write_text("no picture")
    found = grevy.predict(run, tmp_path / "new")
    assert [Path(p.picture).name for p in found] == ["9.png", "10.png", "words.png"]
    assert [p.class_name for p in found[:2]] == [names[9], names[10]]
    assert found[2].class_name is None
    assert "not a picture" in str(found[2].error)


def test_the_test_accuracy_is_told_as_the_record_has_it(
    stripes: Stripes, tmp_path: Path, hears: Any
) -> None:
    recipe = {**BASE, "epochs": 1, "test_time_flip": True}
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=hears)
    test = run.results["test"]
    flipped = test["test_time_flip"]["accuracy"]
    interval = interval_told(test["accuracy"], 40)
    line = (
        f"test accuracy {test['accuracy']:.4f} (95 % interval over 40 pictures {interval}),"
        f" with test-time flip {flipped:.4f}"
    )
    assert line in hears.lines
    checks = "checks are on 12 validation pictures: an accuracy there is known to ±25 points"
    assert any(line.startswith(checks) for line in hears.lines)
    assert list(run.results)[:3] == ["train", "validation", "test"]


def test_without_a_test_split_no_test_accuracy_is_told(
    stripes: Stripes, tmp_path: Path, hears: Any
) -> None:
    only_train = {"train": stripes["train"]}
    grevy.train(only_train, {**BASE, "epochs": 1}, out=tmp_path / "run", listener=hears)
    assert not [line for line in hears.lines if line.startswith("test accuracy")]
