"""`grevy predict`: every picture below a folder, what is no picture, and what is unsure."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.cli.main import main
from grevy.data.listing import list_files
from grevy.training.listeners.listener import Listener

CLASSES = ("a, b", "unsure")
"""Names that need quotes in CSV, or are those of a column."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> grevy.Run:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 16, 16, 3), np.uint8)
    recipe = {"epochs": 1, "batch_size": 8, "patience": 0, "precision": "fp32"}
    out = tmp_path_factory.mktemp("runs") / "run"
    data = {"train": (images, np.array(CLASSES * 20))}
    return grevy.train(data, recipe, out=out, device="cpu", listener=Listener())


def save(place: Path, kind: str = "PNG", seed: int = 0) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(place, kind)
    return place


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Pictures with odd names, and what is none."""
    root = tmp_path / "mixed"
    for name, kind in (
        ("x.jfif", "JPEG"),
        ("noext", "PNG"),
        ("y.JPG.bak", "JPEG"),
        ("one/same.png", "PNG"),
        ("two/same.png", "PNG"),
        ("@eaDir/thumb.png", "PNG"),
    ):
        save(root / name, kind)
    (root / "notes.txt").write_text("about the pictures")
    (root / "empty.dat").write_bytes(b"")
    os.mkfifo(root / "pipe")
    os.mkfifo(root / "pipe.png")
    return root


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[Any, str, int]:
    status = 0
    try:
        main(["predict", *map(str, words), "--json"])
    except SystemExit as stop:
        status = int(stop.code or 0)
    said = capsys.readouterr()
    return json.loads(said.out), said.err, status


def test_what_can_be_decoded_is_predicted_and_the_rest_is_named(
    run: grevy.Run, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, told, status = asked(capsys, run.path, mixed)
    names = [str(Path(row["picture"]).relative_to(mixed)) for row in found["predictions"]]
    assert names == ["noext", "one/same.png", "two/same.png", "x.jfif", "y.JPG.bak"]
    others = [str(Path(name).relative_to(mixed)) for name in found["not_pictures"]]
    assert others == ["empty.dat", "notes.txt", "pipe", "pipe.png"]
    assert "not predicted, 4 files that can't be decoded" in told
    assert status == 0


def test_a_damaged_picture_has_a_row_and_costs_the_status(
    run: grevy.Run, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mixed / "broken.png").write_bytes(b"")
    (mixed / "gone.png").symlink_to(mixed / "nowhere")
    found, told, status = asked(capsys, run.path, mixed)
    errors = {Path(row["picture"]).name: row["error"] for row in found["predictions"]}
    assert errors["broken.png"] == "empty file"
    assert "No such file" in errors["gone.png"]
    assert errors["noext"] is None
    assert "2 of 7 pictures can't be read" in told
    assert status == 2


def test_linked_folders_are_read_once_and_without_end(mixed: Path, tmp_path: Path) -> None:
    save(tmp_path / "elsewhere" / "linked.png")
    (mixed / "link").symlink_to(tmp_path / "elsewhere")
    (mixed / "one" / "loop").symlink_to(mixed)
    names = [path.name for path in list_files([mixed]).pictures]
    assert names.count("linked.png") == 1
    assert len(names) == 6


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda place: place.mkdir(), "no picture in"),
        (lambda place: shutil.copytree(Path(__file__).parent, place), "other files"),
        (os.mkfifo, "neither a file nor a folder"),
        (lambda place: None, "no file or folder"),
    ],
)
def test_where_there_is_no_picture_nothing_hangs(
    make: Any, said: str, run: grevy.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "place")
    found, _, status = asked(capsys, run.path, tmp_path / "place")
    assert said in found["message"]
    assert status == 2


def test_unsure_pictures_are_marked_in_all_forms(
    run: grevy.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(8):
        save(tmp_path / "p" / f"{seed}.png", seed=seed)
    plain, _, _ = asked(capsys, run.path, tmp_path / "p")
    assert {row["unsure"] for row in plain["predictions"]} == {None}
    best = sorted(row["probability"] for row in plain["predictions"])
    middle = (best[3] + best[4]) / 2
    found, _, _ = asked(capsys, run.path, tmp_path / "p", "--unsure", middle)
    assert found["unsure_below"] == pytest.approx(middle)
    for row in found["predictions"]:
        assert row["unsure"] is (row["probability"] < middle)
        one, two = sorted(row["probabilities"].values())
        assert row["margin"] == pytest.approx(two - one)
        assert {row["class"], row["second"]} == set(CLASSES)
    main(["predict", str(run.path), str(tmp_path / "p"), "--unsure", str(middle)])
    table = capsys.readouterr().out
    assert "4 of 8 pictures unsure" in table
    words = ["--format", "csv", "--out", str(tmp_path / "a.csv"), "--unsure", str(middle)]
    main(["predict", str(run.path), str(tmp_path / "p"), *words])
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["unsure"] == "unsure" for row in rows] == [
        row["unsure"] for row in found["predictions"]
    ]
    for row, same in zip(rows, found["predictions"], strict=True):
        assert float(row["margin"]) == same["margin"]
        assert float(row["a, b"]) == same["probabilities"]["a, b"]
        assert float(row["probability of unsure"]) == same["probabilities"]["unsure"]


@pytest.mark.parametrize(
    ("value", "said"), [("60", "from 0 to 1"), ("0", "above 0"), ("nan", "from 0 to 1")]
)
def test_a_threshold_that_is_no_probability_is_refused(
    value: str, said: str, run: grevy.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _, status = asked(capsys, run.path, save(tmp_path / "a.png"), "--unsure", value)
    assert said in found["message"]
    assert status == 2
