"""What a report leaves unsaid or idle is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from grevy.cli.report import main
from grevy.cli.reproduce import main as reproduce
from grevy.documents.blocks import Document, Origin
from grevy.documents.html import as_html, page_hash
from grevy.errors import (
    ReportFileError,
    RunNotFoundError,
    SaveError,
    UnreadablePictureError,
    UsageError,
)
from grevy.records.run import RunDirectory
from grevy.reports.page import read_page
from grevy.reports.report import report

MakeRun = Callable[..., RunDirectory]


def test_a_page_that_names_no_record_is_not_called_unchanged(tmp_path: Path) -> None:
    page = as_html(Document("T", (), (Origin("a", ("a",), (), "{}"),)), whole_page=True)
    empty = re.sub(r'(id="grevy-records">)[^<]*', r"\1[]", page)
    sealed = re.sub(r'(?<=id="grevy-text">)[0-9a-f]{64}', page_hash(empty), empty)
    (tmp_path / "page.html").write_text(sealed)
    with pytest.raises(ReportFileError, match="names no records"):
        read_page(tmp_path / "page.html")


def test_a_value_of_several_runs_that_are_not_compared_is_nobodys(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(Path("runs/a"))
    make_run(Path("runs/b"))
    with pytest.raises(UsageError, match="2 runs without a comparison"):
        main(["runs", "--value", "results.test.accuracy"])


@pytest.mark.parametrize(
    "words",
    [
        ["runs/a", "--draft", "--out", "draft.md"],
        ["runs/a", "--value", "seed", "--fields"],
        ["runs/a", "--verify", "report.html"],
        ["runs/a", "--runs", "runs"],
    ],
)
def test_flags_that_would_have_no_effect_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        main(words)


def test_a_text_takes_the_title_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("# Its own")
    assert report(tmp_path / "own.md").document().title == "Its own"
    assert report(tmp_path / "own.md", title="Another").document().title == "Another"


def test_a_folder_called_like_a_text_is_looked_through_for_runs(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    with pytest.raises(RunNotFoundError):
        report(tmp_path / "a.md")


def test_a_picture_that_was_named_and_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("# T")
    with pytest.raises(UnreadablePictureError, match=r"zebra\.jpg"):
        report(tmp_path / "own.md", picture=tmp_path / "zebra.jpg")


def test_a_place_that_can_not_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("# T")
    for wrong in (tmp_path / "own.md" / "page.html", tmp_path / "nowhere" / "page.html"):
        with pytest.raises(UsageError, match="which is no folder"):
            main([str(tmp_path / "own.md"), "--out", str(wrong)])
    (tmp_path / "page.html").mkdir()
    with pytest.raises(UsageError, match="a folder"):
        main([str(tmp_path / "own.md"), "--out", str(tmp_path / "page.html")])


def test_a_page_without_records_is_not_sent_to_be_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.md").write_text("# T")
    main([str(tmp_path / "own.md"), "--out", str(tmp_path / "page.html")])
    assert "--verify" not in capsys.readouterr().out


def test_reproduce_finds_before_all_work_that_its_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(SaveError, match="File exists"):
        reproduce(["--tasks", "1", "--out", str(tmp_path / "out")])
