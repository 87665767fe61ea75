"""Where the time goes: what the table counts, what the trace holds, that neither changes a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import grevy
from grevy.cli.main import main
from grevy.training.listeners.listener import Listener
from grevy.training.profile import timer as timer_module
from grevy.training.profile.flops import MatrixProduct, matrix_product
from grevy.training.profile.summary import phase_rows
from grevy.training.profile.timer import PHASES, ProfilingTimer, StepTrace
from grevy.training.setup import probe as probing

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUIET = Listener()
BASE = {"batch_size": 16, "epochs": 3, "patience": 0, "precision": "fp32"}
CPU = torch.device("cpu")
WITHOUT_A_PROXY = [part for part in PHASES if part != "selection"]
SECONDS = {
    "data": 1.0,
    "forward": 2.0,
    "backward": 4.0,
    "optimizer": 1.0,
    "evaluation": 1.5,
    "records": 0.5,
}
THOUSAND = dict.fromkeys(("data", "forward", "backward", "optimizer"), 1000) | {"evaluation": 300}
FLOPS = {"forward": 2 * 4e6, "backward": 4 * 4e6, "evaluation": 2 * 4e6}
PRODUCT = MatrixProduct(side=2048, precision="fp32", flops_per_second=16e9)


@pytest.fixture
def profiled(stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> grevy.Run:
    """A profiled run of 18 steps with a quick matrix product."""
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    return grevy.train(stripes, BASE, out=tmp_path / "profiled", listener=QUIET, profile=True)


def rows(**changes):
    arguments = {"seconds": SECONDS, "pictures": THOUSAND, "flops_per_picture": FLOPS}
    return {row.phase: row for row in phase_rows(**{**arguments, "product": PRODUCT, **changes})}


def test_each_part_has_its_seconds_share_and_pictures():
    found = rows()
    assert list(found) == [*WITHOUT_A_PROXY, "a step", "all"]
    assert found["forward"].share == pytest.approx(0.2)
    assert found["forward"].pictures_per_second == pytest.approx(500)
    assert found["evaluation"].pictures_per_second == pytest.approx(200)
    assert found["records"].pictures_per_second is None
    assert found["a step"].seconds == pytest.approx(8.0)
    assert found["a step"].pictures_per_second == pytest.approx(125)
    assert found["all"].seconds == pytest.approx(10.0)
    assert found["all"].pictures_per_second == pytest.approx(100)


def test_flops_are_added_up_and_held_against_the_matrix_product():
    found = rows()
    assert found["forward"].flops_per_second == pytest.approx(2 * 4e6 * 1000 / 2)
    assert found["backward"].flops_per_second == pytest.approx(4 * 4e6 * 1000 / 4)
    assert found["evaluation"].flops_per_second == pytest.approx(2 * 4e6 * 300 / 1.5)
    assert found["a step"].flops_per_second == pytest.approx(6 * 4e6 * 1000 / 8)
    assert found["all"].flops_per_second == pytest.approx((6 * 1000 + 2 * 300) * 4e6 / 10)
    assert found["forward"].of_matrix_product == pytest.approx(0.25)
    assert found["optimizer"].flops_per_second is None


def test_a_proxy_counts_for_all_pictures_and_the_network_for_those_that_are_kept():
    seconds = {**SECONDS, "selection": 2.0}
    pictures = {
        **THOUSAND,
        "selection": 1000,
        **dict.fromkeys(("forward", "backward", "optimizer"), 500),
    }
    proxy = 3.0 * 200_000  # 2 forward, 4 backward in every fourth step
    flops = {**FLOPS, "selection": proxy}
    found = rows(seconds=seconds, pictures=pictures, flops_per_picture=flops)
    assert list(found) == [*PHASES, "a step", "all"]
    assert found["selection"].flops_per_second == pytest.approx(3 * 200_000 * 1000 / 2)
    assert found["forward"].flops_per_second == pytest.approx(2 * 4e6 * 500 / 2)
    assert found["forward"].pictures_per_second == pytest.approx(250)
    step = 6 * 4e6 * 500 + 3 * 200_000 * 1000
    assert found["a step"].seconds == pytest.approx(10.0)
    assert found["a step"].flops_per_second == pytest.approx(step / 10)
    assert found["a step"].pictures_per_second == pytest.approx(100)  # that were seen
    unknown = rows(seconds=seconds, pictures=pictures)
    assert unknown["a step"].flops_per_second is None
    assert unknown["forward"].flops_per_second is not None


def test_the_record_says_what_the_selection_took(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    proxy = {"convnet": {"widths": [4, 4, 4]}}
    recipe = {**BASE, "selection": {"keep": 0.25, "train_every": 2, "proxy": proxy}}
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET, profile=True)
    profile = run.record.profile
    parts = {row.part: row for row in profile.parts}
    first = {name: row for name, row in parts.items() if name in PHASES[:4]}
    seen = {name: row.pictures_per_second * row.seconds for name, row in first.items()}
    assert seen == pytest.approx(
        {"data": 14 * 16, "selection": 14 * 16, "forward": 14 * 4, "backward": 14 * 4}
    )
    macs = grevy.layers("base", (1, 16, 16), 2, widths=(4, 4, 4)).total_macs
    assert profile.flops_per_picture["selection"] == macs * 4
    flops = parts["selection"].flops_per_second * parts["selection"].seconds
    assert flops == pytest.approx(macs * 4 * 14 * 16)
    assert any("one of 2 steps" in note for note in profile.notes)


def test_what_is_not_known_is_not_guessed():
    without_backward = {n: each for n, each in FLOPS.items() if n != "backward"}
    frozen = rows(flops_per_picture=without_backward)
    assert frozen["forward"].flops_per_second == pytest.approx(4e9)
    for part in ("backward", "a step", "all"):
        assert frozen[part].flops_per_second is None
        assert frozen[part].of_matrix_product is None
    assert all(row.flops_per_second is None for row in rows(flops_per_picture={}).values())


def test_no_time_at_all_divides_by_nothing():
    found = rows(seconds=dict.fromkeys(PHASES, 0.0))
    assert found["all"].share == 0
    assert found["forward"].pictures_per_second is None


def test_the_matrix_product_is_measured_and_leaves_the_randomness_alone():
    before = torch.get_rng_state()
    found = matrix_product("bf16", CPU, side=64)
    assert found.flops_per_second > 0
    assert (found.side, found.precision) == (64, "bf16")
    assert torch.equal(before, torch.get_rng_state())


def test_every_moment_belongs_to_the_part_that_began_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    clock = iter([0.0, 1.0, 1.0, 3.0, 3.0, 7.0])
    monkeypatch.setattr(timer_module.time, "perf_counter", lambda: next(clock))
    timer = ProfilingTimer(CPU, StepTrace(tmp_path / "trace.json", CPU, total_steps=1))
    for part in ("data", "forward", "records"):
        timer.begins(part)
    timer.ends()
    assert {n: s for n, s in timer.seconds.items() if s} == {
        "data": 1.0, "forward": 2.0, "records": 4.0,
    }  # fmt: skip
    assert timer.entries["data"] == 1


@pytest.mark.parametrize(
    ("total", "steps"), [(1, None), (2, None), (3, (3, 3)), (8, (6, 8)), (100, (12, 14))]
)
def test_the_trace_takes_steps_that_the_training_has(tmp_path: Path, total, steps):
    trace = StepTrace(tmp_path / "trace.json", CPU, total)
    for _ in range(total):
        trace.begins("data")
        torch.ones(3).sum()
        trace.begins("forward")
    trace.ends()
    assert trace.steps == steps
    assert trace.path.exists() == (steps is not None)


def test_nobody_waits_for_the_device_in_traced_steps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    timer = ProfilingTimer(CPU, StepTrace(tmp_path / "trace.json", CPU, total_steps=18))
    waits: list[int] = []
    monkeypatch.setattr(timer_module, "wait_for", lambda device: waits.append(timer.trace._step))
    for _ in range(18):
        for part in ("data", "forward"):
            timer.begins(part)
    timer.ends()
    warming_up_and_traced = range(9, 13)
    assert timer.trace.steps == (11, 13)
    assert set(range(18)) - set(waits) == set(warming_up_and_traced)


def test_growing_pictures_count_with_their_mean_flops(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    convnet = {"global_pooling": "max", "widths": [4]}
    recipe = {**BASE, "augment": {"sizes": [8, 16]}, "model": {"name": "base", "convnet": convnet}}
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET, profile=True)
    small, large = (
        grevy.layers("base", (1, side, side), 2, widths=(4,), global_pooling="max").total_macs
        for side in (8, 16)
    )
    assert small < large
    assert run.record.profile.flops_per_picture == {
        "evaluation": 2 * large,
        "forward": small + large,
        "backward": 2 * (small + large),
    }
    assert any("mean over their sizes" in note for note in run.record.profile.notes)


def test_the_record_says_where_the_time_went(profiled: grevy.Run):
    profile = profiled.record.profile
    parts = {row.part: row for row in profile.parts}
    assert all(parts[name].seconds > 0 for name in WITHOUT_A_PROXY)
    assert sum(parts[name].share for name in WITHOUT_A_PROXY) == pytest.approx(1)
    assert parts["all"].seconds <= profiled.results["seconds"]["training"]
    macs = grevy.layers("base", (1, 16, 16), 2).total_macs
    assert profile.flops_per_picture == {
        "evaluation": 2 * macs,
        "forward": 2 * macs,
        "backward": 4 * macs,
    }
    assert profile.traced_steps == (11, 13)
    assert profile.steps == 18 - 1 - 3  # one more warms torch.profiler up
    assert parts["data"].pictures_per_second * parts["data"].seconds == pytest.approx(14 * 16)


def test_the_trace_holds_the_parts_of_its_steps(profiled: grevy.Run):
    trace = json.loads((profiled.path / "trace.json").read_text())
    names = [event.get("name") for event in trace["traceEvents"] if event.get("ph") == "X"]
    for part in ("data", "forward", "backward", "optimizer"):
        assert names.count(part) == 3
    assert any("conv" in str(name) for name in names)


def test_a_profiled_run_computes_what_an_unprofiled_one_does(
    stripes: Stripes, tmp_path: Path, profiled: grevy.Run
):
    plain = grevy.train(stripes, BASE, out=tmp_path / "plain", listener=QUIET)
    for name in ("model.safetensors", "steps.jsonl", "checks.jsonl"):
        assert (plain.path / name).read_bytes() == (profiled.path / name).read_bytes()
    assert plain.record.profile is None
    assert not (plain.path / "trace.json").exists()


def test_only_a_profile_waits_for_the_device(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    waits: list[torch.device] = []
    for module in (timer_module, probing):
        monkeypatch.setattr(module, "wait_for", waits.append)
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    grevy.train(stripes, BASE, out=tmp_path / "plain", listener=QUIET)
    assert waits == []
    grevy.train(stripes, BASE, out=tmp_path / "profiled", listener=QUIET, profile=True)
    assert len(waits) > 18 * len(PHASES[:4])


def test_frozen_layers_have_no_backward_flops(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    recipe = {**BASE, "transfer": {"train": "last:1"}, "augment": {"translate": 1}}
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET, profile=True)
    profile = run.record.profile
    backward = next(row for row in profile.parts if row.part == "backward")
    assert backward.flops_per_second is None
    assert any("frozen" in note for note in profile.notes)


def test_the_command_prints_the_table_and_where_the_trace_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    words = ["train", "digits", "--epochs", "1", "--precision", "fp32", "--profile"]
    main([*words, "--out", str(tmp_path / "table")])
    told = capsys.readouterr().out
    for word in (*WITHOUT_A_PROXY, "a step", "pictures/s", "GFLOP/s", "matrix product: "):
        assert word in told
    assert str(tmp_path / "table" / "trace.json") in told
    main([*words, "--out", str(tmp_path / "json"), "--json"])
    assert json.loads(capsys.readouterr().out)["profile"]["steps"] == 20 - 4
