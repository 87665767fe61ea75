"""Files of a record may be anybody's: links, pipes, damage and leftovers are told apart."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grevy.errors import CorruptRecordError, RunBusyError, SaveError
from grevy.records.atomic import save_error, sweep, write_bytes
from grevy.records.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from grevy.records.events import EventLog, require_whole
from grevy.records.files import FileSum, folder_inside, read_regular, sum_of
from grevy.records.lock import HOLDER, hold_run, is_in_use, train_alone
from grevy.records.run import refuse_existing
from grevy.records.summed import with_sum, without_sum


class TestReading:
    def test_what_was_written_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"whole")
        assert read_regular(tmp_path / "a", sum_of(b"whole")) == b"whole"

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"whol", "has 4 bytes and was written with 5"),
            (b"whole!", "has 6 bytes"),
            (b"wholf", "SHA-256"),
        ],
    )
    def test_damage_is_named(self, tmp_path: Path, content: bytes, said: str) -> None:
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(CorruptRecordError, match=said):
            read_regular(tmp_path / "a", sum_of(b"whole"))

    def test_nothing_is_waited_for_and_no_link_followed(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_bytes(b"x")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(CorruptRecordError, match="is a link"):
            read_regular(tmp_path / "link")
        for name in ("folder", "pipe"):
            with pytest.raises(CorruptRecordError, match="is no file"):
                read_regular(tmp_path / name)

    def test_a_device_without_end_takes_no_memory(self) -> None:
        with pytest.raises(CorruptRecordError, match="is no file"):
            read_regular(Path("/dev/zero"))

    def test_a_file_that_claims_to_be_small_is_not_read_whole(self, tmp_path: Path) -> None:
        with (tmp_path / "large").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(CorruptRecordError, match="bytes"):
            read_regular(tmp_path / "large")

    def test_a_folder_that_is_a_link_is_not_written_through(self, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "checkpoint").symlink_to(tmp_path / "outside")
        with pytest.raises(CorruptRecordError, match="is a link"):
            folder_inside(tmp_path / "checkpoint")
        with pytest.raises(CorruptRecordError, match="is a link"):
            save_checkpoint(tmp_path / "checkpoint", {"state": b"1"})
        assert list((tmp_path / "outside").iterdir()) == []


class TestLogs:
    def test_a_log_goes_on_only_where_it_begins_as_the_checkpoint_knew(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "steps.jsonl"
        known = _log_of(file, 3)
        _log_of(tmp_path / "other.jsonl", 3, first=7)
        for damaged in (file.read_bytes()[:-1], (tmp_path / "other.jsonl").read_bytes(), b""):
            file.write_bytes(damaged)
            with pytest.raises(CorruptRecordError, match=r"bytes|SHA-256"):
                EventLog(file, known)
            assert file.read_bytes() == damaged
            with pytest.raises(CorruptRecordError):
                require_whole(file, known)

    def test_a_log_of_an_older_grevy_is_known_by_its_length(self, tmp_path: Path) -> None:
        file = tmp_path / "steps.jsonl"
        known = _log_of(file, 2)
        log = EventLog(file, FileSum(bytes=known.bytes, sha256=""))
        log.append({"step": 3})
        assert log.flush().sha256 == hashlib.sha256(file.read_bytes()).hexdigest()

    def test_a_log_that_is_a_link_is_not_written_through(self, tmp_path: Path) -> None:
        (tmp_path / "outside").write_text("mine")
        (tmp_path / "steps.jsonl").symlink_to(tmp_path / "outside")
        with pytest.raises(CorruptRecordError, match="is a link"):
            EventLog(tmp_path / "steps.jsonl")
        assert (tmp_path / "outside").read_text() == "mine"


class TestCheckpoints:
    def test_a_first_checkpoint_that_was_never_whole_is_no_damage(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "state").write_bytes(b"half")
        assert load_checkpoint(tmp_path) is None

    def test_the_generation_before_is_taken_where_its_logs_are_whole(self, tmp_path: Path) -> None:
        for n in range(3):
            save_checkpoint(tmp_path, {"state": b"%d" % n})

        def check(checkpoint: Checkpoint) -> None:
            if checkpoint.files["state"] == b"2":
                raise CorruptRecordError("steps.jsonl has 3 of 4 bytes", "", "")

        found = load_checkpoint(tmp_path, check)
        assert found is not None
        assert found.files["state"] == b"1"
        assert found.warning == "steps.jsonl has 3 of 4 bytes"

    @pytest.mark.parametrize("name", ["/dev/zero", "../outside", "x/../../outside"])
    def test_a_manifest_names_files_of_its_folder_only(self, tmp_path: Path, name: str) -> None:
        save_checkpoint(tmp_path, {"state": b"1"})
        manifest = tmp_path / "a" / "manifest.json"
        fields = without_sum(manifest, json.loads(manifest.read_text()))
        sums = {name: fields["sha256"]["state"]}
        manifest.write_text(json.dumps(with_sum({**fields, "sha256": sums})))
        with pytest.raises(CorruptRecordError, match="is no name of a file"):
            load_checkpoint(tmp_path)

    @pytest.mark.parametrize("text", ["[" * 100_000, "{}", '{"sequence": 1, "sha256": [1]}'])
    def test_a_manifest_may_hold_anything(self, tmp_path: Path, text: str) -> None:
        save_checkpoint(tmp_path, {"state": b"1"})
        (tmp_path / "a" / "manifest.json").write_text(text)
        with pytest.raises(CorruptRecordError, match="no whole checkpoint"):
            load_checkpoint(tmp_path)


class TestLeftovers:
    def test_what_a_dead_process_was_writing_goes_and_nothing_else(self, tmp_path: Path) -> None:
        (tmp_path / "checkpoint" / "a").mkdir(parents=True)
        stays = [
            tmp_path / name for name in ("run.json", ".hidden", ".a.1234567", "checkpoint/a/x")
        ]
        goes = [tmp_path / name for name in (".run.json.0a1b2c3d", "checkpoint/a/.x.00000000")]
        for path in stays + goes:
            path.write_text("")
        sweep(tmp_path)
        assert all(path.exists() for path in stays)
        assert not any(path.exists() for path in goes)

    def test_a_run_that_died_before_its_record_can_begin_again(self, tmp_path: Path) -> None:
        for name in (".lock", HOLDER, ".run.json.0a1b2c3d"):
            (tmp_path / name).write_text("")
        refuse_existing(tmp_path)

    def test_an_interrupted_write_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(descriptor: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("grevy.records.atomic.os.fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            write_bytes(tmp_path / "a", b"x")
        assert list(tmp_path.iterdir()) == []


class TestLock:
    def test_who_trains_a_run_is_named(self, tmp_path: Path) -> None:
        program = (
            "import pathlib, sys\n"
            "from grevy.records.lock import train_alone\n"
            "with train_alone(pathlib.Path(sys.argv[1])):\n"
            "    print('held', flush=True)\n"
            "    sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            assert is_in_use(tmp_path)
            with (
                pytest.raises(RunBusyError, match=f"process {other.pid} on "),
                hold_run(tmp_path, 0),
            ):
                pass
            other.kill()
        with train_alone(tmp_path):  # left over by a dead one, taken over
            assert not is_in_use(tmp_path)  # by another process
        assert not (tmp_path / HOLDER).exists()

    def test_a_lock_or_holder_that_is_a_link_leads_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "outside").write_text("mine")
        (tmp_path / HOLDER).symlink_to(tmp_path / "outside")
        with train_alone(tmp_path):
            pass
        (tmp_path / ".lock").unlink()
        (tmp_path / ".lock").symlink_to(tmp_path / "outside")
        with pytest.raises(CorruptRecordError, match="is a link"), hold_run(tmp_path):
            pass
        assert (tmp_path / "outside").read_text() == "mine"


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "the right to write"),
        (errno.EROFS, "can only be read"),
        (errno.EMFILE, "ulimit"),
    ],
)
def test_the_mend_fits_the_cause(number: int, mend: str) -> None:
    error = save_error(Path("a"), OSError(number, os.strerror(number)))
    assert isinstance(error, SaveError)
    assert mend in error.mend
    assert os.strerror(number) in error.received


def _log_of(path: Path, rows: int, first: int = 1) -> FileSum:
    log = EventLog(path)
    for step in range(first, first + rows):
        log.append({"step": step})
    return log.flush()
