"""The calm copy of the weights, against formulas written out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import grevy
from grevy.errors import RecipeValueError
from grevy.recipes.schema import Recipe
from grevy.records.checkpoint import load_checkpoint
from grevy.training.averaging import average_weights, calm_copy, refuse_late_lookahead
from grevy.training.listeners.listener import Listener


def network(value: float) -> nn.Sequential:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    model[0].weight.data.fill_(value)
    return model


def test_lookahead_is_the_published_rule() -> None:
    """After every fifth step: slow ← d·slow + (1 − d)·fast, fast ← slow, d = 0.95⁵·(t/T)³."""
    model = network(1.0)
    recipe = Recipe(lookahead=5, lookahead_decay=0.95)
    average = calm_copy(model, recipe)
    assert average is not None
    slow = fast = 1.0
    mean = slow_mean = 0.0
    for step in range(1, 21):
        model[0].weight.data += 0.1 * step  # what an optimizer would do
        model[1].running_mean += 0.3
        fast, mean = fast + 0.1 * step, mean + 0.3
        average_weights(average, model, recipe, step, total_steps=20)
        if step % 5 == 0:
            decay = 0.95**5 * (step / 20) ** 3
            slow = fast = decay * slow + (1 - decay) * fast
            slow_mean = mean = decay * slow_mean + (1 - decay) * mean
        assert model[0].weight.item() == pytest.approx(fast, rel=1e-5)
        assert average.module[0].weight.item() == pytest.approx(slow, rel=1e-5)
        assert float(average.module[1].running_mean) == pytest.approx(slow_mean, rel=1e-5)


def test_a_moving_average_never_changes_what_is_trained() -> None:
    model = network(0.0)
    recipe = Recipe(average_decay=0.9)
    average = calm_copy(model, recipe)
    assert average is not None
    values = np.arange(1.0, 6.0)
    for step, value in enumerate(values, 1):
        model[0].weight.data.fill_(value)
        average_weights(average, model, recipe, step, total_steps=5)
        assert model[0].weight.item() == value
    expected = values[0]
    for value in values[1:]:
        expected = 0.9 * expected + 0.1 * value
    assert average.module[0].weight.item() == pytest.approx(expected)


def test_slow_weights_that_never_move_are_refused() -> None:
    refuse_late_lookahead(Recipe(lookahead=5), total_steps=5)
    refuse_late_lookahead(Recipe(), total_steps=1)
    with pytest.raises(RecipeValueError, match="lookahead 5 in a training of 4 steps"):
        refuse_late_lookahead(Recipe(lookahead=5), total_steps=4)


def test_without_either_there_is_no_copy() -> None:
    assert calm_copy(network(0.0), Recipe()) is None
    average_weights(None, network(0.0), Recipe(), 1, 1)


def test_both_at_once_are_refused() -> None:
    with pytest.raises(RecipeValueError, match="one of average_decay and lookahead"):
        grevy.load_recipe({"average_decay": 0.9, "lookahead": 5})


def test_the_slow_weights_are_what_is_kept(
    stripes: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path
) -> None:
    recipe = {"batch_size": 27, "epochs": 1, "checks_per_epoch": 1, "lookahead": 3}
    run = grevy.train(
        stripes, {**recipe, "precision": "fp32"}, out=tmp_path / "run", listener=Listener()
    )
    checkpoint = load_checkpoint(run.path / "checkpoint")
    assert checkpoint is not None
    tensors = safetensors.torch.load(checkpoint.files["state.safetensors"])
    kept = run.model().state_dict()
    # Four steps: the slow weights are those of step 3, the fast ones went on.
    for name, value in kept.items():
        assert torch.equal(value, tensors[f"average/module.{name}"])
    assert not torch.equal(kept["conv1.weight"], tensors["model/conv1.weight"])
