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

AS_ON_GPUS = """
import sys
from grevy.cli.main import main
from grevy.training import loss_log

loss_log.AT_ONCE.clear()  # of no device are losses read one by one
main(sys.argv[1:])
"""


def test_two_processes_that_read_losses_together_write_the_same_rows(tmp_path: Path) -> None:
    script = tmp_path / "as_on_gpus.py"
    script.write_text(AS_ON_GPUS)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    torchrun += ["--nproc-per-node", "2"]
    for name, program in (("one_by_one", ["-m", "grevy"]), ("together", [str(script)])):
        words = [*torchrun, *program, *WORDS, "--out", str(tmp_path / name)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    for file in ("steps.jsonl", "checks.jsonl", "model.safetensors"):
        one, other = (tmp_path / name / file for name in ("one_by_one", "together"))
        assert one.read_bytes() == other.read_bytes(), file


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
