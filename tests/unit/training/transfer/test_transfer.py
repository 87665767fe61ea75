"""Transfer: what is trained, where a network is cut, and that kept features change nothing."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

import grevy
from grevy.data.randomness import own_randomness
from grevy.errors import RecipeValueError, WeightsError
from grevy.models import build_model
from grevy.models.transfer.cut import find_cut
from grevy.models.transfer.frozen import set_training, trained_layers
from grevy.models.transfer.fuse import fuse_batch_norms
from grevy.models.transfer.head import adapt_channels, head_name, replace_head
from grevy.models.transfer.initial import begin_with
from grevy.models.transfer.resize import resize
from grevy.recipes.load import load_recipe
from grevy.recipes.transfer import TransferConfig
from grevy.training.listeners.listener import Listener
from grevy.training.optimizers.build import blocks_from_head, build_optimizer

Arrays = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("side", [20, 48, 100])
def test_resizing_is_pillows_within_one_level(interpolation: str, side: int) -> None:
    picture_HWC = np.random.default_rng(0).integers(64, 192, (40, 40, 3), dtype=np.uint8)
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    theirs = np.asarray(Image.fromarray(picture_HWC).resize((side, side), filters[interpolation]))
    images_BCHW = torch.from_numpy(picture_HWC).permute(2, 0, 1)[None].float()
    ours = resize(images_BCHW, side, interpolation)[0].permute(1, 2, 0).clamp(0, 255).numpy()
    assert np.abs(ours - theirs).max() <= 1.2


def test_the_assignments_choice_is_the_last_five_convolutions_and_the_head() -> None:
    network = build_model("resnet18", (3, 64, 64), 10)
    layers = trained_layers(network, "last:5")
    convolutions = [n for n in layers.trained if isinstance(network.get_submodule(n), nn.Conv2d)]
    assert len(convolutions) == 5
    assert all(name.startswith("layer4.") for name in convolutions)
    assert layers.trained[-1] == "fc"
    assert trained_layers(network, "assignment") == layers
    assert trained_layers(network, "head").trained == ("fc",)
    assert trained_layers(network, "blocks:layer4").trained == layers.trained
    assert trained_layers(network, "all").frozen == ()


@pytest.mark.parametrize(
    ("train", "words"),
    [("last:99", "has 20"), ("last:0", "last 0"), ("blocks:nose", "nose"), ("some", "head, last")],
)
def test_what_is_not_in_the_network_is_refused(train: str, words: str) -> None:
    with pytest.raises(RecipeValueError, match=words):
        trained_layers(build_model("resnet18", (3, 32, 32), 10), train)


@pytest.mark.parametrize("name", ["resnet18", "timm:tf_efficientnet_lite0", "timm:convnext_atto"])
@pytest.mark.parametrize("train", ["head", "last:5"])
def test_front_and_back_are_the_network(name: str, train: str) -> None:
    network = build_model(name, (3, 64, 64), 10)
    cut = find_cut(network, trained_layers(network, train))
    assert cut is not None
    images_BCHW = torch.randn(2, 3, 64, 64)
    network.eval()
    with torch.no_grad():
        joined = cut.back_of(network)(cut.front_of(network)(images_BCHW))
        torch.testing.assert_close(joined, network(images_BCHW), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["resnet18", "timm:tf_efficientnet_lite0"])
def test_a_front_without_its_batch_norms_is_the_same_function(name: str) -> None:
    network = build_model(name, (3, 64, 64), 10)
    for module in network.modules():  # fresh statistics, 0 and 1, would hide a mistake
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    network.eval()
    cut = find_cut(network, trained_layers(network, "head"))
    assert cut is not None
    images_BCHW = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = cut.front_of(network)(images_BCHW)
        fused = fuse_batch_norms(cut.front_of(network))
        torch.testing.assert_close(fused(images_BCHW), expected, rtol=1e-4, atol=1e-5)
        again = cut.front_of(network)(images_BCHW)
    assert not [m for m in fused.modules() if isinstance(m, nn.BatchNorm2d)]
    assert torch.equal(again, expected)  # the network's own layers stayed as they were


def test_training_the_back_trains_the_network_and_leaves_the_front() -> None:
    network = build_model("timm:tf_efficientnet_lite0", (3, 64, 64), 10)
    layers = trained_layers(network, "last:2")
    cut = find_cut(network, layers)
    assert cut is not None
    before = copy.deepcopy(network.state_dict())
    back = cut.back_of(network)
    features = cut.front_of(network).eval()(torch.randn(4, 3, 64, 64)).detach()
    set_training(back, layers, frozen_statistics=False)
    optimizer = torch.optim.SGD([p for p in back.parameters() if p.requires_grad], lr=0.1)
    back(features).square().sum().backward()
    optimizer.step()
    changed = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert {name.rpartition(".")[0] for name in changed} == set(layers.trained)


def test_dropout_in_front_of_the_head_is_never_kept() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 2)
    )
    cut = find_cut(network, trained_layers(network, "head"))
    assert cut is not None
    assert cut.after == "_2"


def test_paths_dropped_at_random_inside_the_frozen_part_are_kept_whole() -> None:
    network = build_model("torchvision:efficientnet_b0", (3, 32, 32), 3)
    layers = trained_layers(network, "last:1")
    cut = find_cut(network, layers)
    assert cut is not None
    dropping = [n for n, m in network.named_modules() if type(m).__name__ == "StochasticDepth"]
    dropping.remove("features.7.0.stochastic_depth")  # of a block without a path around it
    set_training(network, layers, frozen_statistics=False)
    assert dropping
    assert not any(network.get_submodule(name).training for name in dropping)
    assert network.classifier[0].training  # the dropout before the head is no frozen layer's
    assert network.features[8].training
    assert not [n for n in cut.back.nodes if "stochastic" in n.name]


def test_a_network_that_goes_by_values_is_not_cut() -> None:
    class ByValue(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.linear = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.convolution(images)
            return self.linear(maps.mean((2, 3)) if maps.sum() > 0 else maps.amax((2, 3)))

    network = ByValue()
    assert find_cut(network, trained_layers(network, "head")) is None


def train(place: Path, data: Arrays, **fields: Any) -> grevy.Run:
    recipe = {
        "model": {"name": "resnet18", "resize": 24},
        "transfer": {"train": "last:5", "cache": fields.pop("cache")},
        "augment": {"flip": fields.pop("flip", "random")},
        "optimizer": {"name": "adam", "lr": 1e-3},
        "precision": "fp32",
        "batch_size": 20,
        "epochs": 2,
        **fields,
    }
    return grevy.train(data, recipe, out=place, listener=Listener())


@pytest.mark.parametrize("flip", ["none", "random", "alternating"])
def test_kept_features_give_the_same_losses(tmp_path: Path, stripes: Arrays, flip: str) -> None:
    kept = train(tmp_path / "kept", stripes, cache=True, flip=flip)
    whole = train(tmp_path / "whole", stripes, cache=False, flip=flip)
    assert kept.record.trained.cut is not None
    assert whole.record.trained.cut is None
    losses = [[row["loss"] for row in run.steps] for run in (kept, whole)]
    assert np.abs(np.subtract(*losses)).max() < 1e-3
    again = grevy.evaluate(kept, stripes)
    assert again["accuracy"] == kept.results["test"]["accuracy"]


def test_frozen_layers_keep_weights_and_statistics(tmp_path: Path, stripes: Arrays) -> None:
    for cache in (True, False):
        run = train(tmp_path / str(cache), stripes, cache=cache)
        weights = load_file(run.path / "model.safetensors")
        with own_randomness(0):
            initial = build_model("resnet18", (1, 16, 16), 2, resize=24).state_dict()
        frozen = [n for n in initial if n.startswith(("conv1", "bn1", "layer1", "layer3"))]
        assert all(torch.equal(weights[name], initial[name]) for name in frozen)
        assert not torch.equal(weights["layer4.1.conv2.weight"], initial["layer4.1.conv2.weight"])
        assert int(weights["bn1.num_batches_tracked"]) == 0
        assert int(weights["layer4.0.bn1.num_batches_tracked"]) > 0


def test_augmentation_that_can_t_be_kept_is_said(tmp_path: Path, stripes: Arrays) -> None:
    class Ears(Listener):
        said_before = ""

        def said(self, text: str) -> None:
            Ears.said_before += text

    recipe = {
        "model": {"name": "resnet18"},
        "transfer": {"train": "head"},
        "augment": {"translate": 2},
        "test_time_shift": 1,
        "epochs": 1,
        "batch_size": 20,
    }
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=Ears())
    assert "translate and test_time_shift can't be kept" in Ears.said_before
    assert run.record.trained.cut is None
    assert run.results["test"]["test_time_shift"]["views"] == 3


def test_weights_begin_all_but_the_head(tmp_path: Path) -> None:
    torch.manual_seed(1)
    theirs = build_model("resnet18", (3, 64, 64), 1000)
    save_file(theirs.state_dict(), tmp_path / "w.safetensors")
    network = build_model("resnet18", (1, 64, 64), 3)
    beginning = begin_with(network, "resnet18", str(tmp_path / "w.safetensors"))
    assert beginning.head == "fc"
    assert network.fc.weight.shape == (3, 512)
    torch.testing.assert_close(network.conv1.weight, theirs.conv1.weight.sum(1, keepdim=True))
    torch.testing.assert_close(network.layer3[0].conv1.weight, theirs.layer3[0].conv1.weight)
    with pytest.raises(WeightsError, match="fit"):
        begin_with(
            build_model("resnet34", (3, 64, 64), 3), "resnet34", str(tmp_path / "w.safetensors")
        )
    with pytest.raises(WeightsError, match="no published weights"):
        begin_with(build_model("base", (3, 32, 32), 3), "base", "pretrained")


def test_a_head_and_a_first_layer_for_other_pictures() -> None:
    network = adapt_channels(replace_head(build_model("resnet18", (3, 32, 32), 1000), 7), 1)
    assert head_name(network) == "fc"
    assert network.eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 7)


def test_a_learning_rate_for_each_depth() -> None:
    network = build_model("resnet18", (3, 32, 32), 10)
    recipe = load_recipe({"optimizer": {"name": "adam", "lr": 0.1}})
    optimizer = build_optimizer(network, recipe.optimizer, TransferConfig(depth_decay=0.5))
    rates = [group["initial_lr"] for group in optimizer.param_groups]
    assert rates[:3] == [0.1, 0.05, 0.025]
    assert len(rates) == len(blocks_from_head(network)) == 10
    assert [*blocks_from_head(network)][-2:] == ["layer1.0", "conv1"]  # with its norm, bn1
    assert sum(p.numel() for g in optimizer.param_groups for p in g["params"]) == sum(
        p.numel() for p in network.parameters()
    )
    with pytest.raises(RecipeValueError, match="muon"):
        build_optimizer(
            network,
            load_recipe({"optimizer": {"name": "muon"}}).optimizer,
            TransferConfig(depth_decay=0.5),
        )


def test_blocks_are_unfrozen_one_after_the_other(tmp_path: Path, stripes: Arrays) -> None:
    place = tmp_path / "run"
    torch.manual_seed(0)
    recipe = {
        "model": {"name": "resnet18"},
        "transfer": {"unfreeze_every": 1.0, "train": "last:5"},
        "optimizer": {"name": "sgd", "lr": 0.1},
        "epochs": 1,
        "checks_per_epoch": 1,
        "batch_size": 20,
        "precision": "fp32",
    }
    grevy.train(stripes, recipe, out=place, listener=Listener())
    first = load_file(place / "model.safetensors")
    with own_randomness(0):
        initial = build_model("resnet18", (1, 16, 16), 2).state_dict()
    waiting = [n for n in initial if n.startswith("layer4.") and "num_batches" not in n]
    assert all(torch.equal(first[name], initial[name]) for name in waiting)  # and statistics
    assert not torch.equal(first["fc.weight"], initial["fc.weight"])
    grevy.train(stripes, {**recipe, "epochs": 2}, out=tmp_path / "long", listener=Listener())
    after = load_file(tmp_path / "long" / "model.safetensors")
    assert not torch.equal(after["layer4.1.conv1.weight"], initial["layer4.1.conv1.weight"])
    assert not torch.equal(after["layer4.1.bn1.running_mean"], initial["layer4.1.bn1.running_mean"])
    assert torch.equal(after["layer4.0.conv1.weight"], initial["layer4.0.conv1.weight"])
