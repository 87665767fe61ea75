"""What is looked into: a module or a run, its classes, its early and late states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import grevy
from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.run import Run
from grevy.classifier.snapshots import Snapshot, snapshots_of
from grevy.errors import ClassNotFoundError, ModelArgumentError, RunNotFoundError
from grevy.models import build_model
from grevy.training.listeners.listener import Listener

QUIET = {"batch_size": 16, "patience": 0, "precision": "fp32"}


def linear(classes: int = 3) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, classes))


def test_a_module_gets_numbers_as_class_names_where_nobody_named_them() -> None:
    classifier = classifier_of_module(linear(), (3, 2, 2))
    assert classifier.classes == ("0", "1", "2")
    assert classifier.name == "Sequential"
    assert classifier.preprocessing.mean == (0.0, 0.0, 0.0)
    assert classifier.preprocessing.standard_deviation == (1.0, 1.0, 1.0)


def test_classes_are_found_by_name_then_by_index() -> None:
    classifier = classifier_of_module(linear(), (3, 2, 2), classes=("2", "zebra", "horse"))
    assert [classifier.class_index(x) for x in ("zebra", "2", 2, "1")] == [1, 0, 2, 1]


@pytest.mark.parametrize(
    ("wanted", "near"), [("zebar", "zebra"), ("3", "one of its 3"), (-1, "one of")]
)
def test_an_unknown_class_lists_the_nearest_names(wanted: Any, near: str) -> None:
    classifier = classifier_of_module(linear(), (3, 2, 2), classes=("cow", "zebra", "horse"))
    with pytest.raises(ClassNotFoundError, match=near):
        classifier.class_index(wanted)


@pytest.mark.parametrize(
    ("model", "shape", "options", "words"),
    [
        (linear(), (3, 2, 2), {"classes": ("a", "b")}, r"expected \(1, 2\)"),
        (linear(), (3, 4, 4), {}, "fails on one picture of 3×4×4"),
        (linear(), (2, 2, 3), {}, "2 channels"),
        (linear(), (3, 2, 2), {"mean": (0.5,)}, "1 numbers in mean"),
        (linear().to(torch.bfloat16), (3, 2, 2), {}, "bfloat16"),
        (nn.Conv2d(3, 4, 1), (3, 2, 2), {}, "give a classifier"),
    ],
)
def test_what_can_not_be_looked_into_is_refused(
    model: nn.Module, shape: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelArgumentError, match=words):
        classifier_of_module(model, shape, **options)


@pytest.fixture(scope="module")
def stripes_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run whose weights hardly moved, so that its first state is known from its last."""
    random = np.random.default_rng(0)
    split = random.integers(0, 256, (60, 16, 16), np.uint8), np.array(["across", "down"] * 30)
    recipe = {**QUIET, "epochs": 1, "optimizer": {"lr": 1e-30}}
    out = tmp_path_factory.mktemp("runs") / "still"
    return grevy.train({"train": split}, recipe, seed=7, out=out, device="cpu", listener=Listener())


def weights(classifier: Classifier) -> dict[str, torch.Tensor]:
    return classifier.model.state_dict()


def test_a_run_gives_its_preprocessing_and_classes(stripes_run: Run) -> None:
    classifier = classifier_of_run(stripes_run.path, device="cpu")
    recorded = stripes_run.record.preprocessing
    assert classifier.preprocessing.shape == (1, 16, 16)
    assert classifier.preprocessing.mean == recorded.mean
    assert classifier.classes == ("across", "down")
    assert classifier.name == "still"
    assert classifier.device == torch.device("cpu")


def test_a_run_has_an_initial_a_last_and_a_best_state(stripes_run: Run) -> None:
    steps = stripes_run.results["steps"]
    best = stripes_run.results["best_step"]
    assert set(snapshots_of(stripes_run)) == {
        Snapshot("initial", 0),
        Snapshot("last", steps),
        Snapshot("best", best),
    }
    assert classifier_of_run(stripes_run, "last", device="cpu").name == f"still at step {steps}"


def test_the_initial_state_is_drawn_again_bit_for_bit(stripes_run: Run) -> None:
    torch.manual_seed(123)  # whatever the program has drawn before
    expected = torch.get_rng_state()
    initial = weights(classifier_of_run(stripes_run, "initial", device="cpu"))
    last = weights(classifier_of_run(stripes_run, "last", device="cpu"))
    assert torch.equal(torch.get_rng_state(), expected)
    for name, tensor in initial.items():
        assert torch.equal(tensor, last[name]), name
    other = build_model("base", (1, 16, 16), 2).state_dict()
    assert not torch.equal(initial["conv1.weight"], other["conv1.weight"])


def test_the_last_state_is_that_of_the_averaged_weights_where_there_are(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    split = random.integers(0, 256, (40, 16, 16), np.uint8), np.array(["a", "b"] * 20)
    recipe = {**QUIET, "epochs": 1, "average_decay": 0.5, "model": {"name": "net1"}}
    out = tmp_path / "run"
    run = grevy.train({"train": split}, recipe, out=out, device="cpu", listener=Listener())
    if run.results["best_step"] == run.results["steps"]:
        expected = safetensors.torch.load_file(run.directory.weights_file)
    else:
        expected = None
    last = weights(classifier_of_run(run, "last", device="cpu"))
    initial = weights(classifier_of_run(run, "initial", device="cpu"))
    assert not torch.equal(last["conv1.weight"], initial["conv1.weight"])
    assert expected is None or all(torch.equal(last[name], expected[name]) for name in last)


def test_a_run_without_a_checkpoint_has_no_last_state(stripes_run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "run.json").write_bytes(stripes_run.directory.record_file.read_bytes())
    with pytest.raises(RunNotFoundError, match="without its checkpoint"):
        classifier_of_run(copy, "last")
    assert Snapshot("last", 0) not in snapshots_of(Run(type(stripes_run.directory)(copy)))
