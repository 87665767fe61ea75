"""Studies of networks of one's own: workers get the source, and an edited one is trained anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

import grevy
from grevy.errors import SameArmsError, SourceError, SourceFaultError
from grevy.studies.execute import task_of
from grevy.studies.executors.task import train_task
from grevy.studies.plan import Plan, plan, save_study
from grevy.studies.study import load_study

NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.linear = nn.Linear(256, classes)

    def forward(self, images):
        return self.linear(images.flatten(1)) * 1.0
"""
BASE = {"epochs": 1, "batch_size": 20, "precision": "fp32"}


@pytest.fixture(autouse=True)
def elsewhere(stripes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    (x, y), (xt, yt) = stripes["train"], stripes["test"]
    np.savez("stripes.npz", x_train=x, y_train=y, x_test=xt, y_test=yt)
    Path("mynet.py").write_text(NET)


def planned(*vary: str, **more: Any) -> Plan:
    arms = list(vary) or ["slow: lr=0.01"]
    study = load_study({"where": "stripes.npz", "base": BASE, "vary": arms, "seeds": 1})
    return plan(study, Path("study"), **more)


def train(of: Plan) -> None:
    save_study(of.study, of.folder, of.sources)
    for run in of.having("missing"):
        assert train_task(task_of(of.study.where, run, [])) == ("finished", None)


def states(of: Plan) -> list[str]:
    return [run.status for run in of.runs]


def test_an_edited_network_is_trained_anew_and_only_what_is_asked_now_is_compared() -> None:
    train(planned(model="mynet.py:Net"))
    assert states(planned(model="mynet.py:Net")) == ["finished", "finished"]
    Path("mynet.py").write_text(NET.replace("1.0", "0.1"))
    edited = planned(model="mynet.py:Net")
    assert states(edited) == ["missing", "missing"]
    train(edited)
    arms = grevy.compare("study").to_dict()["arms"]
    assert [arm["sources"] for arm in arms] == [[str(run.path)] for run in edited.runs]


def test_an_edited_plugin_too() -> None:
    mine = NET.replace("class", "import grevy\n@grevy.register_model('mine')\nclass", 1)
    Path("mine.py").write_text(mine)
    train(planned("mine: model=mine", plugin="mine.py"))
    assert states(planned("mine: model=mine", plugin="mine.py")) == ["finished", "finished"]
    Path("mine.py").write_text(mine.replace("1.0", "0.1"))
    assert states(planned("mine: model=mine", plugin="mine.py")) == ["missing", "missing"]


def test_an_arm_brings_its_own_network_and_leaves_the_others_as_they_were() -> None:
    first = planned("mine: model=mynet.py:Net")
    assert [len(run.sources) for run in first.runs] == [0, 1]
    train(first)
    Path("mynet.py").write_text(NET.replace("1.0", "0.1"))
    assert states(planned("mine: model=mynet.py:Net")) == ["finished", "missing"]


def test_workers_train_what_was_planned_though_the_file_has_changed_since() -> None:
    before = planned("mine: model=mynet.py:Net")
    Path("mynet.py").write_text("1 / 0\n")
    train(before)
    run = grevy.open_run(before.runs[1].path)
    assert (run.path / "source" / "mynet.py").read_text() == NET


def test_a_class_in_python_reaches_the_workers_by_its_source() -> None:
    tasks = [task_of("stripes.npz", run, []) for run in planned(model=Flat).runs]
    assert all(task.sources[0]["text"] == Path(__file__).read_text() for task in tasks)


class Flat(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(256, classes)

    def forward(self, images: Any) -> Any:
        return self.linear(images.flatten(1))


def test_a_class_without_a_source_is_refused_before_anything_is_trained() -> None:
    space: dict[str, Any] = {"__name__": "typed"}
    exec(NET, space)
    with pytest.raises(SourceError, match=r"Net, of which Python keeps no source.*into a file"):
        planned(model=space["Net"])


def test_a_fault_in_a_file_is_shown_before_anything_is_trained() -> None:
    Path("mynet.py").write_text(NET.replace("nn.Module)", "nn.Modul)"))
    with pytest.raises(SourceFaultError, match=r"mynet\.py, line 5: AttributeError"):
        planned("mine: model=mynet.py:Net")
    Path("mine.py").write_text("def (\n")
    with pytest.raises(SourceFaultError, match=r"mine\.py, line 1: SyntaxError"):
        planned(plugin="mine.py")


def test_two_names_of_one_network_are_one_arm() -> None:
    with pytest.raises(SameArmsError, match="'full', which is the same as the arm 'short'"):
        planned("short: model=mynet.py", "full: model=./mynet.py:Net")
