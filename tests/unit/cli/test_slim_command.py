"""`grevy runs --slim`; nobody reads what is printed; a comparison in the place of another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from grevy.cli.main import main

QUICK = ["--epochs", "1", "--checks-per-epoch", "1", "--device", "cpu", "--precision", "fp32"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, the first by a command whose reader left after its first line."""
    folder = tmp_path_factory.mktemp("runs")
    read, write = os.pipe()
    os.close(read)
    words = ["train", "digits", *QUICK, "--out", str(folder / "first")]
    command = [sys.executable, "-u", "-m", "grevy", *words]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.returncode == 141, done.stderr
    main(["train", "digits", *QUICK, "--seed", "1", "--out", str(folder / "second")])
    return folder


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "runs")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    main([*words, "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_a_training_whose_reader_left_is_finished_and_whole(trained: Path) -> None:
    record = json.loads((trained / "first" / "run.json").read_text())
    assert record["status"] == "finished"
    assert (trained / "first" / "model.safetensors").is_file()
    assert (trained / "first" / "figures" / "confusion-test.png").is_file()


def test_slim_frees_the_checkpoints_and_says_how_much(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bytes_in(runs)
    found = said(capsys, "runs", str(runs), "--slim")
    assert before - bytes_in(runs) == found["freed"] > 0
    assert not (runs / "first" / "checkpoint").exists()
    assert (runs / "first" / "model.safetensors").is_file()
    assert said(capsys, "runs", str(runs), "--slim")["freed"] == 0


def test_only_the_runs_that_are_named_are_slimmed(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "runs", str(runs), "--slim", "second")
    assert (runs / "first" / "checkpoint").is_dir()
    assert not (runs / "second" / "checkpoint").exists()
    with pytest.raises(SystemExit) as stop:
        main(["runs", str(runs), "--slim", "frist"])
    assert stop.value.code == 2
    assert "first" in capsys.readouterr().err


def test_a_run_that_is_not_finished_is_kept_and_refused_by_name(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = runs / "second" / "run.json"
    record = {**json.loads(file.read_text()), "status": "interrupted"}
    del record["sha256_of_the_rest"]  # as one who means it
    file.write_text(json.dumps(record))
    with pytest.raises(SystemExit) as stop:
        main(["runs", str(runs), "--slim", "first", "second"])
    assert stop.value.code == 2
    assert "second is interrupted" in capsys.readouterr().err
    assert (runs / "first" / "checkpoint").is_dir()  # nothing was removed before the refusal
    main(["runs", str(runs), "--slim"])
    assert "kept, it is interrupted" in capsys.readouterr().out
    assert (runs / "second" / "checkpoint").is_dir()
    assert not (runs / "first" / "checkpoint").exists()


def test_after_slim_all_still_works_but_the_last_snapshot(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = str(runs / "first"), str(runs / "second")
    before = said(capsys, "evaluate", first)["accuracy"]
    report = tmp_path / "report.html"
    main(["report", first, "--out", str(report)])
    main(["runs", str(runs), "--slim"])
    assert said(capsys, "evaluate", first)["accuracy"] == before
    picture = tmp_path / "gray.png"
    Image.new("L", (32, 32), 90).save(picture)
    assert len(said(capsys, "predict", first, str(picture))["predictions"]) == 1  # type: ignore[arg-type]
    main(["look", str(picture), "--run", first, "--out", str(tmp_path / "look.png")])
    early = ["look", "--layer", "conv1", "--run", first, "--other-snapshot", "initial"]
    main([*early, "--out", str(tmp_path / "early.png")])
    main(["compare", f"a={first}", f"b={second}", "--out", str(tmp_path / "c")])
    main(["report", "--verify", str(report), "--runs", str(runs)])
    main(["train", "--resume", "--out", first])
    assert "is finished already" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["look", "--layer", "conv1", "--run", first, "--snapshot", "last"])
    assert stop.value.code == 2
    assert "grevy runs --slim takes checkpoints away" in capsys.readouterr().err


def test_a_comparison_replaces_all_of_another_and_leaves_what_is_not_its_own(
    trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c"
    first, second = str(trained / "first"), str(trained / "second")
    main(["compare", f"a={first}", f"old={second}", "--out", str(out)])
    old = {file.name for file in out.iterdir()}
    assert "flipped-old.png" in old
    (out / "mine.png").write_bytes(b"of the user")
    main(["compare", f"a={first}", f"new={second}", "--out", str(out)])
    now = {file.name for file in out.iterdir()}
    assert now == {name.replace("old", "new") for name in old} | {"mine.png"}
    arms = json.loads((out / "comparison.json").read_text())["arms"]
    assert [arm["arm"] for arm in arms] == ["a", "new"]
