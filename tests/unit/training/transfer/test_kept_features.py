"""Kept features: which are made and when, what their key depends on, and what can go wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import grevy
from grevy.classifier.snapshots import network_at
from grevy.data.features import FeatureFile
from grevy.errors import FeatureRangeError, RunMismatchError
from grevy.models import build_model
from grevy.models.transfer.preprocessing import other_statistics
from grevy.recipes.load import load_recipe
from grevy.training.listeners.listener import Listener

Arrays = dict[str, tuple[np.ndarray, np.ndarray]]


class Ears(Listener):
    """Writes down what it hears, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.tables: list[Sequence[Sequence[object]]] = []

    def said(self, text: str) -> None:
        self.heard.append(text)

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        self.tables.append(rows)

    def advanced(self, task: str, done: int, total: int) -> None:
        self.heard.append(f"{task}: {done} of {total}")

    def checked(self, row: Any, train_loss: float) -> None:
        self.heard.append("check")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREVY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def train(place: Path, data: Arrays, listener: Listener | None = None, **fields: Any) -> grevy.Run:
    recipe = {
        "model": {"name": "resnet18", "resize": 24, **fields.pop("model", {})},
        "transfer": {"train": "last:5", **fields.pop("transfer", {})},
        "optimizer": {"name": "adam", "lr": 1e-3},
        "precision": "fp32",
        "batch_size": 20,
        "epochs": 1,
        **fields,
    }
    return grevy.train(data, recipe, out=place, listener=listener or Listener())


def kept(cache: Path) -> list[tuple[str, int]]:
    """View and number of pictures of each entry."""
    found = [json.loads(path.read_text())["meta"] for path in cache.glob("*/meta.json")]
    return sorted((meta["view"], meta["count"]) for meta in found)


def test_mirror_images_are_made_only_where_they_are_shown(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    train(tmp_path / "plain", stripes)
    assert kept(cache) == [("plain", 12), ("plain", 40), ("plain", 108)]
    train(tmp_path / "flips", stripes, augment={"flip": "random"})
    assert kept(cache) == [("flipped", 108), ("plain", 12), ("plain", 40), ("plain", 108)]
    train(tmp_path / "both", stripes, test_time_flip=True)
    assert kept(cache)[:3] == [("flipped", 12), ("flipped", 40), ("flipped", 108)]


def test_test_pictures_are_read_when_the_training_is_over(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    ears = Ears()
    train(tmp_path / "run", stripes, ears)
    last_check = max(i for i, text in enumerate(ears.heard) if text == "check")
    first_test = min(i for i, text in enumerate(ears.heard) if "features of test" in text)
    assert first_test > last_check


def test_a_second_training_finds_the_features_and_others_do_not(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    for name in ("a", "b"):
        torch.manual_seed(ord(name))
        save_file(
            build_model("resnet18", (3, 24, 24), 9).state_dict(), tmp_path / f"{name}.safetensors"
        )

    def features_made(weights: str, **fields: Any) -> int:
        before = len(kept(cache))
        model = {"weights": str(tmp_path / f"{weights}.safetensors")}
        place = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        train(place, stripes, model={**model, **fields.pop("model", {})}, **fields)
        return len(kept(cache)) - before

    assert features_made("a") == 3
    assert features_made("a", optimizer={"name": "sgd", "lr": 0.1}) == 0
    assert features_made("b") == 3
    assert features_made("a", model={"resize": 28}) == 3
    assert features_made("a", transfer={"train": "head"}) == 3
    assert features_made("a", pictures={"mean": [0.4]}) == 3
    assert features_made("a", pictures={"split_seed": 1}) == 2  # the test split is the same


def test_what_half_precision_can_t_hold_is_refused_not_made_infinite() -> None:
    features = FeatureFile({"test": "range"}, 2, (3,), "float16")
    with pytest.raises(FeatureRangeError, match=r"70000.*65504.*fp32"):
        features.read_or_compute(lambda: [np.full((2, 3), 7e4, np.float32)], lambda _: None)
    with pytest.raises(FeatureRangeError, match="nan for 2 of 2 pictures, first number 1 of"):
        features.read_or_compute(lambda: [np.full((2, 3), np.nan, np.float32)], lambda _: None)
    assert not features.place.exists()
    left = features.place.parent.glob(f".{features.place.name}*")
    assert {path.suffix for path in left} <= {".lock"}


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lose_the_sums(path: Path) -> None:
    path.with_name("meta.json").unlink()


def forget_the_sums(path: Path) -> None:
    """As an older Grevy wrote them."""
    meta = path.with_name("meta.json")
    meta.write_text(json.dumps({"test": "damage", "count": 2, "shape": [3], "number": "float32"}))


def swap(path: Path) -> None:
    other = FeatureFile({"test": "other"}, 2, (3,), "float32")
    other.read_or_compute(lambda: [np.zeros((2, 3), np.float32)], lambda _: None)
    for file in path.parent.iterdir():
        file.write_bytes((other.place / file.name).read_bytes())


@pytest.mark.parametrize(
    "damage", [flip_a_bit, cut, empty, Path.unlink, lose_the_sums, forget_the_sums, swap]
)
def test_damaged_features_are_said_and_computed_anew(cache: Path, damage: Any) -> None:
    features = FeatureFile({"test": "damage"}, 2, (3,), "float32")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    told: list[int] = []
    said: list[str] = []
    np.testing.assert_array_equal(features.read_or_compute(lambda: [values], told.append), values)
    np.testing.assert_array_equal(features.read_or_compute(list, told.append), values)
    assert told == [2]
    damage(features.place / "features.npy")
    anew = features.read_or_compute(lambda: [values], told.append, said.append)
    np.testing.assert_array_equal(anew, values)
    assert told == [2, 2]
    assert f"damaged cache in {features.place}" in said[0]
    assert said[0].endswith("these features are computed anew")
    np.testing.assert_array_equal(features.read_or_compute(list, told.append), values)


def test_views_are_announced_by_split_in_the_numbers_of_the_progress(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    ears = Ears()
    train(tmp_path / "run", stripes, ears, augment={"flip": "random"})
    said = next(text for text in ears.heard if "MB on disk" in text)
    ends = "views (pictures plain and flipped): 216 of train, 12 of validation, 40 of test"
    assert said.endswith(ends)
    assert "features of train: 216 of 216" in ears.heard
    assert "features of validation: 12 of 12" in ears.heard


def test_what_the_frozen_front_costs_is_said_where_nothing_is_kept(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    ears = Ears()
    train(tmp_path / "run", stripes, ears, augment={"translate": 2, "flip": "random"})
    said = next(text for text in ears.heard if "anew" in text)
    assert " s an epoch: translate can't be kept" in said
    ears = Ears()
    train(tmp_path / "small", stripes, ears, transfer={"cache_limit": 1e-6})
    assert any("transfer.cache_limit is 1e-06" in text for text in ears.heard)
    assert not cache.exists()


def test_the_table_says_what_is_trained_and_at_which_rate(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    ears = Ears()
    transfer = {"depth_decay": 0.5, "unfreeze_every": 2.0}
    run = train(tmp_path / "run", stripes, ears, transfer=transfer)
    rows = [tuple(row) for row in ears.tables[0]]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("conv1 to layer3.1.bn2", "frozen", "–"),
        ("layer4.0.conv1 to layer4.0.downsample.1", "0.00025", "4"),
        ("layer4.1.conv1 to layer4.1.bn2", "0.0005", "2"),
        ("fc", "0.001", "0"),
    ]
    assert sum(int(row[2].replace(",", "")) for row in rows) == run.record.parameters


def test_small_data_gets_more_epochs_but_not_more_checks(tmp_path: Path, stripes: Arrays) -> None:
    recipe = {"model": {"name": "base"}, "batch_size": 50, "epochs": 2, "patience": 0}
    few = grevy.train(stripes, recipe, out=tmp_path / "few", listener=Listener())
    many = {**recipe, "least_steps": 41}
    run = grevy.train(stripes, many, out=tmp_path / "many", listener=Listener())
    assert few.results["steps"] == 4
    assert run.results["steps"] == 41
    assert run.results["epochs"] == 20.5
    assert [check["step"] for check in few.checks] == [1, 2, 3, 4]
    # Four intervals of 41 // 4 steps, and since numerics 2 a check at the last step.
    assert [check["step"] for check in run.checks] == [10, 20, 30, 40, 41]


def test_depthwise_layers_train_in_float32_and_the_rest_in_bf16() -> None:
    from grevy.classifier.precision import autocast, train_depthwise_in_fp32

    depthwise, pointwise = nn.Conv2d(8, 8, 5, padding=2, groups=8), nn.Conv2d(8, 8, 1)
    names = [*nn.Sequential(depthwise, pointwise).state_dict()]
    network = nn.Sequential(depthwise, pointwise)
    images_BCHW = torch.randn(2, 8, 5, 5)
    expected = depthwise(images_BCHW)
    train_depthwise_in_fp32(network)
    with autocast("bf16", torch.device("cpu")):
        torch.testing.assert_close(depthwise(images_BCHW), expected, rtol=0, atol=0)
        assert pointwise(images_BCHW).dtype == torch.bfloat16
        with torch.no_grad():
            assert depthwise(images_BCHW).dtype == torch.bfloat16
        depthwise.weight.requires_grad_(False)
        depthwise.bias.requires_grad_(False)  # type: ignore[union-attr]
        assert depthwise(images_BCHW).dtype == torch.bfloat16
        assert depthwise(images_BCHW.requires_grad_()).dtype == torch.float32
    assert [*network.state_dict()] == names


def test_evaluation_gives_the_figures_of_the_record_to_the_last_picture(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    run = train(tmp_path / "run", stripes, precision="bf16")
    for split in ("validation", "test"):
        again = grevy.evaluate(run, stripes, split=split)
        assert again["loss"] == pytest.approx(run.results[split]["loss"], abs=1e-6)
    images, labels = stripes["test"]
    predictions = grevy.predict(run, images)
    right = [p.class_name == label for p, label in zip(predictions, labels, strict=True)]
    assert np.mean(right) == run.results["test"]["accuracy"]


def shuffled(data: Arrays, split: str) -> Arrays:
    order = np.random.default_rng(5).permutation(len(data[split][0]))
    return {**data, split: (data[split][0][order], data[split][1][order])}


def test_features_belong_to_their_rows_also_when_these_change_places(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    first = train(tmp_path / "first", stripes, epochs=3)
    second = train(tmp_path / "second", shuffled(stripes, "test"), epochs=3)
    assert first.results["test"]["accuracy"] > 0.6
    assert second.results["test"] == pytest.approx(first.results["test"], abs=1e-5)


def test_without_space_the_front_is_computed_anew_and_that_is_said(
    cache: Path, tmp_path: Path, stripes: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grevy.training.transfer.kept_features.free_space", lambda _: 1000)
    ears = Ears()
    run = train(tmp_path / "run", stripes, ears)
    assert any(" s an epoch: features of 0.0 GB, 0.0 GB are free in" in t for t in ears.heard)
    assert run.record.trained.cut is None


def test_processes_that_want_the_same_features_wait_for_the_first_one(cache: Path) -> None:
    features = FeatureFile({"test": "lock"}, 4, (1,), "float32")
    computed: list[int] = []

    def compute() -> list[np.ndarray]:
        computed.append(1)
        time.sleep(0.2)
        return [np.ones((4, 1), np.float32)]

    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: features.read_or_compute(compute, lambda _: None), range(4))
        )
    assert len(computed) == 1
    assert all(np.array_equal(array, np.ones((4, 1))) for array in found)


def test_a_run_goes_on_only_with_the_file_of_weights_that_it_began_with(
    cache: Path, tmp_path: Path, stripes: Arrays
) -> None:
    path = tmp_path / "weights.safetensors"
    recipe = {
        "model": {"name": "resnet18", "weights": str(path)},
        "transfer": {"train": "head"},
        "batch_size": 20,
        "epochs": 2,
        "precision": "fp32",
    }
    save_file(build_model("resnet18", (3, 16, 16), 9).state_dict(), path)
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=Listener())
    run.directory.change(status="interrupted")
    save_file(build_model("resnet18", (3, 16, 16), 9).state_dict(), path)
    with pytest.raises(RunMismatchError, match="another file of weights"):
        grevy.train(stripes, recipe, out=tmp_path / "run", resume=True, listener=Listener())
    run.directory.change(status="finished")
    with pytest.raises(RunMismatchError, match=r"weights\.safetensors with SHA-256"):
        network_at(run, "initial")
    path.unlink()
    assert network_at(run, "last")[1] > 0  # a checkpoint holds all of it


def test_statistics_that_are_not_those_of_the_weights_are_said() -> None:
    recipe = load_recipe({"model": {"name": "resnet18", "weights": "pretrained"}})
    assert "mean 0.485, 0.456, 0.406" in (other_statistics(recipe) or "")
    assert other_statistics(load_recipe("resnet18-transfer")) is None
    assert other_statistics(load_recipe("base")) is None
