from __future__ import annotations

import pytest
import safetensors.torch

import grevy
from grevy.classifier.snapshots import network_at
from grevy.errors import RunMismatchError
from grevy.training.listeners.listener import Listener

SHORT = {"epochs": 1, "batch_size": 40, "precision": "fp32", "checks_per_epoch": 1}


def recipe(**convnet: object) -> dict:
    return {**SHORT, "model": {"name": "base", "convnet": {"widths": [4, 8], **convnet}}}


def test_arms_begin_with_the_weights_of_the_baseline_where_they_fit(stripes, tmp_path):
    base = grevy.load_recipe(recipe())
    first = grevy.train(stripes, base, seed=3, out=tmp_path / "a", listener=Listener())
    arm = recipe(convolutions=2, hidden=32)
    second = grevy.train(stripes, arm, seed=3, out=tmp_path / "b", listener=Listener(), like=base)
    theirs = network_at(first, "initial")[0].state_dict()
    ours = network_at(second, "initial")[0].state_dict()
    pairing = second.record.pairing
    assert pairing.own == (
        "conv1_2.weight",
        "conv1_2.bias",
        "conv2_2.weight",
        "conv2_2.bias",
        "linear1.weight",
        "linear1.bias",
        "linear2.weight",
    )
    assert pairing.shared == (
        "conv1.weight",
        "conv1.bias",
        "conv2.weight",
        "conv2.bias",
        "linear2.bias",
    )
    for name in pairing.shared:
        assert theirs[name].equal(ours[name])
    alone = grevy.train(stripes, arm, seed=3, out=tmp_path / "c", listener=Listener())
    assert alone.record.pairing is None
    assert alone.record.identity != second.record.identity
    assert not network_at(alone, "initial")[0].conv2.weight.equal(ours["conv2.weight"])


def test_an_arm_with_the_baselines_network_is_the_same_run(stripes, tmp_path):
    base = grevy.load_recipe(recipe())
    plain = grevy.train(stripes, base, seed=1, out=tmp_path / "a", listener=Listener())
    paired = grevy.train(stripes, base, seed=1, out=tmp_path / "b", listener=Listener(), like=base)
    weights = [
        safetensors.torch.load_file(run.path / "model.safetensors") for run in (plain, paired)
    ]
    assert all(weights[0][name].equal(weights[1][name]) for name in weights[0])


def test_a_resume_begins_like_the_same_network(stripes, tmp_path):
    base = grevy.load_recipe(recipe())
    arm = recipe(hidden=16)
    grevy.train(stripes, arm, seed=1, out=tmp_path / "a", listener=Listener(), like=base)
    same = grevy.train(
        stripes, arm, out=tmp_path / "a", resume=True, listener=Listener(), like=base
    )
    assert same.record.pairing.like["convnet"]["widths"] == [4, 8]
    with pytest.raises(RunMismatchError, match="begin like"):
        grevy.train(
            stripes,
            arm,
            out=tmp_path / "a",
            resume=True,
            listener=Listener(),
            like=grevy.load_recipe(arm),
        )
