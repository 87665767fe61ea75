"""docs/report.md: its examples are filled, and it lists all that there is."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copytree

import pytest

from grevy.documents.blocks import Document, Figure, Paragraph, Table, plain
from grevy.documents.forms import FORMS
from grevy.reports.comparison_report import CAPTIONS
from grevy.reports.own.fill import ALONE
from grevy.reports.own.records import RUN_FIGURES, RUN_TABLES, STUDY_TABLES
from grevy.reports.report import report

PAGE = (Path(__file__).parents[4] / "docs" / "report.md").read_text("utf-8")
WHOLE, STUDY, WORKED = re.findall(r"```markdown\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(own_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs where the page says that they are."""
    monkeypatch.chdir(tmp_path)
    copytree(own_runs / "runs" / "one", "runs/digits-base-seed0")
    copytree(own_runs / "runs", "studies/digits")
    return tmp_path


def filled(text: str) -> Document:
    Path("mine.md").write_text(text, "utf-8")
    return report("mine.md").content


def test_the_whole_report_is_filled(folder: Path) -> None:
    document = filled(WHOLE)
    assert document.title == "Digits, first try"
    assert [type(block) for block in document.blocks] == [Paragraph, Figure, Table, Table]


def test_directives_of_a_run_and_a_study_are_filled(folder: Path) -> None:
    document = filled(STUDY)
    said = plain(getattr(document.blocks[-1], "text", ""))
    assert re.fullmatch(r"The baseline is \S+\.", said)
    assert [figure.name for figure in document.figures] == ["study-effects"]


def test_worked_sums_and_views_are_filled(folder: Path) -> None:
    document = filled(WORKED)
    assert any("= 18" in getattr(block, "text", "") for block in document.blocks)
    assert document.figures


def test_every_directive_kind_and_form_is_listed() -> None:
    for name in (*ALONE, "value"):
        assert f"{{{{ {name} " in PAGE
    for kind in (*RUN_FIGURES, *RUN_TABLES, *STUDY_TABLES, *CAPTIONS, *FORMS):
        assert f"`{kind}`" in PAGE
