"""What listeners hear, several at once, by name, and what happens to one that fails."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grevy
from grevy.errors import NonFiniteLossError, PartError, RunInterruptedError, UsageError
from grevy.training.listeners import registry
from grevy.training.listeners.listener import Listener
from grevy.training.listeners.registry import build_listener, listener_names
from grevy.training.listeners.several import SeveralListeners

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
BASE: dict[str, Any] = {"batch_size": 16, "epochs": 1, "patience": 0, "precision": "fp32"}


class Notes(Listener):
    """Writes down every hook and what it was called with."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def said(self, text: str) -> None:
        self.heard.append(("said", text))

    def began(self, run: grevy.Run, step: int) -> None:
        self.heard.append(("began", (str(run.record.status), step)))

    def stepped(self, row: Any) -> None:
        self.heard.append(("stepped", dict(row)))

    def checked(self, row: Any, train_loss: float) -> None:
        self.heard.append(("checked", dict(row)))

    def finished(self, run: grevy.Run) -> None:
        self.heard.append(("finished", run.results))

    def failed(self, error: Exception) -> None:
        self.heard.append(("failed", error))

    def of(self, hook: str) -> list[Any]:
        return [what for name, what in self.heard if name == hook]


class Breaks(Listener):
    """Fails at the second step."""

    def __init__(self) -> None:
        self.steps = 0

    def stepped(self, row: Any) -> None:
        self.steps += 1
        if self.steps == 2:
            raise OSError("no space left\nat all")


class StopsAtCheck(Listener):
    """Asks to stop at a check, as Ctrl-C does."""

    def checked(self, row: Any, train_loss: float) -> None:
        import signal

        signal.raise_signal(signal.SIGINT)


def test_a_listener_hears_the_record_as_it_is_written(stripes: Stripes, tmp_path: Path) -> None:
    notes = Notes()
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=notes)
    assert notes.of("began") == [("training", 0)]
    assert notes.of("stepped") == run.steps
    assert notes.of("checked") == run.checks
    assert notes.of("finished") == [run.results]
    assert notes.of("failed") == []
    hooks = [name for name, _ in notes.heard if name != "said"]
    assert hooks[0] == "began"
    assert hooks[-1] == "finished"


def test_a_run_that_goes_on_says_after_which_step(stripes: Stripes, tmp_path: Path) -> None:
    place, first, second = tmp_path / "run", Notes(), Notes()
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, BASE, out=place, listener=[first, StopsAtCheck()])
    (error,) = first.of("failed")
    assert isinstance(error, RunInterruptedError)
    assert first.of("finished") == []
    done = first.of("stepped")[-1]["step"]
    run = grevy.train(stripes, out=place, resume=True, listener=second)
    assert second.of("began") == [("training", done)]
    assert [row["step"] for row in first.of("stepped") + second.of("stepped")] == [
        row["step"] for row in run.steps
    ]


def test_a_training_that_fails_says_why(stripes: Stripes, tmp_path: Path) -> None:
    notes = Notes()
    recipe = {**BASE, "model": {"name": "breaks", "arguments": {"step": 3}}}
    with pytest.raises(NonFiniteLossError):
        grevy.train(stripes, recipe, out=tmp_path / "run", listener=notes)
    assert [type(error) for error in notes.of("failed")] == [NonFiniteLossError]
    assert len(notes.of("stepped")) == 2


def test_one_that_fails_is_told_of_in_a_line_and_left_out(stripes: Stripes, tmp_path: Path) -> None:
    before, broken, after = Notes(), Breaks(), Notes()
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=[before, broken, after])
    line = "Breaks is left out from here on: stepped failed (OSError: no space left)"
    for notes in (before, after):
        assert line in notes.of("said")
        assert notes.of("finished") == [run.results]
        assert notes.of("stepped") == run.steps
    assert broken.steps == 2
    alone = grevy.train(stripes, BASE, out=tmp_path / "plain", listener=Listener())
    assert alone.steps == run.steps


def test_where_nobody_is_left_a_warning_is_shown(stripes: Stripes, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Breaks is left out from here on"):
        run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Breaks())
    assert run.record.status == "finished"


def test_a_command_whose_reader_is_gone_ends() -> None:
    class Gone(Listener):
        def said(self, text: str) -> None:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        SeveralListeners([Gone()]).said("anything")


def test_a_plugin_registers_its_own(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    made: list[Notes] = []

    @grevy.register_listener("notebook")
    def notebook() -> Notes:
        made.append(Notes())
        return made[-1]

    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="notebook")
    assert len(made) == 1
    assert made[0].of("finished") == [run.results]
    assert "notebook" in listener_names()


def test_an_installed_package_names_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    point = metadata.EntryPoint("diary", "a_package.diary", "grevy.listeners")
    monkeypatch.setattr(
        metadata.EntryPoint, "load", lambda point: grevy.register_listener(point.name)(Notes)
    )
    monkeypatch.setattr(
        metadata, "entry_points", lambda group: [point] if group == "grevy.listeners" else []
    )
    assert isinstance(build_listener("diary"), Notes)
    assert listener_names() == ["diary", "mlflow", "tensorboard"]


def test_an_installed_package_that_fails_is_told_as_for_every_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point = metadata.EntryPoint("diary", "no_such_module", "grevy.listeners")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    for ask in (lambda: build_listener("diary"), listener_names):
        with pytest.raises(PartError, match=r"'no_such_module' of .* fails"):
            ask()


def test_an_unknown_name_is_refused_with_those_that_there_are(
    stripes: Stripes, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"no listener 'paper'.*one of .*mlflow, .*tensorboard"):
        grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log=["paper"])
    assert not (tmp_path / "run").exists()
