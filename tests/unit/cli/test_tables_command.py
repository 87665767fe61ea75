"""`grevy runs --out` and `grevy compare --out`: tables by themselves."""

import csv
from pathlib import Path

import pytest

from grevy.cli.main import main


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name, flags in (("first", ()), ("second", ("--seed", "1"))):
        words = ["train", "digits", "--epochs", "1", "--device", "cpu", *flags]
        main([*words, "--out", str(folder / name)])
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_runs_go_to_latex_markdown_and_csv(runs, tmp_path, capsys):
    for suffix in (".tex", ".md", ".html", ".txt", ".csv"):
        path = tmp_path / f"runs{suffix}"
        main(["runs", str(runs), "--out", str(path)])
        assert f"written   {path}" in capsys.readouterr().out
        assert "second" in path.read_text(encoding="utf-8")
    found = rows(tmp_path / "runs.csv")
    assert [row["run"] for row in found] == ["first", "second"]
    assert {row["status"] for row in found} == {"finished"}
    assert 0 < float(found[0]["test"]) < 1
    assert r"\begin{longtable}" in (tmp_path / "runs.tex").read_text(encoding="utf-8")


def test_a_comparison_goes_to_a_file_of_tables_and_draws_nothing(runs, tmp_path, capsys):
    arms = [f"one={runs / 'first'}", f"two={runs / 'second'}"]
    for name in ("e.tex", "e.md", "e.csv"):
        main(["compare", *arms, "--out", str(tmp_path / name)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.csv", "e.md", "e.tex"]
    (effect,) = rows(tmp_path / "e.csv")
    assert effect["verdict"]
    assert "by class" in (tmp_path / "e.md").read_text(encoding="utf-8")
    assert "written   " in capsys.readouterr().out


def test_a_table_in_another_form_is_refused(runs, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["runs", str(runs), "--out", str(tmp_path / "runs.xlsx")])
    assert stop.value.code == 2
    assert ".html, .pdf, .md, .tex, .txt or .csv" in capsys.readouterr().err
