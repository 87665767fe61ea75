"""A network of one's own on the command line, and what is said where something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from grevy.cli.main import main

NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, classes, factor=1):
        super().__init__()
        self.linear = nn.Linear(256, classes)
        self.factor = factor

    def forward(self, images):
        return self.linear(images.flatten(1)) * self.factor
"""
TRAIN = ["train", "stripes.npz", "--epochs", "1", "--batch-size", "20", "--precision", "fp32"]


@pytest.fixture(autouse=True)
def elsewhere(stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    (x, y), (xt, yt) = stripes["train"], stripes["test"]
    np.savez("stripes.npz", x_train=x, y_train=y, x_test=xt, y_test=yt)
    Path("mynet.py").write_text(NET)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    capsys.readouterr()
    main([*words, "--json"])
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main([*words])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_train_evaluate_and_resume_by_flags(capsys, monkeypatch) -> None:
    model = ["--model", "mynet.py:Net", "--model.arguments", "factor", "2"]
    trained = said(capsys, *TRAIN, *model, "--out", "run")
    assert trained["recipe"]["model"]["name"] == "mynet.py:Net"
    assert trained["recipe"]["model"]["arguments"] == {"factor": 2}
    found = said(capsys, "evaluate", "run")
    assert found["loss"] == trained["results"]["test"]["loss"]
    assert said(capsys, "train", "--resume", "--out", "run")["identity"] == trained["identity"]

    monkeypatch.setenv("GREVY_STATE", "nobody's")
    monkeypatch.setattr("grevy.models.own.built._named", set())
    assert "add --trust-source" in refused(capsys, "evaluate", "run")
    trusted = said(capsys, "evaluate", "run", "--trust-source")
    assert trusted["accuracy"] == found["accuracy"]
    assert said(capsys, "layers", "run", "--trust-source")["total_parameters"] == 257 * 2

    Path("mynet.py").write_text(NET.replace("* self", "+ self"))
    error = refused(capsys, *TRAIN, *model, "--out", "run", "--resume")
    assert "mynet.py, which has changed since the run at run was trained" in error


def test_names_that_were_there_before_do_for_model_too(capsys) -> None:
    trained = said(capsys, *TRAIN, "--model", "resnet18")
    assert trained["recipe"]["model"]["name"] == "resnet18"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "Linear(256, classes)",
            "Linear(256, classes",
            "line 8: SyntaxError: '(' was never closed",
        ),
        ("nn.Linear", "nn.Linaer", "line 8: AttributeError"),
        ("images.flatten(1)", "imges.flatten(1)", "line 12: NameError"),
        ("classes, factor", "self_classes, width, depth, factor", "needs depth"),
    ],
)
def test_one_line_says_where_it_is_wrong(capsys, old: str, new: str, words: str) -> None:
    Path("mynet.py").write_text(NET.replace(old, new))
    error = refused(capsys, *TRAIN, "--model", "mynet.py:Net")
    assert words in error
    assert not Path("runs").exists()


def test_a_plain_network_as_a_plugin_is_told_the_way(capsys) -> None:
    error = refused(capsys, *TRAIN, "--plugin", "mynet.py")
    assert "defines Net and registers nothing" in error
    assert "--model mynet.py:Net" in error
