"""A classifier is opened once, from a run, a name or a module, and then answers."""

from __future__ import annotations

import io
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import nn

import grevy
from grevy.classifier.run import Run
from grevy.errors import (
    ClassMismatchError,
    DataFormatError,
    MissingSplitError,
    RunNotFoundError,
    UsageError,
)
from grevy.models import registry
from grevy.training.listeners.listener import Listener

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (40, 16, 16, 3), np.uint8)
LABELS = np.array(["cow", "zebra"] * 20)
DATA = {"train": (PIXELS, LABELS), "test": (PIXELS[:9], LABELS[:9])}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose data can be found again."""
    folder = tmp_path_factory.mktemp("data")
    arrays = {f"x_{split}": images for split, (images, _) in DATA.items()}
    names = {f"y_{split}": labels for split, (_, labels) in DATA.items()}
    np.savez(folder / "animals.npz", **arrays, **names)
    recipe = {"epochs": 1, "batch_size": 8, "patience": 0, "precision": "fp32"}
    out = tmp_path_factory.mktemp("runs") / "animals"
    where = folder / "animals.npz"
    return grevy.train(where, recipe, out=out, device="cpu", listener=Listener())


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def means() -> nn.Module:
    """Logits are the mean red and the mean green of a picture."""

    class Means(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))
            self.drop = nn.Dropout(0.5)

        def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
            return self.drop(self.scale * images_BCHW.mean((2, 3))[:, :2])

    return Means()


def test_an_open_classifier_stays_loaded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    load = safetensors.torch.load
    monkeypatch.setattr(
        safetensors.torch, "load", lambda content: reads.append(content) or load(content)
    )
    classifier = grevy.open(run, device="cpu")
    assert len(reads) == 1
    first, second = classifier.predict(PIXELS[:3]), classifier.predict(PIXELS[:3])
    assert first == second
    assert grevy.predict(classifier, PIXELS[:3]) == first
    grevy.evaluate(classifier, split="validation")
    assert len(reads) == 1


def test_a_run_tells_what_it_is(run: Run) -> None:
    classifier = grevy.open(str(run.path), snapshot="last", device="cpu")
    assert classifier.precision == "fp32"
    assert classifier.classes == ("cow", "zebra")
    assert classifier.weights_from == f"{run.path}, last (step {run.record.results.steps})"
    assert classifier.run == run


def test_predict_is_the_same_call_whether_the_run_is_open_or_not(run: Run) -> None:
    open_one = grevy.open(run, device="cpu")
    for what in (run, run.path, str(run.path), open_one):
        assert grevy.predict(what, PIXELS) == open_one.predict(PIXELS)


def test_evaluating_gives_the_figures_of_the_record_and_is_counted(run: Run) -> None:
    classifier, before = grevy.open(run, device="cpu"), run.record.test_reads
    recorded = run.record.results.splits["test"]
    found = classifier.evaluate()
    assert (found["loss"], found["accuracy"], found["n"]) == (
        recorded.loss,
        recorded.accuracy,
        recorded.n,
    )
    assert found["test_reads"] == before + 1 == run.record.test_reads
    assert found["counted"]


def test_test_pictures_are_counted_however_they_are_named_and_others_are_not(run: Run) -> None:
    classifier, before = grevy.open(run, device="cpu"), run.record.test_reads
    by_another_name = {"train": DATA["train"], "validation": DATA["test"]}
    named = ((run.record.data.where, "test"), (DATA, "test"), (by_another_name, "validation"))
    for reads, (where, split) in enumerate(named, before + 1):
        found = classifier.evaluate(where, split=split)
        assert (found["counted"], found["test_reads"]) == (True, reads)
    others = {"train": DATA["train"], "test": (PIXELS[9:20], LABELS[9:20])}
    for where, split in ((others, "test"), (DATA, "train"), (None, "validation")):
        found = classifier.evaluate(where, split=split)
        assert (found["counted"], found["test_reads"]) == (False, before + 3)


def test_logits_are_those_of_the_record(run: Run) -> None:
    classifier = grevy.open(run, device="cpu")
    logits_NK = classifier.logits(classifier.prepare(PIXELS[:9]).images_NCHW)
    np.testing.assert_allclose(logits_NK, run.predictions("test").logits_NK, atol=1e-5)
    assert not logits_NK.requires_grad


def test_a_picture_in_any_form_gets_the_same_answer(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    path.write_bytes(png(PIXELS[0]))
    forms = [path, str(path), png(PIXELS[0]), Image.fromarray(PIXELS[0]), PIXELS[0]]
    classifier = grevy.open(run, device="cpu")
    (expected,) = classifier.predict(PIXELS[0])
    for form in forms:
        (found,) = classifier.predict(form)
        assert found.probabilities == expected.probabilities
    mixed = classifier.predict([*forms, PIXELS[:2], tmp_path])
    assert [p.picture for p in mixed] == [str(path)] * 2 + ["2", "3", "4", "5", "6", str(path)]
    assert len({p.probability for p in mixed}) == 2  # PIXELS[1] is the other one


def test_gray_pictures_are_taken_alone_and_together(run: Run) -> None:
    gray = PIXELS[:5, :, :, 0]
    together = grevy.predict(run, gray, device="cpu")
    assert len(together) == 5
    for one, alone in zip(together, gray, strict=True):
        (answer,) = grevy.predict(run, alone, device="cpu")
        assert answer.probability == pytest.approx(one.probability, abs=1e-6)


def test_three_pictures_or_one_with_its_channels_first_is_for_the_user_to_say(run: Run) -> None:
    with pytest.raises(DataFormatError, match="channels to the end"):
        grevy.predict(run, PIXELS[0].transpose(2, 0, 1), device="cpu")
    gray = grevy.open(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), input_shape=(1, 8, 8))
    assert len(gray.predict(np.zeros((3, 8, 8), np.uint8))) == 3


def test_what_cannot_be_read_has_its_error_in_its_place(run: Run) -> None:
    good, bad, after = grevy.predict(run, [png(PIXELS[0]), b"no picture", PIXELS[1]], device="cpu")
    assert good.error is None
    assert after.error is None
    assert bad.class_name is None
    assert bad.error == "not a picture (begins with b'no picture')"


@pytest.mark.parametrize("what", [3, None, {"a": 1}, torch.zeros(3, 8, 8), [2.5], object()])
def test_what_is_no_picture_is_one_clear_error(run: Run, what: Any) -> None:
    with pytest.raises(DataFormatError, match=r"a picture of type .* expected a path, the bytes"):
        grevy.predict(run, what, device="cpu")


def test_a_module_answers_with_the_preprocessing_that_it_is_given() -> None:
    classifier = grevy.open(
        means(),
        input_shape=(3, 2, 2),
        classes=["red", "green"],
        mean=[0.5, 0.5, 0.5],
        standard_deviation=[0.25, 0.25, 0.25],
    )
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[..., 0] = 255
    (answer,) = classifier.predict(pixels)
    assert answer.class_name == "red"
    assert answer.probability == pytest.approx(1 / (1 + np.exp(-4)))  # logits 2 and −2
    assert classifier.weights_from == "the module as it was given"


def test_a_module_is_left_as_it_was() -> None:
    module = means().train()
    module.drop.eval()
    classifier = grevy.open(module, input_shape=(3, 4, 4), classes=2)
    assert classifier.classes == ("0", "1")
    pictures = np.full((4, 4, 4, 3), 100, np.uint8)
    assert len({p.probability for p in classifier.predict(pictures)}) == 1  # no dropout
    assert module.training
    assert not module.drop.training


def test_a_module_is_evaluated_on_data_with_its_classes() -> None:
    classifier = grevy.open(means(), input_shape=(3, 16, 16), classes=["cow", "zebra"])
    found = classifier.evaluate(DATA)
    right = [
        bool(p.class_name == label)
        for p, label in zip(classifier.predict(PIXELS[:9]), LABELS, strict=False)
    ]
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["test_reads"] is None
    assert set(found["classes"]) == {"cow", "zebra"}
    assert classifier.evaluate(grevy.load_data(DATA), split="test") == found


def test_data_that_does_not_belong_to_a_module_is_refused() -> None:
    classifier = grevy.open(means(), input_shape=(3, 16, 16), classes=["cow", "zebra"])
    with pytest.raises(UsageError, match="which no run trained"):
        classifier.evaluate()
    with pytest.raises(MissingSplitError, match="no test split"):
        classifier.evaluate({"train": DATA["train"]})
    with pytest.raises(ClassMismatchError, match="the network's classes cow, zebra"):
        classifier.evaluate(
            {split: (x, np.where(y == "cow", "a", "b")) for split, (x, y) in DATA.items()}
        )
    small = grevy.open(means(), input_shape=(3, 8, 8), classes=["cow", "zebra"])
    assert small.evaluate(DATA)["n"] == 9  # brought to its size
    with pytest.raises(DataFormatError, match="pictures of 3×16×16; expected 3×8×8"):
        small.evaluate(grevy.load_data(DATA))


def test_a_network_by_name_answers_with_the_names_it_is_given() -> None:
    classifier = grevy.open("base", input_shape=(3, 16, 16), classes=["cow", "zebra"], device="cpu")
    assert classifier.predict(PIXELS[0])[0].class_name in ("cow", "zebra")
    assert "random" in classifier.notes[0]
    assert grevy.open("base", classes=7, device="cpu").classes == tuple("0123456")


def test_a_network_of_an_installed_package_is_found_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_builders", dict(registry._builders))
    point = metadata.EntryPoint("colours", "a_package.colours", "grevy.models")
    monkeypatch.setattr(
        metadata.EntryPoint, "load", lambda point: grevy.register_model(point.name)(means)
    )
    monkeypatch.setattr(
        metadata, "entry_points", lambda group: [point] if group == "grevy.models" else []
    )
    assert grevy.open("colours", classes=["red", "green"]).classes == ("red", "green")


def test_an_argument_that_would_say_nothing_is_refused(run: Run) -> None:
    with pytest.raises(UsageError, match="classes for a run; expected classes for a network by"):
        grevy.open(run, classes=3)
    with pytest.raises(UsageError, match="snapshot for a network by name"):
        grevy.open("base", snapshot="last")
    with pytest.raises(UsageError, match="device for an open classifier"):
        grevy.predict(grevy.open("base"), PIXELS, device="cpu")
    with pytest.raises(UsageError, match="without input_shape"):
        grevy.open(means())


def test_neither_a_run_nor_a_network_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match="'resnt18'; expected resnet18"):
        grevy.open("resnt18")
    with pytest.raises(RunNotFoundError, match="no run at"):
        grevy.open(tmp_path / "absent")
    with pytest.raises(RunNotFoundError, match="no run at"):
        grevy.open("runs/absent")


def test_labels_go_by_name_also_where_names_are_numbers_in_another_order() -> None:
    classifier = grevy.open(means(), input_shape=(3, 16, 16), classes=("90", "180"))
    bright = np.zeros((20, 16, 16, 3), np.uint8)
    bright[::2, ..., 0], bright[1::2, ..., 1] = 200, 200
    names = np.array(["90", "180"] * 10)
    for labels in (names, names.astype(int)):
        data = grevy.load_data({"train": (bright, labels), "test": (bright, labels)})
        assert grevy.evaluate(classifier, data)["accuracy"] == 1.0
    backwards = grevy.open(means(), input_shape=(3, 16, 16), classes=("180", "90"))
    assert grevy.evaluate(backwards, data)["accuracy"] == 0.0
    numbered = grevy.load_data({"train": (bright, np.arange(20) % 2)})
    with pytest.raises(ClassMismatchError, match="numbers without names"):
        grevy.evaluate(classifier, numbered, split="train")


def test_a_number_is_an_index_and_else_a_name() -> None:
    classifier = grevy.open(means(), input_shape=(3, 16, 16), classes=("90", "180"))
    assert [classifier.class_index(which) for which in (1, "1", 180, "180")] == [1, 1, 1, 1]
