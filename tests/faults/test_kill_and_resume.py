"""A run that is killed again and again and resumed ends like the unbroken one, byte for byte."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = 10
SAME = ("model.safetensors", "model.json", "steps.jsonl", "checks.jsonl")
WORDS = ["--epochs", "8", "--patience", "0", "--recipe", "net2", "--seed", "3"]
WORDS += ["--selection.keep", "0.5", "--selection.proxy.convnet.widths", "8", "16", "16"]


def start(out: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "grevy", "train", "digits", *WORDS, "--out", str(out), *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=out.parent
    )


def finish(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    return said


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def wait_for_a_check(process: subprocess.Popen[str], checks: Path, before: int) -> None:
    while process.poll() is None and size(checks) <= before:
        time.sleep(0.01)


@pytest.mark.timeout(900)
def test_ten_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    finish(start(tmp_path / "unbroken"))
    moments = random.Random(20)
    broken = tmp_path / "broken"
    killed = 0
    for attempt in range(KILLS):
        process = start(broken, "--resume")
        if attempt % 4 == 3:
            time.sleep(moments.uniform(0.1, 5))  # also while it starts, loads and decodes
        else:
            wait_for_a_check(process, broken / "checks.jsonl", size(broken / "checks.jsonl"))
            time.sleep(moments.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed >= 8, "the run was over too soon for this test to say anything"
    assert "goes on after step" in finish(start(broken, "--resume"))

    for name in SAME:
        assert (tmp_path / "unbroken" / name).read_bytes() == (broken / name).read_bytes(), name
    for split in ("train", "validation", "test"):
        one, other = (
            (run / "predictions" / f"{split}.safetensors").read_bytes()
            for run in (tmp_path / "unbroken", broken)
        )
        assert one == other, split


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(out)
    wait_for_a_check(process, out / "checks.jsonl", 0)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"go on with: grevy train --resume --out {out}" in said
    assert "Traceback" not in said
    command = [sys.executable, "-m", "grevy", "train", "--resume", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "goes on after step" in done.stdout
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "is finished already" in again.stdout
