"""Two processes under torchrun train as one does: the same batches, the same losses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = ["train", "digits", "--epochs", "1", "--precision", "fp32", "--augment.flip", "random"]


def losses(run: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (run / "steps.jsonl").read_text().splitlines()]


WHITENED = ["--model.convnet.whitening", "2", "--optimizer.whitening-epochs", "0.5"]
WHITENED += ["--model.convnet.widths", "8", "16"]

SELECTED = ["--selection.keep", "0.5", "--selection.proxy.convnet.widths", "8", "8", "8"]


@pytest.mark.parametrize("more", [[], WHITENED, SELECTED], ids=["base", "whitened", "selected"])
def test_two_processes_have_the_losses_of_one(tmp_path: Path, more: list[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    words = [*WORDS, *more]
    subprocess.run([sys.executable, "-m", "grevy", *words, "--out", str(one)], check=True)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    torchrun += ["--nproc-per-node", "2", "-m", "grevy", *words, "--out", str(two)]
    done = subprocess.run(torchrun, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert losses(two) == pytest.approx(losses(one), abs=1e-4)
    facts = json.loads((two / "run.json").read_text())
    assert (facts["status"], facts["environment"]["devices"]) == ("finished", 2)


def test_a_batch_that_does_not_divide_is_refused(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    words = [*WORDS, "--batch-size", "33", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", "-m", "grevy", *words],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "a batch of 33 on 2 devices" in done.stderr
