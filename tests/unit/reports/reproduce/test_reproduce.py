"""The assignment on a few pictures of CIFAR-10's classes: trained once, and what lacks is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import grevy
from grevy.cli.main import main
from grevy.documents.blocks import Document, Heading, Table, plain
from grevy.reports.reproduce import assignment
from grevy.reports.reproduce.listener import ReproduceListener
from grevy.reports.reproduce.published import CLASSES


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """14 train and 4 test pictures of each class, in colours that tell them apart."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("cifar") / "few.npz"
    arrays = {}
    for split, count in (("train", 14), ("test", 4)):
        labels = np.repeat(np.arange(10), count)
        noise = random.integers(0, 20, (len(labels), 32, 32, 3))
        colours = (25 * labels)[:, None, None, None] + noise
        arrays |= {f"x_{split}": colours.astype(np.uint8), f"y_{split}": labels}
    np.savez(path, classes=np.array(CLASSES), **arrays)
    return path


class Counting(ReproduceListener):
    """Which experiments begin."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begins(self, experiment) -> None:
        self.begun.append(experiment.name)


def headings(document: Document) -> list[str]:
    return [plain(block.text) for block in document.blocks if isinstance(block, Heading)]


def test_what_is_trained_once_is_reported_and_not_trained_again(pictures: Path, tmp_path) -> None:
    out = tmp_path / "out"
    first = grevy.reproduce(pictures, tasks=[1, 2], seeds=1, out=out).content
    run = out / "networks" / "runs" / "baseline-seed0"
    written = (run / "run.json").read_bytes()
    again = grevy.reproduce(pictures, tasks=[1, 2], seeds=1, out=out).content
    assert (run / "run.json").read_bytes() == written
    assert again == first
    assert [h for h in headings(first) if h.startswith("Task")] == [
        "Task 1: by hand",
        "Task 2: the five-layer network",
    ]
    figures = next(b for b in first.blocks if isinstance(b, Table) and b.columns[2] == "source")
    assert [plain(row[2]) for row in figures.rows] == ["0.8789", "0.7346", "0.7340", "5,265"]
    assert all(plain(row[5]) == "1" for row in figures.rows)
    assert "are missing" not in str(first)
    assert {"baseline-seed0"} == {origin.name for origin in first.origins}


def test_a_report_without_training_says_what_lacks(pictures: Path, tmp_path) -> None:
    listener = Counting()
    report = grevy.reproduce(pictures, out=tmp_path, train=False, listener=listener)
    text = str(report)
    assert listener.begun == []
    assert "networks: 9 of 9 runs are missing" in " ".join(text.split())
    assert "not trained yet" in text
    assert "Task 4" in text
    assert "Nothing can be compared yet" in text


def test_the_quick_form_says_so_everywhere(pictures: Path, tmp_path) -> None:
    report = grevy.reproduce(pictures, tasks=[1, 2], quick=True, out=tmp_path, train=False)
    assert "quick form" in report.content.title
    assert "tenth" in report.content.banner
    page = report.write(tmp_path / "page.html").read_text()
    assert 'class="banner"' in page
    assert "@top-left" in page
    assert "myheadings" in report.write(tmp_path / "page.tex").read_text()
    assert (tmp_path / "tenth.npz").is_file()


def test_the_plan_names_every_experiment_and_its_cost(pictures: Path, tmp_path, capsys) -> None:
    main(["reproduce", str(pictures), "--out", str(tmp_path), "--plan", "--json"])
    planned = json.loads(capsys.readouterr().out)["experiments"]
    assert [(e["name"], e["runs"], e["finished"]) for e in planned] == [
        ("networks", 9, 0),
        ("transfer", 1, 0),
        ("best", 1, 0),
        ("changes", 9, 0),
    ]
    assert all(e["seconds"] > 0 for e in planned)


def test_nobody_is_asked_for_weights_that_no_task_needs(
    pictures: Path, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment, "choose_transfer", lambda run: pytest.fail("asked"))
    asked = assignment.prepare(pictures, tasks=[1, 2, 3], out=tmp_path)
    assert "transfer" not in [experiment.name for experiment in asked.experiments]
    assert asked.note == ""
