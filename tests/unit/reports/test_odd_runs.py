"""Reports of runs that failed, were stopped, are damaged, lack something, or are named oddly."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grevy.cli.main import main
from grevy.documents.blocks import Heading
from grevy.records.predictions import Predictions, load_predictions, save_predictions
from grevy.records.run import RunDirectory
from grevy.reports.report import report

MakeRun = Callable[..., RunDirectory]

FORMAT_1 = Path(__file__).parents[1] / "records" / "format_1" / "run.json"
LONG = "x" * 200
ODD_NAMES = ("猫", "כלב", "<b>x</b>", "a.b", "q\"uo'te", "new\nline", "$x_1$", "\x1b[31m")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are laid out and not drawn."""
    one_pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d494844520000000100000001080000000000003a7e9b55"
        "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
    )
    monkeypatch.setattr("grevy.reports.figure.rendered", lambda drawn, kind: one_pixel)


def told(*places: str) -> str:
    """The report as one line of text."""
    return " ".join(str(report(list(places))).split())


def status_of(*words: str) -> int:
    """Of the command; 0 if it just returns."""
    try:
        main(["report", *words])
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_report_begins_with_what_it_is_about_and_the_main_result(
    make_run: MakeRun, quick: None
) -> None:
    make_run(Path("runs/a"))
    assert (
        "This is about one training, a: the recipe base on animals (3 classes) with seed 0. Of the"
        " 40 test pictures it has 75.00 % right (95 % interval over pictures: 59.81 % to 85.81 %)."
        in told("runs/a")
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("failed", "It failed, and has no result."),
        ("interrupted", "It was interrupted, and can go on."),
        ("training", "it was being trained, or its process was killed"),
    ],
)
def test_a_run_without_results_says_so_once_and_shows_its_curves(
    make_run: MakeRun, quick: None, status: str, words: str
) -> None:
    error = "the loss became NaN" if status == "failed" else None
    make_run(Path("runs/a"), status=status, **({"error": error} if error else {}))
    text = told("runs/a")
    assert words in text
    assert "so nothing is said by class, on calibration and on mistakes" in text
    assert "Trained 30 steps, 3 epochs" in text
    # Of three checks one is above the best: that is no overfitting yet.
    assert "a: too few checks for a diagnosis: there are 3, and it takes 4." in text
    assert "grevy train --resume --out runs/a # goes on where it stopped" in text
    assert "Missing here" not in text
    assert error is None or error in text


@pytest.mark.parametrize("checks", [None, 0, 1])
def test_a_run_that_was_killed_early_has_a_report(
    make_run: MakeRun, quick: None, checks: int | None
) -> None:
    run = make_run(Path("runs/a"), status="training")
    lines = run.checks_file.read_text().splitlines(keepends=True)
    run.checks_file.write_text("".join(lines[:checks]))
    if checks is None:
        run.checks_file.unlink()
        run.steps_file.unlink()
    text = told("runs/a")
    assert ("Not one check is recorded" in text) is (checks != 1)
    assert ("Too few checks for a diagnosis" in text) is (checks == 1)
    assert ("No step is recorded" in text) is (checks is None)


def test_without_a_test_split_validation_is_told_and_flattery_named(
    make_run: MakeRun, quick: None
) -> None:
    make_run(Path("runs/a"), splits=("train", "validation"))
    text = told("runs/a")
    assert "Of the 30 validation pictures it has 76.67 % right" in text
    assert "There is no test split, so this flatters it" in text
    assert "by class, on validation" in text


def test_pictures_that_are_gone_are_missing_in_their_place(make_run: MakeRun, quick: None) -> None:
    make_run(Path("runs/a"))
    text = told("runs/a")
    assert "The pictures themselves are not shown: no folder, file or built-in" in text
    assert "Mistakes ──────── Missing here: no folder" in text
    assert "Its layers are not shown: there is no runs/a/model.json" in text


@pytest.mark.parametrize(
    "classes",
    [(LONG, "dog"), ODD_NAMES, ("a", "b"), tuple(f"class {i}" for i in range(100))],
    ids=["a long one", "odd ones", "two", "hundred, most without a picture"],
)
def test_class_names_of_any_kind_are_printed_and_give_a_page_that_is_true(
    make_run: MakeRun, classes: tuple[str, ...]
) -> None:
    make_run(Path("runs/a"), classes=classes)
    assert status_of("runs/a", "--out", "report.html") == 0
    page = Path("report.html").read_text()
    assert "<b>x</b>" not in page
    assert "\x1b" not in page
    assert ("猫" in page) is (classes == ODD_NAMES)
    assert status_of("--verify", "report.html") == 0


def test_a_class_without_a_test_picture_has_no_recall(make_run: MakeRun, quick: None) -> None:
    make_run(Path("runs/a"), classes=tuple(f"c{i}" for i in range(45)))
    assert re.search(r"c44 – – – 0|c44 0.0000 – 0.0000 0", told("runs/a"))


def test_nothing_is_told_from_logits_that_are_not_finite(make_run: MakeRun, quick: None) -> None:
    file = make_run(Path("runs/a")).predictions_file("test")
    said = load_predictions(file)
    logits_NK = said.logits_NK.copy()
    logits_NK[3] = np.nan
    save_predictions(file, Predictions(logits_NK, said.labels_N, said.ids))
    text = told("runs/a")
    assert "Missing here: recorded logits that are not finite on 1 test picture" in text
    assert "by class, on test" not in text


def test_damaged_predictions_are_named_first_and_the_rest_is_told(
    make_run: MakeRun, quick: None
) -> None:
    file = make_run(Path("runs/a")).predictions_file("test")
    content = bytearray(file.read_bytes())
    content[9] ^= 255
    file.write_bytes(bytes(content))
    text = told("runs/a")
    assert "Its predictions on test can't be read. - predictions in" in text
    assert "By class ──────── Missing here: predictions in" in text
    assert "validation 0.7667" in text


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("checks.jsonl", '{"step": 1}\n'),
        ("steps.jsonl", "[1, 2]\n"),
        ("checks.jsonl", "no JSON\n"),
        ("model.json", '{"name"'),
        ("model.json", "[]"),
    ],
)
def test_a_damaged_file_of_a_run_is_named(
    make_run: MakeRun, quick: None, file: str, content: str
) -> None:
    write(make_run(Path("runs/a")).path / file, content)
    assert f"runs/a/{file}" in told("runs/a")


def test_a_loss_that_was_lost_on_the_way_has_a_report(make_run: MakeRun, quick: None) -> None:
    file = make_run(Path("runs/a"), status="failed", error="NaN").checks_file
    file.write_text(re.sub(r'loss": [0-9.]+', 'loss": null', file.read_text()))
    assert "Too few checks for a diagnosis" in told("runs/a")


def test_a_run_of_format_1_without_its_files_has_a_report(quick: None) -> None:
    write(Path("runs/old/run.json"), FORMAT_1.read_text())
    text = told("runs/old")
    assert "recipe net2" in text
    assert "Its predictions on validation can't be read" in text


def study(make_run: MakeRun) -> None:
    for seed in range(2):
        make_run(Path(f"runs/base-{seed}"), seed=seed, right=0.6 + 0.05 * seed)
        make_run(Path(f"runs/better-{seed}"), seed=seed, right=0.8, recipe="better")


def test_several_runs_are_compared_and_each_has_its_curves(make_run: MakeRun, quick: None) -> None:
    study(make_run)
    text = told("runs")
    assert "This compares better with base, the baseline: 4 runs, all judged on the same 40" in text
    assert "better: +17.50 points, " in text
    blocks = report("runs").content.blocks
    alone = [b.text for b in blocks if isinstance(b, Heading) and b.level == 3]
    assert alone == ["base-0", "base-1", "better-0", "better-1"]


def test_of_more_than_six_runs_there_is_the_table_alone(make_run: MakeRun, quick: None) -> None:
    for i in range(7):
        make_run(Path(f"runs/r{i}"), recipe=f"recipe{i}")
    assert not [b for b in report("runs").content.blocks if b == Heading("r0", 3)]


def test_a_failed_arm_and_a_damaged_record_are_named_beside_the_comparison(
    make_run: MakeRun, quick: None
) -> None:
    study(make_run)
    make_run(Path("runs/bad"), recipe="bad", status="failed", error="NaN at step 3")
    write(Path("runs/broken/run.json"), '{"format": 2')
    text = told("runs")
    assert "not compared: bad, seed 0 (failed: NaN at step 3)" in text
    assert "failed: NaN at step 3" in text.partition("Every run")[2]
    assert "runs/broken is left out: " in text


def test_runs_that_can_t_be_compared_are_listed(make_run: MakeRun, quick: None) -> None:
    for i in range(30):
        names = tuple(f"k{j}" for j in range(2 + i % 4))
        make_run(Path(f"runs/r{i}"), recipe=f"recipe{i % 5}", seed=i, classes=names)
    text = told("runs")
    assert "This is about 30 runs, which are not compared. - Nothing is compared: " in text
    assert "with other classes than" in text
    assert all(f"r{i} " in text for i in range(30))


@pytest.mark.parametrize(
    "fields", [{"status": "failed", "error": "boom"}, {"splits": ("train", "validation")}]
)
def test_a_study_in_which_nothing_has_a_result_is_a_table(
    make_run: MakeRun, quick: None, fields: dict[str, object]
) -> None:
    for name in ("one", "two"):
        make_run(Path("runs") / name, recipe=name, **fields)
    text = told("runs")
    assert "Nothing is compared: no finished run at runs" in text
    assert "Every run" in text


def test_one_run_that_is_named_twice_is_one(make_run: MakeRun, quick: None) -> None:
    make_run(Path("runs/a"))
    text = told("runs/a", "./runs/a/", str(Path("runs/a").absolute()))
    assert "This is about one training, a" in text
    assert "compared" not in text


def test_predictions_of_others_are_compared(make_run: MakeRun, quick: None) -> None:
    make_run(Path("runs/a"))
    rows = [f"{i},{('cat', 'dog', 'owl')[i % 3]},cat" for i in range(40)]
    write(Path("theirs.csv"), "\n".join(["id,label,prediction", *rows]) + "\n")
    text = told("runs/a", "theirs.csv")
    assert "This compares theirs with base" in text
    assert "left out" not in text


def test_a_study_and_a_run_of_one_name_are_told_apart(make_run: MakeRun, quick: None) -> None:
    make_run(Path("twice/twice"))
    make_run(Path("twice/b"), recipe="b")
    names = [origin.name for origin in report("twice").content.origins]
    assert names == ["comparison in twice", "b", "twice"]


@pytest.mark.parametrize(
    ("place", "status"), [("nothing", 2), ("runs", 1), ("runs/x", 1), ("gone.csv", 2)]
)
def test_a_report_on_nothing_is_one_line(
    place: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("runs/x/run.json"), "[]")
    assert status_of(place) == status
    error = capsys.readouterr().err
    assert error.startswith("grevy: ")
    assert error.count("\n") == 1
    assert not Path("report.html").exists()


def test_data_that_changed_is_not_shown(
    make_run: MakeRun, quick: None, stripes: dict[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    arrays = {f"x_{s}": images for s, (images, _) in stripes.items()}
    np.savez("data.npz", **arrays, **{f"y_{s}": names for s, (_, names) in stripes.items()})
    make_run(Path("runs/a"), classes=("across", "down"), where="data.npz")
    text = told("runs/a")
    assert text.count("data.npz, which has changed since the run was trained") == 2


def test_the_command_that_is_named_next_verifies_the_report(
    make_run: MakeRun,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_run(Path("runs/a"))
    Path("here").mkdir()
    monkeypatch.chdir("here")
    assert status_of("../runs/a") == 0
    named = capsys.readouterr().out.partition("grevy report ")[2]
    assert status_of(*shlex.split(named)) == 0


def test_the_same_records_give_the_same_bytes_in_every_process(make_run: MakeRun) -> None:
    make_run(Path("runs/a"), classes=ODD_NAMES)
    code = "from grevy.reports.report import report; report('runs/a').write('{seed}.html')"
    for seed in ("1", "2"):
        words = [sys.executable, "-c", code.format(seed=seed)]
        subprocess.run(words, env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
    assert Path("1.html").read_bytes() == Path("2.html").read_bytes()
