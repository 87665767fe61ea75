"""A disk that takes nothing more: one line, exit status 1, and what was saved is still there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from grevy.cli.main import main
main(sys.argv[2:])
"""


@pytest.fixture(scope="module", autouse=True)
def _digits_are_cached(tmp_path_factory: pytest.TempPathFactory) -> None:
    from grevy.data.load import load_data

    load_data("digits")


def test_a_full_disk_while_saving(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["train", "digits", "--epochs", "1", "--precision", "fp32", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "200000", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("grevy: ")]
    assert len(lines) == 1
    assert "could not write" in lines[0]
    assert "Traceback" not in done.stderr
    facts = json.loads((out / "run.json").read_text())
    assert facts["status"] == "failed"
    assert facts["error"] in lines[0]
    assert (out / "steps.jsonl").stat().st_size > 0


def test_a_full_disk_while_features_are_kept(tmp_path: Path) -> None:
    words = ["train", "digits", "--model.name", "resnet18", "--train", "head", "--epochs", "1"]
    place = ["--precision", "fp32", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "1000000", *words, *place],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("grevy: ")]
    assert len(lines) == 1
    assert "features.npy" in lines[0]
    assert "could not be written" in lines[0]
    assert "GREVY_CACHE" in lines[0]
    left = [*Path(os.environ["GREVY_CACHE"]).glob("features/.*")]
    assert {path.suffix for path in left} <= {".lock"}  # nothing half stays
