"""Hard examples: what a proxy selects, against losses and steps written out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F

import grevy
from grevy.data.batches import PicturesOnDevice
from grevy.data.load import load_data
from grevy.data.randomness import own_randomness
from grevy.errors import ModelArgumentError, RecipeValueError
from grevy.recipes.load import load_recipe
from grevy.records.checkpoint import load_checkpoint
from grevy.training.distributed import World
from grevy.training.listeners.listener import Listener
from grevy.training.profile.timer import LoopTimer
from grevy.training.selection import begin_proxy, hardest, kept_pictures, proxy_of, select
from grevy.training.setup.prepare import prepare
from grevy.training.state import Setup, State

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUIET = Listener()
CPU = torch.device("cpu")
NETWORK = {"widths": [6, 8, 8], "kernel": 3, "norm": "batch", "whitening": 2, "activation": "gelu"}
SELECTION = {"keep": 0.5, "train_every": 4, "proxy": {"convnet": {"widths": [4, 4, 4]}}}
RECIPE: dict[str, Any] = {
    "model": {"name": "base", "convnet": NETWORK},
    "selection": SELECTION,
    "augment": {"flip": "alternating", "translate": 2, "cutout": 4},
    "optimizer": {"lr": 0.1, "momentum": 0.85, "nesterov": True},
    "label_smoothing": 0.2,
    "batch_size": 18,
    "epochs": 2,
    "checks_per_epoch": 1,
    "patience": 0,
    "precision": "fp32",
}


def prepared(stripes: Stripes, seed: int = 5, **changes: Any) -> tuple[Setup, State]:
    recipe = load_recipe({**RECIPE, **changes})
    with own_randomness(seed):
        data = load_data(stripes, recipe.pictures)
        return prepare(data, recipe, seed, CPU, World())


def steps_of(run: grevy.Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.path / "steps.jsonl").read_text().splitlines()]


def test_the_hardest_are_those_of_the_largest_losses_in_their_order() -> None:
    losses_B = torch.tensor([0.5, 3.0, 0.1, 2.0, 2.0, 0.2])
    assert hardest(losses_B, 2).tolist() == [1, 4]
    assert hardest(losses_B, 3).tolist() == [1, 3, 4]
    assert hardest(losses_B, 6).tolist() == list(range(6))


def test_side_by_side_is_the_same_as_first_the_proxy_and_then_the_network(
    stripes: Stripes, tmp_path: Path
) -> None:
    """airbench96's two phases, with torch's SGD and masks as it has them."""
    run = grevy.train(stripes, RECIPE, seed=5, out=tmp_path / "run", listener=QUIET)
    setup, state = prepared(stripes)
    assert state.proxy is not None
    network, proxy = state.model.train(), state.proxy.model.train()

    def losses_of(model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> Any:
        return F.cross_entropy(model(images), labels, label_smoothing=0.2, reduction="none")

    def sgd(model: torch.nn.Module) -> torch.optim.SGD:
        trained = [p for p in model.parameters() if p.requires_grad]
        return torch.optim.SGD(trained, lr=0.1, momentum=0.85, nesterov=True)

    masks, optimizer = [], sgd(proxy)
    for step in range(setup.total_steps):
        images, labels = setup.batches.at(step)
        losses = losses_of(proxy, images, labels)
        mask = torch.zeros(18, dtype=torch.bool)
        mask[losses.argsort()[-9:]] = True
        masks.append(mask)
        if step % 4 == 0:
            optimizer.zero_grad()
            ((losses * mask).sum() / 9).backward()
            optimizer.step()
    by_hand, optimizer = [], sgd(network)
    for step, mask in enumerate(masks):
        images, labels = setup.batches.at(step)
        loss = losses_of(network, images[mask], labels[mask]).mean()
        by_hand.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    assert len(by_hand) == 12
    assert [row["loss"] for row in steps_of(run)] == pytest.approx(by_hand, abs=1e-5)
    checkpoint = load_checkpoint(run.path / "checkpoint")
    assert checkpoint is not None
    tensors = safetensors.torch.load(checkpoint.files["state.safetensors"])
    for prefix, model in (("model", network), ("proxy", proxy)):
        for name, value in model.state_dict().items():
            torch.testing.assert_close(tensors[f"{prefix}/{name}"], value, atol=1e-5, rtol=1e-4)


def test_the_proxy_moves_in_its_turn_only(stripes: Stripes) -> None:
    setup, state = prepared(stripes)
    assert state.proxy is not None
    weight = state.proxy.model.conv1.weight
    moved = []
    for step in range(6):
        state.progress.step, before = step, weight.detach().clone()
        images, targets = setup.batches.at(step)
        chosen, labels = select(setup, state, images, targets, LoopTimer())
        assert (len(chosen), len(labels)) == (9, 9)
        assert not chosen.requires_grad
        assert chosen.is_contiguous(memory_format=torch.channels_last)
        moved.append(not torch.equal(weight, before))
    assert moved == [True, False, False, False, True, False]


def test_mixed_targets_are_selected_by_their_own_loss(stripes: Stripes) -> None:
    setup, state = prepared(stripes, augment={"mixup": 0.5})
    assert state.proxy is not None
    state.progress.step = 1  # the proxy does not move
    images, targets = setup.batches.at(1)
    assert targets.shape == (18, 2)
    losses = -(0.8 * targets + 0.1) * state.proxy.model(images).log_softmax(1)
    chosen, kept = select(setup, state, images, targets, LoopTimer())
    largest = losses.sum(1).topk(9).indices.sort().values
    assert torch.equal(kept, targets[largest])
    assert torch.equal(chosen, images[largest])


def test_without_a_selection_nothing_is_there_and_nothing_is_changed(
    stripes: Stripes, tmp_path: Path
) -> None:
    off = {"keep": 1.0}
    setup, state = prepared(stripes, selection=off)
    assert state.proxy is None
    images, targets = setup.batches.at(0)
    same, too = select(setup, state, images, targets, LoopTimer())
    assert same is images
    assert too is targets
    assert not any("proxy" in name for name in safetensors.torch.load(
        state.pack()["state.safetensors"]
    ))  # fmt: skip
    with_one = prepared(stripes)[1].model.state_dict()
    for name, value in state.model.state_dict().items():
        assert torch.equal(value, with_one[name])


def test_the_proxy_begins_with_its_own_weights_from_the_seed(stripes: Stripes) -> None:
    same_shape = {**SELECTION, "proxy": {}}
    (_, one), (_, again), (_, other) = (
        prepared(stripes, seed, selection=same_shape) for seed in (1, 1, 2)
    )
    assert one.proxy is not None
    weight = one.proxy.model.conv2.weight
    assert torch.equal(weight, again.proxy.model.conv2.weight)
    assert not torch.equal(weight, other.proxy.model.conv2.weight)
    assert not torch.equal(weight, one.model.conv2.weight)
    assert torch.equal(one.proxy.model.whitening.weight, one.model.whitening.weight)


def test_the_proxy_is_the_network_with_changes_or_one_of_its_own() -> None:
    name, arguments = proxy_of(load_recipe(RECIPE))
    assert (name, arguments["widths"], arguments["norm"]) == ("base", (4, 4, 4), "batch")
    own = {"keep": 0.5, "proxy": {"name": "net1", "convnet": {"hidden": 8}}}
    assert proxy_of(load_recipe({**RECIPE, "selection": own})) == ("net1", {"hidden": 8})


def test_a_proxy_that_can_not_be_built_is_refused(stripes: Stripes) -> None:
    with pytest.raises(ModelArgumentError, match="resnet18"):
        prepared(
            stripes, selection={**SELECTION, "proxy": {"name": "resnet18", "arguments": {"a": 1}}}
        )


def test_at_least_one_picture_is_kept(stripes: Stripes) -> None:
    assert kept_pictures(load_recipe({"selection": {"keep": 0.01}, "batch_size": 100})) == 1
    with pytest.raises(RecipeValueError, match=r"keep 0\.01 .* at least one picture"):
        prepared(stripes, selection={**SELECTION, "keep": 0.01})
    for keep in (0, 1.5):
        with pytest.raises(RecipeValueError, match=r"selection\.keep"):
            load_recipe({"selection": {"keep": keep}})


def test_what_several_processes_can_not_share_is_refused(stripes: Stripes) -> None:
    recipe = load_recipe(RECIPE)
    split = load_data(stripes, recipe.pictures).splits["train"]
    train = PicturesOnDevice(split, CPU, torch.zeros(1), torch.ones(1))
    assert begin_proxy(recipe, 0, train, 2, World(0, 3)) is not None
    with pytest.raises(RecipeValueError, match="9 pictures kept of a batch on 2 devices"):
        begin_proxy(recipe, 0, train, 2, World(0, 2))


def test_a_proxy_that_is_not_finite_is_never_saved(stripes: Stripes) -> None:
    _, state = prepared(stripes)
    assert state.proxy is not None
    assert state.is_finite()
    state.proxy.model.conv1.weight.data[0] = float("nan")
    assert not state.is_finite()


def test_a_proxy_and_frozen_layers_go_together(
    stripes: Stripes, tmp_path: Path, hears: Any
) -> None:
    changes = {"augment": {}, "transfer": {"train": "head"}, "epochs": 1}
    grevy.train(stripes, {**RECIPE, **changes}, out=tmp_path / "run", listener=hears)
    assert any("9 of 18 pictures of each batch" in line for line in hears.lines)
    assert any("the proxy that selects pictures looks at them" in line for line in hears.lines)
