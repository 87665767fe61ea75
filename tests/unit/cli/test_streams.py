"""A reader that leaves, or a disk that is full, costs no result."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grevy.cli.streams import LEFT, LastingStream, lasting_streams


class Gone(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


class Full(io.StringIO):
    """A file on a disk without room."""

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def grevy(*words: str, stdout: int, folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "grevy", *words]
    done = subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, cwd=folder, text=True, check=False
    )
    return done.returncode, done.stderr


def closed_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


def test_what_is_written_after_the_reader_has_left_goes_nowhere() -> None:
    stream = LastingStream(Gone())
    assert stream.write("one") == 3
    assert isinstance(stream.error, BrokenPipeError)
    assert stream.write("two") == 3
    stream.flush()


@pytest.mark.parametrize(("kind", "status"), [(Gone, LEFT), (Full, 1)])
def test_the_work_goes_on_and_the_status_tells(
    kind: type[io.StringIO], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def work() -> None:
        with lasting_streams():
            print("first", flush=True)
            done.append("files")
            print("last", flush=True)

    monkeypatch.setattr(sys, "stdout", kind())
    with pytest.raises(SystemExit) as stop:
        work()
    assert stop.value.code == status
    assert done == ["files"]


def test_a_failure_keeps_its_own_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        with lasting_streams():
            print("first", flush=True)
            sys.exit(2)

    monkeypatch.setattr(sys, "stdout", Gone())
    with pytest.raises(SystemExit) as stop:
        work()
    assert stop.value.code == 2


def test_no_standard_output_at_all_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with lasting_streams():
        print("nobody hears")


def test_a_file_is_written_though_nobody_reads_what_is_printed(tmp_path: Path) -> None:
    pipe = closed_pipe()
    words = ("convolve", "--image", "1 2; 3 4", "--kernel", "1", "--out", "sums.md")
    status, errors = grevy(*words, stdout=pipe, folder=tmp_path)
    os.close(pipe)
    assert (status, errors) == (LEFT, "")
    assert (tmp_path / "sums.md").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_behind_standard_output_is_one_line_and_status_1(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        words = ("size", "--input", "32", "--kernel", "3", "--out", "size.md")
        status, errors = grevy(*words, stdout=full.fileno(), folder=tmp_path)
    assert status == 1
    assert errors.count("\n") == 1
    assert "standard output can't be written (No space left on device)" in errors
    assert (tmp_path / "size.md").is_file()
