"""Of two processes one is killed, or stands still: the other says which, and the record too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

QUICK = """
import os, sys
from pathlib import Path
from grevy.cli.main import main
from grevy.training import distributed, pulse

distributed.WAIT_SECONDS = 8
pulse.SILENT_SECONDS, pulse.GONE_SECONDS = 3, 6
Path(sys.argv[1], os.environ["RANK"]).write_text(str(os.getpid()))
main(sys.argv[2:])
"""

WORDS = ["train", "digits", "--epochs", "500", "--patience", "0", "--compile", "none"]
WORDS += ["--precision", "fp32"]


@pytest.mark.parametrize(("how", "rank"), [("SIGKILL", 1), ("SIGKILL", 0), ("SIGSTOP", 1)])
def test_the_missing_process_is_named_and_the_record_says_failed(
    how: str, rank: int, tmp_path: Path
) -> None:
    script, run = tmp_path / "quick.py", tmp_path / "run"
    script.write_text(QUICK)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    torchrun += ["--nproc-per-node", "2", str(script), str(tmp_path), *WORDS, "--out", str(run)]
    process = subprocess.Popen(torchrun, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while not any((run / "checkpoint").glob("*/manifest.json")):
        assert time.monotonic() < end, "no checkpoint was written"
        time.sleep(0.1)
    number = int((tmp_path / str(rank)).read_text())
    os.kill(number, getattr(signal, how))
    _, err = process.communicate(timeout=120)
    lines = [line for line in err.splitlines() if line.startswith("grevy: ")]
    missing = [line for line in lines if "is missing" in line]
    assert len(missing) == 1
    assert f"process {rank} ({number} on " in missing[0]
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "failed"
    assert record["error"] == missing[0].removeprefix("grevy: ")
