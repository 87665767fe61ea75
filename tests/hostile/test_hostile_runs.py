"""A run directory from a stranger is data: whatever it holds, one line is said and no more done.

Each day another sample is tried, by a seed that is printed; `GREVY_HOSTILE=all` tries all,
`GREVY_HOSTILE=SEED` the sample of that seed.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import shutil
import signal
import socket
import time
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_runs import Mutation, mutations

from grevy import train
from grevy.cli.main import main
from grevy.errors import GrevyError, RunInterruptedError
from grevy.training.listeners.listener import Listener

SECONDS = 60
"""That a command may take, also on a busy machine."""

MEBIBYTES = 600
"""By which the peak of memory may grow over all of them."""

SECRET = "SECRET-6b1f"
SAMPLE = int(os.environ.get("GREVY_HOSTILE_SAMPLE", "10"))

LOOKS_AT = {
    "finished": (
        ("runs", "."),
        ("evaluate", "run"),
        ("look", "run", "filters"),
        ("report", "run", "--out", "report.html"),
        ("compare", "run", "whole"),
        ("train", "--resume", "--out", "run"),
    ),
    "stopped": (
        ("runs", "."),
        ("train", "--resume", "--out", "run"),
        ("look", "run", "filters", "--snapshot", "last"),
    ),
}


class TooLong(BaseException):
    """Not an Exception, so that nobody takes it for a bad file."""


def chosen(every: list[Mutation]) -> list[Mutation]:
    """Those of today: half of them fields, half whole files and folders."""
    asked = os.environ.get("GREVY_HOSTILE", "")
    if asked == "all":
        return every
    seed = int(asked or date.today().toordinal())
    print(f"{SAMPLE} of {len(every)} are tried: the same again with GREVY_HOSTILE={seed}")
    lots = random.Random(seed)
    fields = [mutation for mutation in every if mutation.of_field]
    others = [mutation for mutation in every if not mutation.of_field]
    half = SAMPLE // 2
    return [m for kind in (fields, others) for m in lots.sample(kind, min(half, len(kind)))]


@pytest.fixture(scope="module", params=["finished", "stopped"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data and a run, finished or stopped after its first check."""
    place = tmp_path_factory.mktemp(request.param)
    lots = np.random.default_rng(0)
    labels = np.arange(48) % 2
    images = lots.integers(0, 90, (48, 16, 16, 3), dtype=np.uint8)
    images[labels == 1] += 150
    np.savez(place / "pictures.npz", images=images, labels=labels)
    recipe = {
        "epochs": 2,
        "batch_size": 8,
        "precision": "fp32",
        "model": {"convnet": {"widths": [4, 8], "hidden": 8}},
    }
    with contextlib.chdir(place):
        listener = Stopper() if request.param == "stopped" else Listener()
        with contextlib.suppress(RunInterruptedError):
            train("pictures.npz", recipe, out="run", listener=listener)
    (place / "kind").write_text(request.param)
    return place


class Stopper(Listener):
    """As Ctrl-C after the first check."""

    def checked(self, *_: Any, **__: Any) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses that somebody wanted to reach; nobody reaches any."""
    asked: list[Any] = []

    def refuse(*address: Any, **_: Any) -> Any:
        asked.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return asked


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLong(f"more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def said_by(words: tuple[str, ...]) -> tuple[str, str | None]:
    """What a command printed, and what is wrong with how it ended."""
    out, wrong = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), limited(SECONDS):
            main([*words, "--debug"])
    except (SystemExit, GrevyError) as error:
        out.write(str(error))
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__}: {str(error)[:120]}"
        wrong = f"{kind} in {Path(where.filename).name}:{where.lineno}"
    return out.getvalue(), wrong


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")
    }


def faults_of(mutation: Mutation, whole: Path, place: Path, network: list[Any]) -> list[str]:
    """What Grevy does that it should not, with that run."""
    kind = (whole / "kind").read_text()
    outside = place / "outside"
    outside.mkdir(parents=True)
    (outside / "secret.txt").write_text(f"{SECRET}\n" * 3)
    shutil.copytree(whole / "run", place / "run")
    shutil.copytree(whole / "run", place / "whole")
    shutil.copy(whole / "pictures.npz", place)
    mutation.change(place / "run")
    before, found = state_of(outside), []
    for words in LOOKS_AT[kind]:
        with contextlib.chdir(place):
            out, wrong = said_by(words)
        found += [f"{words[0]}: {wrong}"] if wrong else []
        found += [f"{words[0]}: {network}"] if network else []
        found += [f"{words[0]}: reads what lies outside"] if SECRET in out else []
        found += [f"{words[0]}: writes outside"] if state_of(outside) != before else []
        found += [f"{words[0]}: prints {len(out):,} letters"] if len(out) > 20_000 else []
        network.clear()
        before = state_of(outside)
    page = place / "report.html"
    if page.is_file() and SECRET in page.read_text(errors="replace"):
        found.append("report: shows what lies outside")
    return found


def test_a_run_of_a_stranger_is_data(whole: Path, tmp_path: Path, no_network: list[Any]) -> None:
    kind = (whole / "kind").read_text()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    log = os.environ.get("GREVY_HOSTILE_LOG")
    wrong: dict[str, list[str]] = {}
    for number, mutation in enumerate(chosen(mutations(whole / "run"))):
        place = tmp_path / str(number)
        began = time.monotonic()
        if faults := faults_of(mutation, whole, place, no_network):
            wrong[mutation.name] = faults
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if now - peak > MEBIBYTES * 1024:
            wrong.setdefault(mutation.name, []).append(f"takes {(now - peak) >> 10:,} MiB more")
            peak = now
        if log:
            with open(log, "a") as file:
                seconds = time.monotonic() - began
                row = (kind, f"{seconds:.1f}", mutation.name, wrong.get(mutation.name))
                print(*row, sep="\t", file=file)
        shutil.rmtree(place)
    assert not wrong, "\n".join(f"{name}: {'; '.join(found)}" for name, found in wrong.items())
