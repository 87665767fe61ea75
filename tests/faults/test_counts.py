"""Counters in a record hold whoever changes it at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import grevy
from grevy.training.listeners.listener import Listener

EVALUATE = "import sys, grevy; grevy.evaluate(sys.argv[1], device='cpu')"


def test_six_evaluations_at_once_count_six(tmp_path: Path) -> None:
    recipe = {"epochs": 1, "model": {"name": "base", "convnet": {"widths": [4]}}}
    run = grevy.train("digits", recipe, out=tmp_path / "run", listener=Listener())
    before = run.record.test_reads
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, "-c", EVALUATE, str(run.path)], env=environment)
        for _ in range(6)
    ]
    assert [process.wait() for process in processes] == [0] * 6
    assert run.record.test_reads == before + 6
