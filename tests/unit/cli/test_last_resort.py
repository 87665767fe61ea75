"""Whatever happens, a command ends in one line, with the right status, and the line is true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grevy.cli import size
from grevy.cli.last_resort import as_ours, stopped
from grevy.cli.main import main
from grevy.errors import JobError, OutOfMemoryError, UnexpectedError


def ended(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(words)
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def failing(error: BaseException) -> object:
    def fail(words: list[str]) -> None:
        raise error

    return fail


FORESEEN_BY_NOBODY = [
    KeyError("lost"),
    ValueError("two\nlines \x1b[31m"),
    RuntimeError(""),
    AssertionError(),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    UnicodeEncodeError("ascii", "≥", 0, 1, "ordinal not in range(128)"),
    PermissionError(13, "Permission denied", "a/\udcff\x1b.json"),
    StopIteration(),
]


@pytest.mark.parametrize("error", FORESEEN_BY_NOBODY, ids=lambda error: type(error).__name__)
def test_any_exception_is_one_line_and_status_1(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(size, "main", failing(error))
    status, out, err = ended(["size"], capsys)
    assert (status, out) == (1, "")
    assert err.startswith("grevy: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert "--debug" in err or isinstance(error, MemoryError)


def test_a_defect_names_itself_where_it_happened_and_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(size, "parse", lambda *_: {}["lost"])
    _, out, err = ended(["size", "--json"], capsys)
    assert "KeyError: 'lost', cli/size.py, line " in err
    assert "report it" in err
    told = json.loads(out)
    assert told["error"] == "UnexpectedError"
    assert f"grevy: {told['message']}\n" == err


def test_debug_shows_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "main", failing(KeyError("lost")))
    with pytest.raises(KeyError):
        main(["size", "--debug"])


def test_the_cause_decides_the_kind_and_the_mend() -> None:
    assert "smaller batches" in as_ours(MemoryError()).mend
    assert isinstance(as_ours(MemoryError()), OutOfMemoryError)
    denied = as_ours(PermissionError(13, "Permission denied", "a.json"))
    assert "a.json: Permission denied" in str(denied)
    assert "right to write" in denied.mend
    assert type(denied) is JobError
    assert isinstance(as_ours(KeyError()), UnexpectedError)
    assert as_ours(denied) is denied


def test_a_stop_says_what_is_true_for_its_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(size, "main", failing(KeyboardInterrupt()))
    status, _, err = ended(["size"], capsys)
    assert (status, err) == (130, f"grevy: {stopped('size')}\n")
    assert "begins again" in stopped("data")
    assert "goes on" in stopped("study")
    assert "nothing is lost" not in stopped("train")


WAITS = """
import signal, sys, time
from grevy.cli import size
from grevy.cli.main import main

def wait(words):
    print("begun", flush=True)
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
size.main = wait
main(["size"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_real_signal_is_one_line_and_status_130(number: int, tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(WAITS)
    command = [sys.executable, str(script)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.1)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, f"grevy: {stopped('size')}\n")
