"""Compiled training steps: the same training but for the last bits, the same names everywhere.

Inductor, the real compiler, takes some seconds a network. So it gets a tiny one and one matrix;
what is traced, and when again, is tested with a backend that traces alike and compiles nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import grevy
from grevy.errors import CompileError, DeviceError
from grevy.models.transfer.frozen import set_training, trained_layers
from grevy.training.listeners.listener import Listener
from grevy.training.optimizers.muon import Muon, orthogonalise
from grevy.training.setup.compiling import compiled, compiler_errors, refuse_graphs

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
QUIET = Listener()
BASE: dict[str, Any] = {"batch_size": 16, "epochs": 2, "patience": 0, "precision": "fp32"}
TINY = {"widths": [4], "kernel": 3, "norm": "batch", "global_pooling": "max", "hidden": 0}
SIZES = {
    "model": {"name": "base", "convnet": {**TINY, "whitening": 2}},
    "augment": {"sizes": [8, 16]},
    "optimizer": {"whitening_epochs": 1},
}
CUT = {
    "model": {"name": "base", "convnet": TINY},
    "transfer": {"train": "head"},
}
WAYS = {"two sizes and a bias that freezes between them": SIZES, "a frozen front": CUT}

needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("clang++") is None,
    reason="torch.compile needs a C++ compiler on a CPU, and there is none",
)


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    yield
    torch.compiler.reset()


@pytest.fixture
def traced_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trace forward and backward as inductor would, and run what comes of it as it is."""

    def trace(what: Any, **options: Any) -> Any:
        return torch_compile(what, backend="aot_eager", dynamic=options.get("dynamic"))

    torch_compile = torch.compile
    monkeypatch.setattr(torch, "compile", trace)


def same_up_to_rounding(stripes: Stripes, recipe: dict[str, Any], place: Path) -> grevy.Run:
    """Train plain and compiled; the compiled run."""
    plain = grevy.train(stripes, recipe, out=place / "plain", listener=QUIET)
    quick = grevy.train(
        stripes, {**recipe, "compile": "default"}, out=place / "quick", listener=QUIET
    )
    for rows in ("steps", "checks"):
        losses = [[row["loss"] for row in getattr(run, rows)] for run in (plain, quick)]
        np.testing.assert_allclose(*losses, rtol=1e-3)
    kept = [run.model().state_dict() for run in (plain, quick)]
    assert list(kept[0]) == list(kept[1])
    return quick


@needs_compiler
def test_a_compiled_training_is_the_plain_one_up_to_rounding(
    stripes: Stripes, tmp_path: Path
) -> None:
    recipe = {**BASE, "epochs": 1, "model": {"name": "base", "convnet": TINY}}
    run = same_up_to_rounding(stripes, recipe, tmp_path)
    found = grevy.evaluate(run, stripes, split="validation")
    assert found["loss"] == run.results["validation"]["loss"]


@pytest.mark.usefixtures("traced_only")
@pytest.mark.parametrize("name", list(WAYS))
def test_what_changes_during_a_training_is_traced_again(
    stripes: Stripes, tmp_path: Path, name: str
) -> None:
    same_up_to_rounding(stripes, {**BASE, **WAYS[name]}, tmp_path)


@pytest.mark.usefixtures("traced_only")
def test_a_profile_counts_the_network_as_it_is(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grevy.training.profile.flops.SIDE", 64)
    recipe = {**BASE, **SIZES, "compile": "default"}
    run = grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET, profile=True)
    assert run.record.profile.flops_per_picture["backward"] > 0


def test_what_is_compiled_keeps_layers_names_and_modes() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert compiled(model, optimizer, "none") is model
    names = list(model.state_dict())
    wrapped = compiled(model, optimizer, "default")
    assert list(model.state_dict()) == names
    assert next(wrapped.parameters()) is model[0].weight
    set_training(wrapped, trained_layers(model, "head"), frozen_statistics=False)
    assert [layer.training for layer in model] == [False, False, True, True]


@needs_compiler
def test_compiled_muon_moves_as_plain_muon_does() -> None:
    moved = []
    for wanted in ("none", "default"):
        weight = nn.Parameter(torch.arange(6.0).view(2, 3))
        optimizer = Muon([weight], [], lr=0.1, momentum=0.5, nesterov=True, weight_decay=0.0)
        compiled(nn.Linear(2, 2), optimizer, wanted)
        weight.grad = weight.detach().sin()
        optimizer.step()
        moved.append(weight.detach())
    torch.testing.assert_close(*moved)


def test_muon_compiles_its_orthogonalisation(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(torch, "compile", lambda what, **_: asked.append(what) or what)
    weight = nn.Parameter(torch.eye(2))
    optimizer = Muon([weight], [], lr=0.1, momentum=0.5, nesterov=False, weight_decay=0.0)
    model = nn.Linear(2, 2)
    compiled(model, optimizer, "default")
    assert asked == [orthogonalise, model]


def test_graphs_need_cuda(stripes: Stripes, tmp_path: Path) -> None:
    refuse_graphs("graphs", torch.device("cuda", 0))
    refuse_graphs("default", torch.device("cpu"))
    with pytest.raises(DeviceError, match=r"graphs on device 'cpu'.*CUDA.*--compile default"):
        grevy.train(stripes, {**BASE, "compile": "graphs"}, out=tmp_path, device="cpu")


def test_a_compiler_that_is_missing_is_one_line(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor import cpp_builder

    def none() -> str:
        from torch._inductor.exc import InvalidCxxCompiler

        raise InvalidCxxCompiler

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", none)
    recipe = {**BASE, "compile": "default"}
    with pytest.raises(CompileError, match=r"torch\.compile failed .*--compile none") as found:
        grevy.train(stripes, recipe, out=tmp_path / "run", listener=QUIET)
    assert "\n" not in str(found.value)
    run = grevy.open_run(tmp_path / "run")
    assert (run.record.status, run.record.error) == ("failed", str(found.value))


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(RuntimeError, match="mine"), compiler_errors():
        raise RuntimeError("mine")
