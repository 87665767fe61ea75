"""The two one-purpose CIFAR-10 scripts with the records on one GPU, from the user's own clones.

They are run as they are, from their own folder; what is read is the table that they print: a row
with the epoch `eval` a training, with accuracy without and with test-time augmentation and seconds
by their own rule (training and the evaluation with augmentation, on the device, after a first run
that compiles and does not count). Each of them goes on for 200 trainings, so it is ended after as
many as are wanted.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCRIPTS = {"airbench": "airbench94_muon.py", "hiverge": "cifar10_speedrun.py"}
"""The script in each clone."""

ROW = re.compile(
    r"\| +(?P<run>\w*) +\| +eval +\| +[\d.]+ +\| +(?P<test>[\d.]+) +"
    r"\| +(?P<test_tta>[\d.]+) +\| +(?P<seconds>[\d.]+) +\|"
)


def script_in(name: str, clone: Path) -> Path:
    """The script of that name in a clone, or the script itself.

    Raises:
        FileNotFoundError: there is none.
    """
    script = clone / SCRIPTS[name] if clone.is_dir() else clone
    if not script.is_file():
        raise FileNotFoundError(f"no {SCRIPTS[name]} at {clone}; give the folder of your clone")
    return script


def trainings(script: Path, wanted: int) -> list[dict[str, Any]]:
    """Run a script until it has trained so often; accuracies (0 to 1) and seconds of each.

    `seconds_from_start` is the time from the start of the process to the end of the first training
    that counts.

    Raises:
        RuntimeError: it ended before.
    """
    began = time.perf_counter()
    words = [sys.executable, "-u", script.name]
    found: list[dict[str, Any]] = []
    with subprocess.Popen(words, cwd=script.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for row in counted_rows(process.stdout):
            first = {} if found else {"seconds_from_start": time.perf_counter() - began}
            found.append({**row, **first})
            if len(found) == wanted:
                break
        process.terminate()
    if len(found) < wanted:
        raise RuntimeError(f"{script} ended after {len(found)} of {wanted} trainings")
    return found


def counted_rows(lines: Iterator[str]) -> Iterator[dict[str, float]]:
    """The `eval` row of each training but the first, which only warms up."""
    warm = False
    for match in filter(None, map(ROW.search, lines)):
        if warm:
            yield {name: float(match[name]) for name in ("seconds", "test", "test_tta")}
        warm = True
