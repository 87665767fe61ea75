"""docs/first-hour.md and examples/first_hour.py run as they stand, with one epoch a training."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from grevy.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first-hour.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    Path("short.yaml").write_text("epochs: 1\n")
    return tmp_path


def run(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a line of the page prints; `> FILE` is written as a shell would."""
    line, _, file = command.removeprefix("$ grevy ").partition(" > ")
    short = {
        "train": ["--epochs", "1", "--out", "runs/digits-base-seed0"],
        "study": ["--base", "short.yaml", "--workers", "1"],
    }
    words = shlex.split(line.replace("--seeds 3", "--seeds 1"), comments=True)
    capsys.readouterr()
    main([*words, *short.get(words[0], [])])
    said = capsys.readouterr().out
    if file:
        Path(file).write_text(said, "utf-8")
    return said


@pytest.mark.timeout(900)
def test_the_first_hour_ends_in_a_report_that_is_true(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = "".join(blocks("console")).splitlines()
    assert [shlex.split(c)[2] for c in commands] == [
        "train", "evaluate", "look", "look", "study", *["report"] * 4,
    ]  # fmt: skip
    for command in commands[:6]:
        run(command, capsys)
    assert len(list(Path().glob("look-*.png"))) == 2

    with Path("report.md").open("a", encoding="utf-8") as text:
        text.write("\n" + "\n".join(blocks("markdown")))
    for command in commands[6:]:
        run(command, capsys)
    page = Path("report.html").read_text("utf-8")
    assert "Discussion: " in page
    assert "Missing here" not in page
    assert "With batch norm it reaches " in page
    assert Path("report.pdf").read_bytes().startswith(b"%PDF")


def test_the_example_keeps_its_word(folder: Path) -> None:
    runpy.run_path(str(ROOT / "examples" / "first_hour.py"), run_name="__main__")
