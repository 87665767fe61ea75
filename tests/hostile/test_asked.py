"""Nothing that only a record or a table names is contacted or read; see SECURITY.md."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from grevy import evaluate, load_data, look, train
from grevy.data.sources import builtin
from grevy.errors import (
    CorruptRecordError,
    DataFormatError,
    DownloadError,
    GrevyError,
    SourceError,
    UnaskedError,
)
from grevy.models.weights_file import read_weights
from grevy.recipes.load import load_recipe
from grevy.records.consent import places_list
from grevy.studies.imported import read_predictions
from grevy.training.listeners.listener import Listener

RECIPE = {
    "epochs": 1,
    "batch_size": 8,
    "precision": "fp32",
    "model": {"convnet": {"widths": [4], "hidden": 8}},
}


def pictures(path: Path) -> Path:
    """Two classes, dark and bright."""
    labels = np.arange(48) % 2
    images = np.random.default_rng(0).integers(0, 90, (48, 16, 16, 3), dtype=np.uint8)
    images[labels == 1] += 150
    np.savez(path, images=images, labels=labels)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pictures.npz` and a run on it."""
    place = tmp_path_factory.mktemp("trained")
    pictures(place / "pictures.npz")
    with contextlib.chdir(place):
        train("pictures.npz", RECIPE, out="run", listener=Listener())
    return place


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as it comes to a user who never trained here."""
    shutil.copytree(trained, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GREVY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "here" / "run"


def say(run: Path, *path: str, value: Any, status: str | None = None) -> None:
    """Change one field of run.json."""
    record = json.loads((run / "run.json").read_text())
    record.pop("sha256_of_the_rest", None)  # a stranger can leave it out
    inner = record
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    record["status"] = status or record["status"]
    (run / "run.json").write_text(json.dumps(record))


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/", asked
        listening.shutdown()


@pytest.fixture
def publisher(server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the publishers of built-in data."""
    address, asked = server
    for name, published in builtin._PUBLISHED.items():
        changed = published._replace(address=address) if hasattr(published, "_replace") else None
        monkeypatch.setitem(builtin._PUBLISHED, name, changed or _at(published, address))
    return asked


def _at(published: Any, address: str) -> Any:
    from dataclasses import replace

    return replace(published, address=address)


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "mnist", "fashion-mnist"])
def test_a_publisher_that_a_record_names_is_not_contacted(
    run: Path, publisher: list[str], name: str
) -> None:
    say(run, "data", "where", value=name)
    with pytest.raises(UnaskedError, match="add --fetch"):
        evaluate(run)
    assert publisher == []


def test_it_is_contacted_when_the_user_says_so_or_names_the_data(
    run: Path, publisher: list[str]
) -> None:
    say(run, "data", "where", value="cifar100")
    with pytest.raises(DownloadError):
        evaluate(run, fetch=True)
    assert len(publisher) == 1
    with pytest.raises(DownloadError):
        evaluate(run, "cifar100")
    assert len(publisher) > 1


def test_the_hub_is_asked_for_nothing_that_only_a_record_names(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")
    asked: list[bool] = []

    def download(*_: Any, local_files_only: bool, **__: Any) -> str:
        asked.append(local_files_only)
        raise huggingface_hub.errors.LocalEntryNotFoundError("not in the cache")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    say(run, "data", "where", value="hf:owner/name")
    with pytest.raises(UnaskedError, match="hf:owner/name"):
        evaluate(run)
    with pytest.raises(DownloadError):
        evaluate(run, fetch=True)
    assert asked == [True, False]


@pytest.mark.parametrize("fetch", [False, True])
def test_a_run_that_goes_on_fetches_weights_only_when_the_user_says_so(
    run: Path, server: tuple[str, list[str]], fetch: bool
) -> None:
    address, asked = server
    say(run, "recipe", "model", "weights", value=f"{address}weights.pt", status="interrupted")
    with pytest.raises(DownloadError if fetch else UnaskedError):
        train(out=run, resume=True, fetch=fetch, listener=Listener())
    assert len(asked) == fetch


def test_nor_does_a_view_of_the_initial_weights(run: Path, server: tuple[str, list[str]]) -> None:
    address, asked = server
    say(run, "recipe", "model", "weights", value=f"{address}weights.pt")
    with pytest.raises(UnaskedError):
        look(run=run, snapshot="initial", method="filters")
    assert asked == []


@pytest.mark.parametrize("place", ["/etc", "../elsewhere.npz", "~/pictures", "plugin:all", "a\0b"])
def test_a_path_of_a_record_that_leads_out_of_the_current_folder_is_not_followed(
    run: Path, place: str
) -> None:
    say(run, "data", "where", value=place)
    with pytest.raises(UnaskedError, match="not trained with here"):
        evaluate(run)


def test_one_below_the_current_folder_is_read_and_said(run: Path) -> None:
    assert evaluate(run, split="train")["where"] == "pictures.npz"


def test_what_this_user_trained_with_here_is_read_again(run: Path, tmp_path: Path) -> None:
    elsewhere = pictures(tmp_path / "elsewhere.npz")
    say(run, "data", "where", value=str(elsewhere))
    with pytest.raises(UnaskedError):
        evaluate(run, split="train")
    train(str(elsewhere), RECIPE, out=tmp_path / "mine", listener=Listener())
    assert evaluate(run, split="train")["where"] == str(elsewhere)
    assert places_list().stat().st_mode & 0o777 == 0o600


def test_only_a_training_puts_a_place_on_the_list(run: Path, tmp_path: Path) -> None:
    elsewhere = pictures(tmp_path / "elsewhere.npz")
    say(run, "data", "where", value=str(elsewhere))
    evaluate(run, elsewhere, split="train")
    assert not places_list().exists()


@pytest.mark.parametrize("path", ["{}/secret.png", "../secret.png", "a/../../secret.png", "x\0y"])
def test_a_parquet_file_names_pictures_of_its_own_folder_only(tmp_path: Path, path: str) -> None:
    place = tmp_path / "data"
    place.mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    Image.new("RGB", (8, 8)).save(place / "own.png")
    rows = [{"bytes": None, "path": name} for name in ("own.png", path.format(tmp_path))] * 10
    table = pa.table({"image": rows, "label": ["a", "b"] * 10})
    pq.write_table(table, place / "train.parquet")
    with pytest.raises(DataFormatError, match="outside of its folder"):
        load_data(place)


def test_a_csv_may_list_pictures_from_elsewhere_and_that_is_said(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    lines = ["path,label"]
    for number in range(24):
        colour = (10 * number, 0, 0)
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"{number}.png")
        lines.append(f"../{number}.png,{'ab'[number % 2]}")
    (place / "list.csv").write_text("\n".join(lines))
    notes = load_data(place / "list.csv").notes
    assert any(note.startswith("24 pictures outside of the folder") for note in notes)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "zeros"])
@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (load_data, "data.npz"),
        (load_data, "data.csv"),
        (load_data, "data.parquet"),
        (load_data, "data.zip"),
        (read_weights, "weights.pt"),
        (read_weights, "model.safetensors.index.json"),
        (load_recipe, "recipe.yaml"),
        (read_predictions, "predictions.csv"),
        (read_predictions, "predictions.npz"),
    ],
)
def test_pipes_and_devices_are_no_files(tmp_path: Path, reader: Any, name: str, kind: str) -> None:
    path = tmp_path / name
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(GrevyError):
        reader(path)


@pytest.mark.timeout(60)
def test_nor_is_a_pipe_a_plugin(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plugin.py")
    with pytest.raises(SourceError, match="a pipe"):
        train("digits", plugin=tmp_path / "plugin.py")


@pytest.mark.parametrize("name", ["figures", "source", "predictions", "checkpoint"])
def test_nothing_is_written_through_a_folder_that_is_a_link(run: Path, name: str) -> None:
    outside = run.parent / "outside"
    shutil.rmtree(run / name, ignore_errors=True)
    outside.mkdir()
    (run / name).symlink_to(outside)
    for file in ("steps.jsonl", "checks.jsonl"):
        (run / file).unlink()
    say(run, "status", value="interrupted")
    say(run, "results", value=None)
    say(run, "files", value=None)
    with contextlib.suppress(CorruptRecordError):
        train(out=run, resume=True, listener=Listener())
    assert list(outside.iterdir()) == []


def test_a_report_is_not_written_through_a_link(run: Path) -> None:
    from grevy import report

    outside = run.parent / "outside"
    outside.mkdir()
    Path("report-figures").symlink_to(outside)
    with pytest.raises(GrevyError, match="link"):
        report(run).write("report.md")
    assert list(outside.iterdir()) == []
    target = outside / "target.html"
    target.write_text("as it was")
    Path("report.html").symlink_to(target)
    report(run).write("report.html")
    assert target.read_text() == "as it was"
