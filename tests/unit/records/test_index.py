"""Runs at any depth, in a folder that may hold anything; `grevy runs` shows them all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import grevy
from grevy.cli.main import main
from grevy.errors import CorruptRecordError, UsageError
from grevy.records.index import find_runs
from grevy.records.table import COLUMNS, filter_runs, list_runs, sort_runs

FORMAT_1 = Path(__file__).parent / "format_1" / "run.json"


def put_run(path: Path, **fields: Any) -> Path:
    """A finished run of net2, some of its fields changed."""
    path.mkdir(parents=True)
    record = json.loads(FORMAT_1.read_text())
    for name, value in fields.items():
        record[name] = {**record[name], **value} if isinstance(value, dict) else value
    (path / "run.json").write_text(json.dumps(record))
    return path


def found(folder: Path) -> list[str]:
    return [str(run.path.relative_to(folder)) for run in find_runs(folder)]


def test_runs_are_found_at_any_depth_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b", "studies/s/runs/arm-seed1", "studies/s/runs/arm-seed0", "a/b/c/d/e/f"):
        put_run(tmp_path / name)
    (tmp_path / "studies" / "s" / "report").mkdir()
    assert found(tmp_path) == [
        "a/b/c/d/e/f",
        "b",
        "studies/s/runs/arm-seed0",
        "studies/s/runs/arm-seed1",
    ]


def test_nothing_is_looked_for_in_runs_and_hidden_folders(tmp_path: Path) -> None:
    put_run(tmp_path / "run")
    put_run(tmp_path / "run" / "checkpoint" / "a")
    put_run(tmp_path / ".cache" / "run")
    assert found(tmp_path) == ["run"]


def test_a_run_s_own_directory_is_that_run(tmp_path: Path) -> None:
    run = put_run(tmp_path / "run")
    assert [directory.path for directory in find_runs(run)] == [run]
    assert [row["run"] for row in list_runs(run)] == [str(run)]


def test_linked_folders_are_followed_once_and_never_in_circles(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "runs"
    put_run(elsewhere / "far")
    put_run(folder / "near")
    (folder / "link").symlink_to(elsewhere)
    (folder / "link again").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "nowhere").symlink_to(tmp_path / "nowhere")
    assert found(folder) == ["link/far", "near"]


def test_a_deep_tree_is_no_trouble(tmp_path: Path) -> None:
    place = tmp_path
    for _ in range(600):
        place = place / "d"
    put_run(place)
    assert len(list(find_runs(tmp_path))) == 1


def test_a_folder_that_can_t_be_listed_is_a_row_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_run(tmp_path / "run")
    (tmp_path / "secret").mkdir()
    listed = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(tmp_path) == ["run", "secret"]


def odd_records(folder: Path) -> None:
    """Every record here is wrong in a way of its own."""
    contents = {
        "list": "[1, 2]",
        "null": "null",
        "empty": "",
        "half": '{"format": 1, "status": "fini',
        "no fields": '{"format": 2}',
        "nan": FORMAT_1.read_text().replace("0.3448275862068966", "NaN"),
        "binary": "\x00\x01",
    }
    for name, content in contents.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "run.json").write_text(content)
    for name, fields in {
        "no data": {"data": None},
        "no recipe": {"recipe": None},
        "no results": {"results": None},
        "text for results": {"results": "good"},
        "numbers for names": {"created": 5},
        "another status": {"status": "done"},
    }.items():
        put_run(folder / name, **fields)
    (folder / "folder" / "run.json").mkdir(parents=True)
    (folder / "link").mkdir()
    (folder / "link" / "run.json").symlink_to(folder / "nothing")
    (folder / "fifo").mkdir()
    os.mkfifo(folder / "fifo" / "run.json")


def test_every_odd_record_is_a_row_and_never_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_run(tmp_path / "good")
    odd_records(tmp_path)
    rows = list_runs(tmp_path)
    good = [row for row in rows if row["status"] != "damaged"]
    assert [Path(row["run"]).name for row in good] == ["good"]
    assert len(rows) == 1 + 16
    assert all(row["run"] in row["error"] for row in rows if row not in good)
    for column in COLUMNS:
        assert len(sort_runs(rows, f"-{column}")) == len(rows)

    main(["runs", str(tmp_path)])
    printed = capsys.readouterr().out
    assert printed.count("damaged: ") == 16
    assert "good" in printed
    assert "holds a list" in printed
    assert "'data' should be" in printed
    assert "Traceback" not in printed


def test_a_record_whose_recipe_is_of_another_grevy_is_still_a_row(tmp_path: Path) -> None:
    recipe = {**json.loads(FORMAT_1.read_text())["recipe"], "telepathy": 3}
    put_run(tmp_path / "run", recipe=recipe)
    (row,) = list_runs(tmp_path)
    assert (row["status"], row["recipe"], row["test"]) == ("finished", "net2", 0.31197771587743733)
    assert row["network"] is row["differs"] is None
    assert "telepathy" in row["error"]


def test_columns_say_network_and_differences_and_can_be_asked_for(tmp_path: Path) -> None:
    recipe = json.loads(FORMAT_1.read_text())["recipe"]
    put_run(tmp_path / "one", recipe=grevy.load_recipe("base").model_dump(mode="json"))
    put_run(tmp_path / "two", recipe=recipe)
    put_run(tmp_path / "three", recipe={**recipe, "name": "mine"})
    many = {**recipe, "epochs": 3, "batch_size": 8, "patience": 1, "label_smoothing": 0.1}
    put_run(tmp_path / "four", recipe={**many, "optimizer": {**recipe["optimizer"], "lr": 0.1}})
    rows = list_runs(tmp_path)
    told = {Path(row["run"]).name: (row["network"], row["differs"]) for row in rows}
    assert told == {
        "one": ("base", ""),
        "two": ("net2", "epochs=1"),
        "three": ("net2", None),
        "four": ("net2", "lr=0.1, label_smoothing=0.1, batch_size=8, and 2 more"),
    }
    assert [Path(row["run"]).name for row in filter_runs(rows, ["network=base"])] == ["one"]
    assert [Path(row["run"]).name for row in filter_runs(rows, ["differs=epochs=1"])] == ["two"]
    assert Path(sort_runs(rows, "-network")[-1]["run"]).name == "one"
    with pytest.raises(UsageError, match="network"):
        sort_runs(rows, "colour")


def test_the_table_has_paths_below_the_folder_and_readable_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = json.loads(FORMAT_1.read_text())["results"]
    for name, seconds in {"a": 41.2, "s/runs/b": 500.4, "s/runs/c": 7500.0}.items():
        took = {**results["seconds"], "training": seconds}
        put_run(tmp_path / name, results={**results, "seconds": took})
    main(["runs", str(tmp_path)])
    lines = [line.rstrip().split("  ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0].strip() for line in lines] == ["run", "a", "s/runs/b", "s/runs/c"]
    assert [line[-1].strip() for line in lines] == ["time", "41 s", "8 min 20 s", "2 h 05 min"]
    main(["runs", str(tmp_path), "--json"])
    rows = json.loads(capsys.readouterr().out)["runs"]
    assert [row["seconds"] for row in rows] == [41.2, 500.4, 7500.0]


def test_the_status_has_a_column_where_not_all_are_finished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_run(tmp_path / "a")
    main(["runs", str(tmp_path)])
    assert "status" not in capsys.readouterr().out
    put_run(tmp_path / "b", status="interrupted")
    main(["runs", str(tmp_path)])
    assert "interrupted" in capsys.readouterr().out


def test_a_damaged_run_is_left_out_of_a_comparison_and_told(tmp_path: Path) -> None:
    put_run(tmp_path / "runs" / "damaged", data=None)
    with pytest.raises(CorruptRecordError):
        grevy.open_run(tmp_path / "runs" / "damaged")
    from grevy.studies.contest import _read_place
    from grevy.studies.contestants import Failed

    (only,) = _read_place(str(tmp_path / "runs"))
    assert isinstance(only, Failed)
    assert only.what.startswith("damaged (")
    assert "'data' should be" in only.why


def test_resume_passes_over_a_damaged_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grevy.training.listeners.listener import Listener
    from grevy.training.start import choose_start

    said: list[str] = []

    class Hears(Listener):
        def said(self, text: str) -> None:
            said.append(text)

    monkeypatch.chdir(tmp_path)
    put_run(tmp_path / "runs" / "damaged", data=None)
    put_run(tmp_path / "runs" / "good", status="interrupted")
    start = choose_start(None, None, None, None, True, Hears())
    assert start.path == Path("runs/good")
    assert "damaged" in said[0]
    shutil.rmtree(tmp_path / "runs" / "good")
    with pytest.raises(UsageError, match="no image data"):
        choose_start(None, None, None, None, True, Hears())
