"""A report is true as long as its page, its records and what they give are as they were."""

from __future__ import annotations

import html
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grevy.cli.report import main
from grevy.documents.blocks import Document, Heading, Paragraph, Table
from grevy.documents.html import as_html
from grevy.errors import ReportFileError
from grevy.records.predictions import Predictions, load_predictions, save_predictions
from grevy.records.run import RunDirectory
from grevy.reports.sources.open import open_sources
from grevy.reports.sources.source import value_of
from grevy.reports.verify import Verification, verify

MakeRun = Callable[..., RunDirectory]

FIELDS = {
    "results.test.accuracy": "accuracy",
    "results.test.loss": "loss",
    "results.validation.accuracy": "percent",
    "checks.best.loss": "loss",
    "steps.last.loss": ".3f",
    "results.test.classes.owl.recall": "accuracy",
    "seed": "text",
    "results.seconds.training": "seconds",
    "steps.last.step": ",d",
}
OF_A_COMPARISON = {
    "effects.better.mean": "points",
    "effects.better.verdict": "text",
    "arms.base.test.mean": "accuracy",
    "effects.better.classes.cat.mean": "points",
}


def page_of(*places: str) -> Path:
    """A page with values of the places, in paragraphs and in a table, and a number that is none."""
    sources = open_sources(list(places))
    blocks: list[Heading | Paragraph | Table] = []
    for source in sources.all:
        fields = OF_A_COMPARISON if source is sources.comparison else FIELDS
        values = [value_of(source, name, form) for name, form in fields.items()]
        rows = tuple((v.field, (v,)) for v in values)
        blocks += [Heading(f"What {source.name} gave"), Table(("field", "value"), rows)]
        blocks.append(Paragraph(("The accuracy was ", values[0], ".")))
    blocks.append(Table(("what", "number"), (("typed in", "41 of 42"),)))
    origins = tuple(source.origin() for source in sources.all)
    path = Path("report.html")
    path.write_text(as_html(Document("A report", tuple(blocks), origins), whole_page=True) + "\n")
    return path


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: MakeRun) -> Path:
    """A report on the run runs/a, seen from the current folder."""
    monkeypatch.chdir(tmp_path)
    make_run(Path("runs/a"))
    return page_of("runs/a")


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(without_its_sum(text.replace(old, new, 1)))


def without_its_sum(text: str) -> str:
    """A record as somebody leaves it who means to change it."""
    return re.sub(r',\s*"sha256_of_the_rest": "[0-9a-f]*"', "", text)


def lines_of(found: Verification) -> str:
    return "\n".join(d.line for d in found.differences)


def test_an_untouched_report_is_true(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--verify", str(report)])
    said = capsys.readouterr().out
    assert said == (
        "report.html: 10 values of 1 record recomputed, 5 files unchanged; no difference\n"
    )


def test_the_command_that_a_value_names_prints_it(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = re.findall(r'To read it again: grevy report ([^"]+)"', report.read_text())
    assert len(named) == 10
    main(shlex.split(html.unescape(named[0])))
    assert capsys.readouterr().out == "results.test.accuracy = 0.75\n"


def test_a_changed_digit_of_a_value_is_named_with_its_place(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(report, ">0.7500<", ">0.7600<")
    with pytest.raises(SystemExit) as stopped:
        main(["--verify", str(report)])
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert (
        "a: results.test.accuracy under “What a gave”: the page says 0.7600, the records give"
        " 0.7500" in said
    )
    assert "the page was changed after Grevy wrote it" in said
    assert "2 differences" in said


@pytest.mark.parametrize(
    ("old", "new"),
    [("41 of 42", "42 of 42"), ("The accuracy was", "The accuracy is"), ('"seed":0', '"seed":1')],
    ids=["a cell that is no value", "a word", "the embedded record"],
)
def test_a_change_anywhere_else_in_the_page_is_found(report: Path, old: str, new: str) -> None:
    changed(report, old, new)
    assert "the page was changed after Grevy wrote it" in lines_of(verify(report))


def test_a_change_with_a_new_hash_is_found_by_the_value(report: Path) -> None:
    from grevy.documents.html import page_hash

    changed(report, ">0.7500<", ">0.7600<")
    text = report.read_text()
    old = re.search(r'id="grevy-text">([0-9a-f]{64})', text)
    assert old
    report.write_text(text.replace(old[1], page_hash(text)))
    assert [d.what for d in verify(report).differences] == ["results.test.accuracy"]


def test_a_prediction_that_changes_an_answer_changes_values(report: Path) -> None:
    file = Path("runs/a/predictions/test.safetensors")
    said = load_predictions(file)
    logits_NK = said.logits_NK.copy()
    logits_NK[0, said.labels_N[0]] = -50
    save_predictions(file, Predictions(logits_NK, said.labels_N, said.ids))
    found = lines_of(verify(report))
    assert "a: predictions/test.safetensors has changed: its SHA-256 was" in found
    assert "the page says 0.7500, the records give 0.7250" in found
    assert "a: run.json says results.test.accuracy 0.75, its predictions give 0.725" in found


def test_a_prediction_that_changes_no_printed_digit_is_found_by_its_file(report: Path) -> None:
    file = Path("runs/a/predictions/train.safetensors")
    said = load_predictions(file)
    logits_NK = said.logits_NK.copy()
    logits_NK[3, 1] = np.nextafter(logits_NK[3, 1], np.float32(9))
    save_predictions(file, Predictions(logits_NK, said.labels_N, said.ids))
    assert [d.what for d in verify(report).differences] == ["predictions/train.safetensors"]


@pytest.mark.parametrize(
    ("file", "old", "new", "field"),
    [
        ("checks.jsonl", '"loss": 1.0', '"loss": 1.1', "checks.best.loss"),
        ("steps.jsonl", '"loss": 1.0,', '"loss": 0.9,', "steps.last.loss"),
        ("steps.jsonl", '"loss": 1.5', '"loss": 1.6', None),
    ],
)
def test_a_changed_log_is_found(
    report: Path, file: str, old: str, new: str, field: str | None
) -> None:
    changed(Path("runs/a") / file, old, new)
    assert [d.what for d in verify(report).differences] == [file, *([field] if field else [])]


def test_results_written_into_the_record_by_hand_contradict_the_predictions(report: Path) -> None:
    changed(Path("runs/a/run.json"), '"accuracy": 0.75', '"accuracy": 0.99')
    found = lines_of(verify(report))
    assert "a: run.json says results.train.accuracy 0.99, its predictions give 0.75" in found
    assert "a: the record has changed: results.train.accuracy was 0.75 and is 0.99" in found


def test_a_record_that_differs_from_its_own_sum_is_named(report: Path) -> None:
    file = Path("runs/a/run.json")
    file.write_text(file.read_text().replace('"accuracy": 0.75', '"accuracy": 0.99', 1))
    assert "runs/a/run.json was changed: it differs from the SHA-256 in it" in lines_of(
        verify(report)
    )


def test_another_field_of_the_record_is_named(report: Path) -> None:
    changed(Path("runs/a/run.json"), '"batch_size": 6', '"batch_size": 7')
    assert lines_of(verify(report)) == (
        "a: the record has changed: recipe.batch_size was 6 and is 7"
    )


def test_a_run_trained_again_under_the_same_name_is_another(
    report: Path, make_run: MakeRun
) -> None:
    shutil.rmtree("runs/a")
    make_run(Path("runs/a"), created="2026-05-05T05:05:05+00:00")
    assert "created was 2026-01-02" in lines_of(verify(report))


def test_reading_the_test_split_once_more_changes_nothing(report: Path) -> None:
    RunDirectory(Path("runs/a")).count_test_read()
    assert not verify(report).differences


def test_a_run_that_is_gone_is_named(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.move("runs", "elsewhere")
    with pytest.raises(SystemExit) as stopped:
        main(["--verify", str(report)])
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert "a: nothing at runs/a in the current folder" in said
    assert "--runs DIR; 10 values can't be recomputed" in said


@pytest.mark.parametrize("place", ["runs", ".", "runs/a", "moved/deeper"])
def test_runs_that_moved_are_found_in_the_folder_that_is_named(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "moved/deeper":
        shutil.copytree("runs", "moved/deeper/still")
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    found = verify(tmp_path / report, tmp_path / place)
    assert not found.differences
    assert (found.values, found.files) == (10, 5)


def test_of_two_runs_of_that_name_the_one_that_is_remembered_is_taken(
    report: Path, make_run: MakeRun
) -> None:
    shutil.move("runs", "z/old")
    make_run(Path("z/a"), seed=3)
    assert not verify(report, "z").differences


def test_values_of_a_comparison_are_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        make_run(Path(f"runs/base-{seed}"), seed=seed, right=0.6 + 0.05 * seed)
        better = f"runs/better-{seed}"
        make_run(Path(better), seed=seed, right=0.8 + 0.05 * seed, recipe="better")
    page = page_of("runs")
    found = verify(page)
    assert not found.differences
    assert (found.records, found.files) == (7, 60)
    assert found.values == 5 + 6 * 10
    shutil.move("runs", "elsewhere/kept")
    assert not verify(page, "elsewhere").differences
    assert not verify(page, "elsewhere/kept").differences
    file = Path("elsewhere/kept/better-1/predictions/test.safetensors")
    said = load_predictions(file)
    save_predictions(file, Predictions(-said.logits_NK, said.labels_N, said.ids))
    lines = lines_of(verify(page, "elsewhere"))
    assert "comparison" not in lines
    assert "runs: effects.better.mean under “What runs gave”: the page says" in lines
    assert "runs: runs/better-1/predictions/test.safetensors has changed" in lines


def test_predictions_of_others_in_a_comparison_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(Path("runs/a"))
    rows = [f"{i},{('cat', 'dog', 'owl')[i % 3]},cat" for i in range(40)]
    Path("theirs.csv").write_text("\n".join(["id,label,prediction", *rows]) + "\n")
    sources = open_sources(["runs/a", "other=theirs.csv"])
    assert sources.comparison
    value = value_of(sources.comparison, "effects.other.pictures.mean", "points")
    origins = (sources.comparison.origin(),)
    page = Path("report.html")
    page.write_text(as_html(Document("", (Paragraph((value,)),), origins), whole_page=True))
    assert not verify(page).differences
    changed(Path("theirs.csv"), "0,cat,cat", "0,cat,dog")
    assert [d.what for d in verify(page).differences] == ["theirs.csv", value.field]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>no report</body></html>",
        b"\xff\xfe\x00",
        b'<html><script id="grevy-records">[{"name":1}]</script><i id="grevy-text">0</i></html>',
        b'<html><script id="grevy-records">'
        + b"[" * 9999
        + b'</script><i id="grevy-text"></i></html>',
    ],
    ids=["empty", "another page", "no text", "odd records", "deep records"],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(content)
    with pytest.raises(ReportFileError):
        verify(page)


def test_a_report_that_is_cut_anywhere_is_refused(report: Path) -> None:
    text = report.read_text().rstrip()
    for length in (len(text) // 3, len(text) // 2, len(text) - 1):
        report.write_text(text[:length])
        with pytest.raises(ReportFileError, match="whole"):
            verify(report)


def test_a_page_leads_nowhere_outside_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    make_run(tmp_path / "outside")
    make_run(Path("runs/a"))
    page = page_of("runs/a")
    for place in (f"{tmp_path}/outside", "../outside", "link"):
        Path("link").unlink(missing_ok=True)
        Path("link").symlink_to(tmp_path / "outside")
        text = page.read_text().replace('"places":["runs/a"]', f'"places":["{place}"]')
        Path("strange.html").write_text(text)
        found = lines_of(verify(Path("strange.html")))
        assert f"a: {place} leads out of the current folder" in found
    log = Path("runs/a/steps.jsonl")
    log.unlink()
    log.symlink_to(tmp_path / "outside" / "steps.jsonl")
    assert "runs/a/steps.jsonl is no file of the run" in lines_of(verify(page))


def test_a_page_with_odd_places_and_fields_is_only_untrue(report: Path) -> None:
    text = report.read_text()
    odd = {
        '"places":["runs/a"]': '"places":["a\\u0000b"]',
        'data-field="results.test.loss"': 'data-field="results.nothing.here"',
        'data-form="loss"': 'data-form="{0.__class__}"',
        'data-record="a"': 'data-record="b"',
    }
    for old, new in odd.items():
        assert old in text
        report.write_text(text.replace(old, new, 1))
        assert len(verify(report).differences) >= 2, old


def test_damaged_predictions_are_named_and_the_rest_is_still_checked(report: Path) -> None:
    file = Path("runs/a/predictions/test.safetensors")
    file.write_bytes(file.read_bytes()[:-3])
    found = lines_of(verify(report))
    assert "predictions in runs/a/predictions/test.safetensors can't be read" in found
    assert "results.test.accuracy" not in found.replace("seed", "")
    assert "results.test.classes.owl.recall under “What a gave”: the page says" in found


def test_the_answer_in_json_names_every_difference(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(report, ">0.7500<", ">0.7600<")
    with pytest.raises(SystemExit):
        main(["--verify", str(report), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["values"] == 10
    assert answer["differences"][1]["found"] == "0.7500"
