import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grevy.errors import CorruptRecordError, RunExistsError, RunNotFoundError
from grevy.records.atomic import write_bytes, write_json
from grevy.records.checkpoint import load_checkpoint, save_checkpoint
from grevy.records.events import EventLog, read_events
from grevy.records.index import find_runs
from grevy.records.predictions import Predictions, load_predictions, save_predictions
from grevy.records.run import RunDirectory, create_run, identity
from grevy.records.run_record import RunRecord


class TestAtomicWrites:
    def test_the_new_content_replaces_the_old_and_nothing_else_is_left(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "a.json"
        write_json(file, {"n": 1})
        write_json(file, {"n": 2})
        assert json.loads(file.read_text()) == {"n": 2}
        assert [p.name for p in tmp_path.iterdir()] == ["a.json"]

    def test_a_write_that_fails_keeps_the_old_file_and_cleans_up(self, tmp_path: Path) -> None:
        file = tmp_path / "a.bin"
        write_bytes(file, b"old")
        program = (
            "import resource, signal, sys, pathlib\n"
            "from grevy.records.atomic import write_bytes\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
            "write_bytes(pathlib.Path(sys.argv[1]), bytes(5000))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False
        )
        assert "SaveError" in done.stderr
        assert file.read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]

    def test_nan_is_not_json(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json(tmp_path / "a.json", {"loss": float("nan")})


class TestEventLog:
    def test_rows_come_back_in_order(self, tmp_path: Path) -> None:
        log = EventLog(tmp_path / "steps.jsonl")
        log.append({"step": 1, "loss": 0.5})
        log.flush()
        log.append({"step": 2, "loss": 0.25})
        assert log.flush().bytes == os.path.getsize(tmp_path / "steps.jsonl")
        assert [row["step"] for row in read_events(tmp_path / "steps.jsonl")] == [1, 2]

    def test_a_resumed_log_is_cut_back_to_the_size_that_was_known(self, tmp_path: Path) -> None:
        file = tmp_path / "steps.jsonl"
        log = EventLog(file)
        log.append({"step": 1})
        size = log.flush()
        log.append({"step": 2})
        log.flush()
        EventLog(file, size)
        assert read_events(file) == [{"step": 1}]

    def test_a_last_line_that_was_cut_off_is_left_out(self, tmp_path: Path) -> None:
        file = tmp_path / "steps.jsonl"
        file.write_text('{"step": 1}\n{"st')
        assert read_events(file) == [{"step": 1}]

    def test_a_broken_line_in_the_middle_is_an_error(self, tmp_path: Path) -> None:
        file = tmp_path / "steps.jsonl"
        file.write_text('{"st\n{"step": 2}\n')
        with pytest.raises(CorruptRecordError):
            read_events(file)


class TestCheckpoint:
    def test_there_is_none_before_the_first(self, tmp_path: Path) -> None:
        assert load_checkpoint(tmp_path) is None

    def test_the_newest_of_two_generations_is_read(self, tmp_path: Path) -> None:
        for n in range(5):
            save_checkpoint(tmp_path, {"state": b"%d" % n})
        found = load_checkpoint(tmp_path)
        assert found is not None
        assert (found.files["state"], found.sequence, found.warning) == (b"4", 5, None)
        assert len(list(tmp_path.iterdir())) == 2

    @pytest.mark.parametrize("damage", ["flip", "cut", "remove", "manifest"])
    def test_damage_to_the_newest_is_said_and_the_older_is_used(
        self, tmp_path: Path, damage: str
    ) -> None:
        for n in range(2):
            save_checkpoint(tmp_path, {"state": b"state %d" % n})
        _damage(tmp_path / "b", damage)
        found = load_checkpoint(tmp_path)
        assert found is not None
        assert found.files["state"] == b"state 0"
        assert found.warning

    def test_damage_to_both_is_an_error(self, tmp_path: Path) -> None:
        for n in range(2):
            save_checkpoint(tmp_path, {"state": b"state %d" % n})
        for generation in ("a", "b"):
            _damage(tmp_path / generation, "flip")
        with pytest.raises(CorruptRecordError, match="differs from its SHA-256"):
            load_checkpoint(tmp_path)

    def test_after_damage_the_next_save_keeps_the_whole_generation(self, tmp_path: Path) -> None:
        for n in range(2):
            save_checkpoint(tmp_path, {"state": b"state %d" % n})
        _damage(tmp_path / "b", "manifest")
        save_checkpoint(tmp_path, {"state": b"state 2"})
        assert (tmp_path / "a" / "state").read_bytes() == b"state 0"
        found = load_checkpoint(tmp_path)
        assert found is not None
        assert found.files["state"] == b"state 2"


def _damage(generation: Path, how: str) -> None:
    state = generation / "state"
    if how == "flip":
        state.write_bytes(state.read_bytes()[:-1] + b"!")
    elif how == "cut":
        state.write_bytes(state.read_bytes()[:3])
    elif how == "remove":
        state.unlink()
    else:
        (generation / "manifest.json").write_text('{"sequence":')


class TestPredictions:
    def test_everything_comes_back(self, tmp_path: Path) -> None:
        logits = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
        labels = np.array([0, 1, 1])
        ids = ("a/1.png", "猫/2.png", 'quo"te.png')
        file = tmp_path / "predictions" / "test.safetensors"
        save_predictions(file, Predictions(logits, labels, ids, {"test_time_flip": logits * 2}))
        found = load_predictions(file)
        np.testing.assert_array_equal(found.logits_NK, logits)
        np.testing.assert_array_equal(found.labels_N, labels)
        np.testing.assert_array_equal(found.extra_logits_NK["test_time_flip"], logits * 2)
        assert found.ids == ids

    def test_a_damaged_file_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "test.safetensors").write_bytes(b"not safetensors")
        with pytest.raises(CorruptRecordError):
            load_predictions(tmp_path / "test.safetensors")


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """Of a finished run."""
    old = tmp_path / "of format 1"
    old.mkdir()
    shutil.copy(Path(__file__).parent / "format_1" / "run.json", old)
    found = RunDirectory(old).read()
    shutil.rmtree(old)
    return found


class TestRunDirectory:
    def test_create_change_read(self, tmp_path: Path, record: RunRecord) -> None:
        run = create_run(tmp_path / "runs" / "a", record.changed(status="training", results=None))
        run.change(status="interrupted")
        assert RunDirectory(tmp_path / "runs" / "a").read().status == "interrupted"
        assert [r.path.name for r in find_runs(tmp_path / "runs")] == ["a"]

    def test_a_directory_with_something_in_it_is_never_overwritten(
        self, tmp_path: Path, record: RunRecord
    ) -> None:
        (tmp_path / "thesis.txt").write_text("months of work")
        with pytest.raises(RunExistsError, match="exists already"):
            create_run(tmp_path, record)
        assert (tmp_path / "thesis.txt").read_text() == "months of work"

    def test_no_record_and_a_damaged_one(self, tmp_path: Path) -> None:
        with pytest.raises(RunNotFoundError):
            RunDirectory(tmp_path).read()
        (tmp_path / "run.json").write_text("{")
        with pytest.raises(CorruptRecordError):
            RunDirectory(tmp_path).read()

    def test_identity_depends_on_the_content_and_not_on_the_order_of_keys(self) -> None:
        assert identity({"a": 1, "b": 2}, 3) == identity({"b": 2, "a": 1}, 3)
        assert identity({"a": 1}, 3) != identity({"a": 1}, 4)
