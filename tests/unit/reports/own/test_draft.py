"""A draft: a first report that can be made as it is, with places for the author's words."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copytree

import pytest

from grevy.cli.main import main
from grevy.documents.blocks import Document, Paragraph, plain
from grevy.reports.draft import draft
from grevy.reports.report import report


@pytest.fixture
def folder(own_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").symlink_to(own_runs / "runs")
    return tmp_path


def made(text: str) -> Document:
    Path("report.md").write_text(text, "utf-8")
    return report("report.md").content


def test_of_a_run_a_report_is_made_as_it_stands(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["report", "--draft", "runs/one"])
    document = made(capsys.readouterr().out)
    assert document.title == "Report on one"
    said = " ".join(plain(b.text) for b in document.blocks if isinstance(b, Paragraph))
    assert "Missing here" not in said
    assert "The accuracy on the test split is " in said
    assert "\n".join(figure.name for figure in document.figures).count("one-") >= 6


def test_every_number_in_it_is_a_directive_and_every_place_for_words_asks(folder: Path) -> None:
    text = draft(["runs/one"])
    without = re.sub(r"\{\{.*?\}\}", "", text)
    assert not re.search(r"\d", without.replace("95 %", ""))
    asked = re.findall(r"^> Discussion: (.*(?:\n> .*)*)", text, re.MULTILINE)
    assert len(asked) >= 7
    assert all(question.endswith("?") for question in asked)
    assert "overfit" in text


def test_of_a_comparison_it_asks_which_change_helped_and_how_sure_that_is(folder: Path) -> None:
    text = draft(["runs/one", "runs/two"])
    assert "Which change helped, and how sure is that?" in text.replace("\n> ", " ")
    document = made(text)
    names = [figure.name for figure in document.figures]
    assert any(name.endswith("-effects") for name in names)
    assert any("-flipped-" in name for name in names)
    assert any(name.endswith("-loss") for name in names)


def test_of_a_run_without_results_it_says_what_is_there(folder: Path, own_runs: Path) -> None:
    copytree(own_runs / "runs" / "one", "odd {{ run")
    for file in Path("odd {{ run", "predictions").glob("*"):
        file.unlink()
    text = draft(["odd {{ run"])
    assert "accuracy on the test split" not in text
    assert made(text).title == "Report on odd {{ run"
