"""Nothing is answered from numbers that are none: where they arise, there is an error."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import nn

import grevy
from grevy.classifier.logits import logits_of
from grevy.data.batches import PicturesOnDevice
from grevy.data.types import Split
from grevy.errors import NonFiniteLossError, NotFiniteError
from grevy.models.finite import require_finite_weights, where_it_arises
from grevy.models.weights import load_weights
from grevy.records.summed import SUM
from grevy.training.listeners.listener import Listener


class Sometimes(nn.Module):
    """Its second layer makes `odd` of bright pictures."""

    def __init__(self, odd: float = math.nan) -> None:
        super().__init__()
        self.first, self.second = nn.Flatten(), Odd(odd)
        self.last = nn.Linear(48, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.last(self.second(self.first(images)))


class Odd(nn.Module):
    def __init__(self, odd: float) -> None:
        super().__init__()
        self.odd = odd

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.where(values.mean(1, keepdim=True) > 0.7, self.odd, values)


def pictures(*levels: int) -> np.ndarray:
    return np.stack([np.full((4, 4, 3), level, np.uint8) for level in levels])


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_picture_that_a_network_has_no_answer_to_is_named(odd: float, tmp_path: Path) -> None:
    classifier = grevy.open(Sometimes(odd), input_shape=(3, 4, 4), classes=("a", "b"))
    assert len(classifier.predict(pictures(10, 100))) == 2
    for level, name in ((10, "dark.png"), (250, "light.png"), (251, "lighter.png")):
        Image.fromarray(pictures(level)[0]).save(tmp_path / name)
    said = r"for 2 of 3 pictures, first .*light\.png \(first behind layer 'second'\)"
    with pytest.raises(NotFiniteError, match=said):
        classifier.predict(tmp_path)
    images = classifier.prepare(pictures(10, 250)).images_NCHW
    with pytest.raises(NotFiniteError, match="first picture 1 "):
        classifier.logits(images)


def test_what_arises_between_layers_is_said_to_be_before_the_next() -> None:
    class Between(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.last = nn.Flatten(), nn.Linear(12, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.last((self.flat(images) - 0.5).log())

    assert where_it_arises(Between(), torch.zeros(1, 3, 2, 2)) == " (first before layer 'last')"
    assert where_it_arises(Between(), torch.ones(1, 3, 2, 2)) == ""
    assert "normalised picture" in where_it_arises(Between(), torch.full((1, 3, 2, 2), math.inf))


def test_an_evaluation_names_the_picture_too(tmp_path: Path) -> None:
    classifier = grevy.open(Sometimes(), input_shape=(3, 4, 4), classes=("a", "b"))
    data = {"test": (pictures(10, 20, 250, 30), ["a", "b", "a", "b"])}
    with pytest.raises(NotFiniteError, match=r"1 of 4 pictures, first test/000002 .*'second'"):
        classifier.evaluate(data)


def test_a_part_of_a_split_names_its_pictures_by_their_place_in_the_whole() -> None:
    images = pictures(10, 20, 30, 250).transpose(0, 3, 1, 2)
    split = Split(np.ascontiguousarray(images), np.zeros(4, np.int64), tuple("abcd"), "", "")
    near = PicturesOnDevice(split, torch.device("cpu"), torch.zeros(3), torch.ones(3))
    index = torch.tensor([1, 3])
    with pytest.raises(NotFiniteError, match="1 of 2 pictures, first d "):
        logits_of(Sometimes(), near, "fp32", index_N=index, names=split.ids)
    with pytest.raises(NotFiniteError, match="1 of 2 pictures "):
        logits_of(Sometimes(), near, "bf16", index_N=index)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused_by_name(value: float) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    with torch.no_grad():
        model[1].weight[0, :2] = value
    with pytest.raises(NotFiniteError, match=r"2 numbers NaN or infinite: 1\.weight \(2\)"):
        grevy.open(model, input_shape=(3, 2, 2))


def test_running_statistics_must_be_finite_and_masks_may_be_infinite() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    model.register_buffer("mask", torch.tensor([0.0, -math.inf]))
    require_finite_weights(model, "weights", "")
    model[1].running_var[0] = math.inf  # its answers are finite: all 0 before the bias
    with pytest.raises(NotFiniteError, match="running_var"):
        grevy.open(model, input_shape=(3, 2, 2))
    model[1].running_var[0] = 1
    model.mask[0] = math.nan
    with pytest.raises(NotFiniteError, match="mask"):
        require_finite_weights(model, "weights", "")


def test_a_foreign_file_of_nan_weights_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    before = model.weight.clone()
    tensors = {"weight": torch.full((2, 3), math.nan), "bias": torch.zeros(2)}
    safetensors.torch.save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(NotFiniteError, match=r"w\.safetensors' with 6 numbers"):
        load_weights(model, tmp_path / "w.safetensors")
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize(
    ("mean", "deviation"), [(math.nan, 1.0), (0.0, math.inf), (0.0, 0.0), (0.0, math.nan)]
)
def test_statistics_that_make_no_numbers_are_refused(mean: float, deviation: float) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    with pytest.raises((NotFiniteError, ValueError), match=r"finite"):
        grevy.open(
            model, input_shape=(3, 2, 2), mean=[mean] * 3, standard_deviation=[deviation] * 3
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> grevy.Run:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (40, 16, 16), np.uint8), ["a", "b"] * 20
    recipe = {"epochs": 1, "batch_size": 16, "patience": 0, "precision": "fp32"}
    out = tmp_path_factory.mktemp("runs") / "run"
    data = {"train": (images, labels), "test": (images[:8], labels[:8])}
    return grevy.train(data, recipe, out=out, device="cpu", listener=Listener())


def test_a_run_with_damaged_weights_answers_nothing(run: grevy.Run) -> None:
    file = run.directory.weights_file
    whole = file.read_bytes()
    weights = safetensors.torch.load(whole)
    weights["conv1.weight"][0, 0, 0, 0] = math.nan
    safetensors.torch.save_file(weights, file)
    run.directory.change(files=run.directory.file_sums())  # NaN as it was written, and no damage
    picture = np.zeros((16, 16), np.uint8)
    try:
        for ask in (
            lambda: grevy.predict(run, picture),
            lambda: grevy.evaluate(run, {"test": (picture[None], ["a"])}),
            lambda: grevy.look(picture, run=run),
            lambda: grevy.look(run=run, method="filters", layer="conv1"),
        ):
            with pytest.raises(NotFiniteError, match=r"weights of run .*conv1\.weight \(1\)"):
                ask()
    finally:
        file.write_bytes(whole)
        run.directory.change(files=run.directory.file_sums())


def test_a_record_with_a_deviation_of_zero_predicts_nothing(run: grevy.Run) -> None:
    file = run.directory.record_file
    whole = file.read_bytes()
    record = json.loads(whole)
    record["preprocessing"]["standard_deviation"] = [0.0]
    del record[SUM]  # as it was written, and no damage
    file.write_text(json.dumps(record))
    try:
        with pytest.raises(NotFiniteError, match="standard deviation 0"):
            grevy.predict(run, np.zeros((16, 16), np.uint8))
    finally:
        file.write_bytes(whole)
        run.directory.change(files=run.directory.file_sums())


@grevy.register_model("nan when evaluated")
class NanWhenEvaluated(nn.Module):
    """Trains well, and has no answer in evaluation, as with running statistics that overflowed."""

    def __init__(self, input_shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.last = nn.Linear(math.prod(input_shape), classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = self.last(images.flatten(1))
        return logits if self.training else logits * math.nan


def test_a_check_without_a_finite_answer_stops_the_training(tmp_path: Path) -> None:
    images, labels = np.zeros((40, 8, 8), np.uint8), ["a", "b"] * 20
    recipe = {
        **{"epochs": 2, "batch_size": 16, "patience": 0, "precision": "fp32"},
        "model": {"name": "nan when evaluated"},
    }
    said = r"NaN for 4 of 4 pictures at the check after step 1 .*--optimizer\.lr"
    with pytest.raises(NonFiniteLossError, match=said):
        grevy.train({"train": (images, labels)}, recipe, out=tmp_path / "run", listener=Listener())
    assert grevy.open_run(tmp_path / "run").record.status == "failed"
