"""Ctrl-C twice at any moment of a real training loses nothing, and what is said of it is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = ["digits", "--epochs", "1", "--patience", "0", "--compile", "none", "--precision", "fp32"]

AT_A_MOMENT = """
import importlib, os, signal, sys
from grevy.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
module, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
place = importlib.import_module(module)
original, calls = getattr(place, name), []

def stopped(*arguments, **named):
    calls.append(name)
    if len(calls) == count:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    return original(*arguments, **named)

setattr(place, name, stopped)
main(sys.argv[4:])
"""

PROGRESS = r"[\w ]+: [\d,]+ of [\d,]+"
"""A line on a slow machine."""

MOMENTS = {
    "the pictures are read": ("grevy.training.train", "load_data", 1),
    "the record is made": ("grevy.records.run", "write_json", 1),
    "the loop runs": ("grevy.training.train", "train_step", 5),
    "the first checkpoint is written": ("grevy.records.checkpoint", "write_bytes", 2),
    "its manifest is written": ("grevy.records.checkpoint", "write_json", 1),
    "a split is evaluated": ("grevy.training.finish", "evaluate_and_save", 2),
    "figures are drawn": ("grevy.training.finish", "draw_or_tell", 1),
    "the record is closed": ("grevy.records.run", "write_json", 2),
}


def grevy(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_ctrl_c_twice_loses_nothing_and_tells_no_lie(
    moment: tuple[str, str, int], tmp_path: Path
) -> None:
    script, run = tmp_path / "stopped.py", tmp_path / "run"
    script.write_text(AT_A_MOMENT)
    module, name, count = moment
    train = ["train", *WORDS, "--out", str(run)]
    done = grevy(str(script), module, name, str(count), *train)
    assert done.returncode == 130, done.stderr
    told = [line for line in done.stderr.splitlines() if not re.fullmatch(PROGRESS, line)]
    assert len(told) == 1, done.stderr
    begun = (run / "run.json").exists()
    if begun:
        assert json.loads((run / "run.json").read_text())["status"] == "interrupted"
    else:
        assert "no run was made" in done.stderr
    told = re.search(r"up to step (\d+) is saved", done.stderr)
    resumed = grevy("-m", "grevy", *train, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    found = re.search(r"goes on after step (\d+)", resumed.stdout)
    assert (told and told[1]) == (found and found[1])
    assert json.loads((run / "run.json").read_text())["status"] == "finished"
