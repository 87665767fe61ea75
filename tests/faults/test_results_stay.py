"""What is of less weight than a result never costs one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import grevy
from grevy.errors import SaveError
from grevy.records.lock import LOCK
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunStatus
from grevy.training.listeners.listener import Listener
from grevy.training.start import hold_new

RECIPE = {
    "epochs": 1,
    "precision": "fp32",
    "model": {"name": "base", "convnet": {"widths": [2]}},
}


class Hears(Listener):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def said(self, text: str) -> None:
        self.lines.append(text)


@pytest.mark.parametrize(
    "error", [SaveError("could not write x", "a disk", "free some space"), MemoryError("no room")]
)
def test_figures_that_can_not_be_drawn_are_told_and_the_run_is_finished(
    stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("grevy.training.draw.draw_loss", fails)
    hears = Hears()
    run = grevy.train(stripes, RECIPE, out=tmp_path / "run", listener=hears)
    assert run.record.status is RunStatus.FINISHED
    assert run.record.test_reads == 1
    (line,) = (line for line in hears.lines if "could not be drawn" in line)
    assert str(error) in line


def test_an_evaluation_that_can_not_be_counted_is_shown_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = grevy.train("digits", RECIPE, out=tmp_path / "run", listener=Listener())

    def fails(*_: object) -> None:
        raise SaveError("could not write run.json (Read-only file system)", "a disk", "another")

    monkeypatch.setattr("grevy.records.run.write_json", fails)
    found = grevy.evaluate(run.path)
    assert found["accuracy"] == run.results["test"]["accuracy"]
    assert not found["counted"]
    assert found["test_reads"] == 1
    assert any("could not be counted: could not write run.json" in note for note in found["notes"])


def test_what_a_start_left_that_was_killed_is_free_and_what_is_trained_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    left, taken = Path("runs/net"), Path("runs/net-2")
    left.mkdir(parents=True)
    (left / LOCK).touch()
    (left / ".run.json.0123abcd").touch()
    with hold_new(None, "net") as first:
        assert first == left
        RunDirectory(first).record_file.touch()
        with hold_new(None, "net") as second:
            assert second == taken


def test_a_temporary_file_of_run_json_goes_with_its_next_change(tmp_path: Path) -> None:
    run = grevy.train("digits", RECIPE, out=tmp_path / "run", listener=Listener())
    left = run.path / ".run.json.0123abcd"
    left.write_text(json.dumps("half"))
    run.directory.change(error=None)
    assert not left.exists()
