"""A run knows the source of its own network: kept, hashed, opened again, refused if it differs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import grevy
from grevy.errors import (
    CorruptRecordError,
    RunMismatchError,
    SourceFaultError,
    UntrustedSourceError,
)
from grevy.models.own import built
from grevy.records.source import sha256_of
from grevy.training.listeners.listener import Listener

RECIPE = {"epochs": 1, "batch_size": 20, "precision": "fp32"}
NET = """
from torch import nn
from sizes import WIDTH


class Net(nn.Module):
    def __init__(self, input_shape, classes, width=WIDTH):
        super().__init__()
        self.conv = nn.Conv2d(input_shape[0], width, 3)
        self.head = nn.Linear(width, classes)

    def forward(self, images):
        return self.head(self.conv(images).relu().mean((2, 3)))
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    Path("mynet.py").write_text(NET)
    Path("sizes.py").write_text("WIDTH = 6\n")


@pytest.fixture
def new_process(monkeypatch: pytest.MonkeyPatch) -> Any:
    """As if the process had begun now: what was named or given before is not known."""

    def forget() -> None:
        for known in ("_built", "_named", "_without_source"):
            monkeypatch.setattr(built, known, type(getattr(built, known))())

    return forget


def train(stripes: Any, model: Any = "mynet.py:Net", out: str = "run", **more: Any) -> grevy.Run:
    listener = more.pop("listener", Listener())
    return grevy.train(stripes, RECIPE, model=model, out=out, listener=listener, **more)


def predicted(run: Any, **more: Any) -> list[str | None]:
    pictures = np.random.default_rng(0).integers(0, 255, (6, 16, 16)).astype(np.uint8)
    return [p.class_name for p in grevy.predict(run, pictures, **more)]


def test_the_record_keeps_source_and_hashes_and_opens_without_a_flag(
    stripes: Any, new_process: Any
) -> None:
    run = train(stripes)
    record = run.record
    assert record.recipe["model"]["name"] == "mynet.py:Net"
    entries = {s.file: (s.role, s.object) for s in record.sources}
    assert entries == {"mynet.py": ("model", "Net"), "sizes.py": ("import", None)}
    assert Path("run/source/mynet.py").read_text() == NET
    before = predicted(run)
    Path("mynet.py").unlink()
    Path("sizes.py").write_text("1 / 0\n")
    new_process()
    assert predicted("run") == before
    assert grevy.layers("run").model == "mynet.py:Net"
    assert grevy.look(run="run", layer="conv").arrays["weights_OIHW"].shape[0] == 6
    initial = grevy.look(run="run", layer="conv", snapshot="initial").arrays["weights_OIHW"]
    assert initial.shape == (6, 1, 3, 3)


def test_a_record_from_elsewhere_is_not_run_until_the_user_says_so(
    stripes: Any, new_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = predicted(train(stripes))
    new_process()
    monkeypatch.setenv("GREVY_STATE", "another user's")
    for opened in (
        lambda **more: predicted("run", **more),
        lambda **more: grevy.look(run="run", layer="conv", **more),
        lambda **more: grevy.layers("run", **more),
    ):
        with pytest.raises(UntrustedSourceError, match=r"read run/source/mynet\.py and .*--trust"):
            opened()
        opened(trust_source=True)
        new_process()  # for this call alone
        with pytest.raises(UntrustedSourceError):
            opened()
    assert predicted(grevy.open_run("run", trust_source=True)) == before
    assert not Path("another user's").exists()


def test_a_tampered_source_is_refused_though_its_hash_is_forged(
    stripes: Any, new_process: Any
) -> None:
    run = train(stripes)
    new_process()
    Path("run/source/mynet.py").write_text(NET + "raise SystemExit('ran')\n")
    with pytest.raises(CorruptRecordError, match="changed after the training"):
        predicted("run")
    sources = run.record.sources
    text = Path("run/source/mynet.py").read_text()
    forged = sources[0].changed(sha256=sha256_of(text))
    run.directory.change(sources=(forged, *sources[1:]))
    with pytest.raises(UntrustedSourceError):
        predicted("run")


def test_an_edited_network_is_another_run_and_does_not_open_this_one(stripes: Any) -> None:
    run = train(stripes)
    Path("sizes.py").write_text("WIDTH = 7\n")
    with pytest.raises(
        RunMismatchError, match=r"sizes\.py, which has changed.*leave it out to use"
    ):
        grevy.open_run("run", model="mynet.py:Net")
    with pytest.raises(RunMismatchError, match="train again"):
        train(stripes, resume=True)
    again = train(stripes, out="again")
    assert again.record.identity != run.record.identity
    assert again.record.parameters != run.record.parameters


def test_a_plugin_is_kept_and_hashed_as_well(stripes: Any, new_process: Any) -> None:
    Path("mine.py").write_text(
        "import grevy\n" + NET.replace("class", "@grevy.register_model('mine')\nclass", 1)
    )
    run = train(stripes, "mine", plugin="mine.py")
    assert [s.role for s in run.record.sources] == ["plugin", "import"]
    before = predicted(run)
    Path("mine.py").write_text("")
    new_process()
    assert predicted("run") == before
    with pytest.raises(RunMismatchError, match=r"mine\.py, which has changed since the run"):
        predicted("run", plugin="mine.py")
    Path("mine.py").write_text(Path("run/source/mine.py").read_text())
    assert predicted("run", plugin="mine.py") == before


def test_a_run_goes_on_from_its_own_source(stripes: Any, new_process: Any) -> None:
    whole = train(stripes)
    run = train(stripes, out="part")
    run.directory.change(status="interrupted", results=None)
    Path("mynet.py").unlink()
    new_process()
    gone_on = grevy.train(stripes, out="part", resume=True, listener=Listener())
    assert gone_on.results["test"]["loss"] == whole.results["test"]["loss"]
    assert gone_on.record.resumes == 1


class Flat(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(256, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.flatten(1))


def test_a_class_in_python_is_the_network_and_its_file_is_kept(
    stripes: Any, new_process: Any
) -> None:
    run = train(stripes, Flat)
    entry = run.record.sources[0]
    assert entry.object == "Flat"
    assert (Path("run/source") / entry.file).read_text() == Path(__file__).read_text()
    assert isinstance(run.model(), Flat)
    before = predicted(run)
    new_process()
    assert predicted("run") == before


def test_a_registered_class_is_known_again_too(stripes: Any, new_process: Any) -> None:
    grevy.register_model("flat-by-name")(Flat)
    before = predicted(train(stripes, "flat-by-name"))
    new_process()
    grevy.register_model("flat-by-name")(nn.Identity)
    assert predicted("run") == before


def test_a_class_without_a_source_is_asked_for_again(stripes: Any, new_process: Any) -> None:
    space: dict[str, Any] = {"__name__": "typed"}
    exec(NET.replace("from sizes import WIDTH", "WIDTH = 6"), space)
    hears = Hears()
    run = train(stripes, space["Net"], listener=hears)
    assert run.record.sources[0].file is None
    assert any("no source of Net" in line for line in hears.lines)
    before = predicted(run)
    new_process()
    with pytest.raises(RunMismatchError, match=r"open_run\('run', model=Net\)"):
        predicted("run")
    exec(NET.replace("from sizes import WIDTH", "WIDTH = 7"), space)
    with pytest.raises(RunMismatchError, match="Net, which has changed"):
        grevy.open_run("run", model=space["Net"])
    exec(NET.replace("from sizes import WIDTH", "WIDTH = 6"), space)
    assert predicted(grevy.open_run("run", model=space["Net"])) == before
    run.directory.change(status="interrupted", results=None)
    new_process()
    with pytest.raises(RunMismatchError):
        grevy.train(stripes, out="run", resume=True, listener=Listener())
    assert grevy.train(
        stripes, model=space["Net"], out="run", resume=True, listener=Listener()
    ).results


def test_a_script_can_give_its_own_class_and_another_process_opens_the_run(tmp_path: Path) -> None:
    lines = NET.replace("class Net", "class Body").splitlines()
    script = [
        *lines,
        "import numpy as np, grevy",
        "FACTOR = 2",
        "class Net(Body):",
        "    def forward(self, images):",
        "        return FACTOR * super().forward(images)",
        "X = np.random.default_rng(0).integers(0, 255, (90, 16, 16)).astype('uint8')",
        "arrays = (X, np.arange(90) % 3)",
        f"run = grevy.train({{'train': arrays, 'test': arrays}}, {RECIPE}, model=Net, out='run')",
    ]
    Path("script.py").write_text("\n".join(script))
    subprocess.run([sys.executable, "script.py"], check=True, timeout=240)
    kept = Path("run/source/Net.py").read_text()
    assert "FACTOR = 2" in kept
    assert "grevy" not in kept
    assert "WIDTH = 6" in kept
    assert len(predicted("run")) == 6


def test_faults_while_training_are_shown_with_their_own_line(stripes: Any) -> None:
    Path("mynet.py").write_text(NET.replace("return", "assert not self.training\n        return"))
    with pytest.raises(SourceFaultError, match=r'mynet\.py, line 13: AssertionError.*"assert not'):
        train(stripes)


def test_a_softmax_at_the_end_is_said(stripes: Any) -> None:
    Path("mynet.py").write_text(NET.replace("mean((2, 3)))", "mean((2, 3))).softmax(1)"))
    hears = Hears()
    train(stripes, listener=hears)
    assert any("ends in a softmax" in line for line in hears.lines)
    hears = Hears()
    Path("mynet.py").write_text(NET)
    train(stripes, out="logits", listener=hears)
    assert not any("softmax" in line for line in hears.lines)


def test_a_list_that_cannot_be_written_does_not_stop_a_training(
    stripes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("GREVY_STATE", "file/state")
    hears = Hears()
    train(stripes, listener=hears)
    assert any("this run needs --trust-source" in line for line in hears.lines)


class Hears(Listener):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def said(self, text: str) -> None:
        self.lines.append(text)
