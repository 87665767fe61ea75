"""What MLflow keeps of a training: in a file store, and on a server on the loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grevy
from grevy.errors import MissingPackageError, NonFiniteLossError, RunInterruptedError
from grevy.training.listeners import mlflow as listener_module
from grevy.training.listeners.listener import Listener

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
BASE: dict[str, Any] = {"batch_size": 16, "epochs": 1, "patience": 0, "precision": "fp32"}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*listener_module.ENVIRONMENT, "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)  # and what the listener sets goes again after the test


class Stops(Listener):
    """Asks to stop at the first check."""

    def checked(self, row: Any, train_loss: float) -> None:
        import signal

        signal.raise_signal(signal.SIGINT)


def kept(place: Path) -> tuple[Any, dict[str, list[tuple[int, float]]]]:
    """The only MLflow run in the file store at `place`, and step and value of its points."""
    from mlflow.tracking import MlflowClient

    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    client = MlflowClient((place / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("grevy")
    (run,) = client.search_runs([experiment.experiment_id])
    histories = {
        name: [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, name)]
        for name in run.data.metrics
    }
    return run, histories


def points(rows: list[dict[str, Any]], field: str) -> list[tuple[int, float]]:
    return [(row["step"], row[field]) for row in rows]


def test_a_file_store_keeps_the_recipe_the_curves_and_the_record(
    stripes: Stripes, tmp_path: Path
) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="mlflow")
    found, histories = kept(tmp_path)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "run"
    assert found.data.params["batch_size"] == "16"
    assert found.data.params["optimizer.lr"] == str(run.record.recipe["optimizer"]["lr"])
    assert found.data.params["seed"] == "0"
    assert found.data.tags["grevy.run"] == str(run.path.resolve())
    assert found.data.tags["grevy.identity"] == run.record.identity
    assert found.data.tags["grevy.fingerprint"] == run.record.data.fingerprint
    assert histories["steps/loss"] == points(run.steps, "loss")
    assert histories["steps/lr"] == points(run.steps, "lr")
    assert histories["checks/accuracy"] == points(run.checks, "accuracy")
    test = run.results["test"]
    assert histories["results/test/loss"] == [(run.results["steps"], test["loss"])]


def test_a_run_that_goes_on_is_the_same_one_and_doubles_no_point(
    stripes: Stripes, tmp_path: Path
) -> None:
    with pytest.raises(RunInterruptedError):
        grevy.train(stripes, BASE, out=tmp_path / "run", listener=Stops(), log="mlflow")
    assert kept(tmp_path)[0].info.status == "KILLED"
    run = grevy.train(stripes, out=tmp_path / "run", resume=True, listener=Listener(), log="mlflow")
    found, histories = kept(tmp_path)
    assert found.info.status == "FINISHED"
    assert histories["steps/loss"] == points(run.steps, "loss")
    assert histories["checks/loss"] == points(run.checks, "loss")


def test_rows_that_a_killed_process_sent_are_not_sent_again(
    stripes: Stripes, tmp_path: Path
) -> None:
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="mlflow")
    again = listener_module.MLflowListener()
    again.began(run, 2)  # as if the last checkpoint had been at step 2
    for row in run.steps[2:]:
        again.stepped(row)
    again.checked(run.checks[-1], 1.0)
    again.finished(run)
    histories = kept(tmp_path)[1]
    assert histories["steps/loss"] == points(run.steps, "loss")
    assert histories["checks/loss"] == points(run.checks, "loss")


def test_a_training_that_fails_is_failed_there_too(stripes: Stripes, tmp_path: Path) -> None:
    recipe = {**BASE, "model": {"name": "breaks", "arguments": {"step": 3}}}
    with pytest.raises(NonFiniteLossError):
        grevy.train(stripes, recipe, out=tmp_path / "run", listener=Listener(), log="mlflow")
    found, histories = kept(tmp_path)
    assert found.info.status == "FAILED"
    assert [step for step, _ in histories["steps/loss"]] == [1, 2]


class Server(ThreadingHTTPServer):
    """As much of a tracking server as a training needs; it writes down what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[tuple[str, Any]] = []

    def of(self, path: str) -> list[Any]:
        return [body for asked, body in self.asked if asked == path]


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self._path()
        self.server.asked.append((path, None))
        if path == "experiments/get-by-name":
            return self._answer({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}, 404)
        return self._answer({})

    def do_POST(self) -> None:
        path = self._path()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((path, body))
        info = {"run_id": "one", "run_uuid": "one", "experiment_id": "7", "status": "RUNNING"}
        answers = {
            "experiments/create": {"experiment_id": "7"},
            "runs/create": {"run": {"info": info, "data": {}}},
            "runs/update": {"run_info": info},
        }
        return self._answer(answers.get(path, {}))

    def _path(self) -> str:
        return self.path.partition("?")[0].rpartition("/mlflow/")[2]

    def _answer(self, value: Any, status: int = 200) -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_server_gets_what_it_is_named_for(
    server: Server, stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "zebras")
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="mlflow")
    assert [body["name"] for body in server.of("experiments/create")] == ["zebras"]
    (created,) = server.of("runs/create")
    tags = {tag["key"]: tag["value"] for tag in created["tags"]}
    assert tags["grevy.run"] == str(run.path.resolve())
    sent = [metric for body in server.of("runs/log-batch") for metric in body.get("metrics", [])]
    losses = [(int(m["step"]), m["value"]) for m in sent if m["key"] == "steps/loss"]
    assert losses == points(run.steps, "loss")
    assert server.of("runs/update")[-1]["status"] == "FINISHED"
    assert not (tmp_path / "mlruns").exists()


def test_a_server_that_is_not_there_costs_a_line_and_no_training(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hears: Any
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    run = grevy.train(stripes, BASE, out=tmp_path / "run", listener=hears, log="mlflow")
    assert run.record.status == "finished"
    assert [line for line in hears.lines if "MLflowListener is left out" in line]


def test_nobody_is_contacted_beside_the_store(tmp_path: Path, stripes: Stripes) -> None:
    program = (
        "import socket, sys\n"
        "asked = []\n"
        "def refuse(*arguments, **_):\n"
        "    asked.append(arguments)\n"
        "    raise OSError('no network in this test')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "import numpy as np, grevy\n"
        "pictures = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)\n"
        "data = {'train': (pictures, np.arange(40) % 2)}\n"
        "recipe = {'batch_size': 16, 'epochs': 1, 'precision': 'fp32'}\n"
        "grevy.train(data, recipe, out='run', log='mlflow')\n"
        "print('asked', asked)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "asked []", done.stdout + done.stderr
    assert kept(tmp_path)[0].info.status == "FINISHED"


def test_without_the_package_the_extra_is_named(
    stripes: Stripes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(MissingPackageError, match=r"grevy\[mlflow\]"):
        grevy.train(stripes, BASE, out=tmp_path / "run", listener=Listener(), log="mlflow")
    assert not (tmp_path / "run").exists()
