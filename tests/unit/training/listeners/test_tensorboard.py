"""What TensorBoard reads back of a training, with the real package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grevy
from grevy.cli.main import main
from grevy.errors import MissingPackageError, RunInterruptedError
from grevy.training.listeners.listener import Listener
from grevy.training.listeners.registry import build_listener

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
BASE: dict[str, Any] = {"batch_size": 16, "epochs": 1, "patience": 0, "precision": "fp32"}


def scalars(place: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and value of every point, by name."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(place / "tensorboard"), {"scalars": 0})
    read.Reload()
    return {
        name: [(point.step, point.value) for point in read.Scalars(name)]
        for name in read.Tags()["scalars"]
    }


def points(rows: list[dict[str, Any]], field: str) -> list[tuple[int, float]]:
    return [(row["step"], pytest.approx(row[field], rel=1e-6)) for row in rows]


class Stops(Listener):
    """Asks to stop at the first check."""

    def checked(self, row: Any, train_loss: float) -> None:
        import signal

        signal.raise_signal(signal.SIGINT)


def test_tensorboard_reads_what_the_record_has(stripes: Stripes, tmp_path: Path) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log=["tensorboard"])
    found = scalars(run.path)
    assert found["steps/loss"] == points(run.steps, "loss")
    assert found["steps/lr"] == points(run.steps, "lr")
    assert found["checks/loss"] == points(run.checks, "loss")
    assert found["checks/accuracy"] == points(run.checks, "accuracy")
    assert len(found["checks/train loss as trained"]) == len(run.checks)
    for split in ("train", "validation", "test"):
        ((step, accuracy),) = found[f"results/{split}/accuracy"]
        assert step == run.results["steps"]
        assert accuracy == pytest.approx(run.results[split]["accuracy"])


def test_a_run_that_goes_on_doubles_no_point(stripes: Stripes, tmp_path: Path) -> None:
    place = tmp_path / "run"
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, BASE, out=place, listener=Stops(), log="tensorboard")
    first = scalars(place)["steps/loss"]
    run = grevy.train(stripes, out=place, resume=True, listener=Listener(), log="tensorboard")
    found = scalars(place)
    assert found["steps/loss"] == points(run.steps, "loss")
    assert found["steps/loss"][: len(first)] == first
    assert found["checks/loss"] == points(run.checks, "loss")


def test_steps_that_a_killed_process_wrote_are_not_there_twice(
    stripes: Stripes, tmp_path: Path
) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="tensorboard")
    killed, later = build_listener("tensorboard"), build_listener("tensorboard")
    again = grevy.Run(run.directory)
    killed.began(again, 0)  # after the last checkpoint, at step 2, it wrote two more steps
    for row in run.steps[:4]:
        killed.stepped(row)
    killed.failed(KeyboardInterrupt())
    later.began(again, 2)
    for row in run.steps[2:]:
        later.stepped(row)
    later.finished(run)
    assert scalars(run.path)["steps/loss"] == points(run.steps, "loss")


def test_nothing_of_tensorflow_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from grevy.training.listeners.registry import build_listener\n"
        "class Run:\n"
        "    from pathlib import Path\n"
        f"    path = Path({str(tmp_path)!r})\n"
        "    results = {'steps': 1, 'test': {'loss': 1.0, 'accuracy': 0.5}}\n"
        "listener = build_listener('tensorboard')\n"
        "listener.began(Run(), 0)\n"
        "listener.stepped({'step': 1, 'epoch': 1.0, 'loss': 2.0, 'lr': 0.1})\n"
        "listener.finished(Run())\n"
        "print([name for name in ('tensorflow', 'torch._dynamo') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert scalars(tmp_path)["results/test/accuracy"] == [(1, 0.5)]


def test_without_the_package_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stripes: Stripes
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingPackageError, match=r"grevy\[tensorboard\]"):
        grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="tensorboard")
    assert not (tmp_path / "run").exists()


def test_the_command_takes_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []

    class Ends(Listener):
        def finished(self, run: grevy.Run) -> None:
            heard.append(run.path.name)

    monkeypatch.setattr("grevy.training.listeners.registry._registered", {"ends": Ends})
    monkeypatch.chdir(tmp_path)
    words = ["train", "digits", "--epochs", "1", "--precision", "fp32", "--batch-size", "500"]
    main([*words, "--out", "run", "--log", "tensorboard", "--log", "ends"])
    assert heard == ["run"]
    assert "results/test/accuracy" in scalars(tmp_path / "run")
    with pytest.raises(SystemExit) as stop:
        main([*words, "--out", "other", "--log", "nobody"])
    assert stop.value.code == 2
    assert "one of ends, mlflow, tensorboard" in capsys.readouterr().err
