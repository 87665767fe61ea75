"""docs/own-network.md and examples/own_network.py run as they stand, with a recipe of one epoch."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

import grevy
from grevy.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-network.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(command: str) -> None:
    words = shlex.split(command.removeprefix("$ grevy "))
    short = {"train": ["--epochs", "1"], "study": ["--base", "short.yaml"]}
    main([*words, *short.get(words[0], [])])


@pytest.fixture
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    Path("short.yaml").write_text("epochs: 1\n")


@pytest.mark.usefixtures("_in_folder")
def test_the_page_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    net, edited, script = blocks("python")
    first, study = blocks("console")
    Path("mynet.py").write_text(net)
    Path("mynet2.py").write_text(edited)
    for command in first.splitlines():
        run(command)
    assert "accuracy" in capsys.readouterr().out
    assert list(Path().glob("look-*.png"))
    assert grevy.open_run("runs/mine").record.sources[0].file == "mynet.py"
    for command in study.splitlines():
        run(command)
    assert "norm" in capsys.readouterr().out

    Path("mynet2.py").write_text(edited.replace("torch.relu(self.norm1", "torch.tanh(self.norm1"))
    run(f"{study.strip()} --plan")
    assert "2 finished, 2 missing" in capsys.readouterr().out

    short = script.replace('"digits", model', '"digits", "short.yaml", model')
    assert short != script
    Path("script.py").write_text(short)
    runpy.run_path("script.py", run_name="__main__")
    assert "10250" in capsys.readouterr().out


@pytest.mark.usefixtures("_in_folder")
def test_the_example_keeps_its_word() -> None:
    runpy.run_path(str(ROOT / "examples" / "own_network.py"), run_name="__main__")
