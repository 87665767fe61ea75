"""Some writes of every operation fail, others every day; `make faults` tries all of them."""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from fault_operations import OPERATIONS
from fault_sweep import Case, Sweep, compiler, table

SECONDS = 20
"""Of the sample, after the operations were learnt."""

pytestmark = [
    pytest.mark.skipif(compiler() is None, reason="no C compiler (cc) to make a disk fail"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    found = Sweep(tmp_path_factory.mktemp("faults"))
    with found.ready():
        yield found


@pytest.fixture
def seed() -> int:
    """The day, or what GREVY_FAULTS_SEED says, to see a failure again."""
    return int(os.environ.get("GREVY_FAULTS_SEED") or datetime.now(UTC).strftime("%Y%m%d"))


def test_a_sample_of_writes_fails_and_nothing_is_lost(sweep: Sweep, seed: int) -> None:
    print(f"seed {seed}: again with GREVY_FAULTS_SEED={seed}")
    draws = random.Random(seed)
    names = draws.sample(sorted(OPERATIONS), 3)
    cases = sweep.cases(names)
    draws.shuffle(cases)
    end = time.monotonic() + SECONDS
    tried = []
    while cases and time.monotonic() < end:
        for case, wrong in sweep.run([cases.pop()]):
            tried.append({**asdict(case), "wrong": wrong})
    assert tried
    print(*table(tried), sep="\n")
    assert [case for case in tried if case["wrong"]] == []


def test_all_that_a_call_writes_is_counted(sweep: Sweep) -> None:
    writes = sweep.known("evaluate").writes
    assert {"open", "write", "fsync", "rename"} <= {write.what for write in writes}
    assert any(write.path.startswith("run/.run.json.") for write in writes)


def test_a_check_that_is_not_met_is_seen(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    known = sweep.known("report in Markdown")
    write = next(w for w in known.writes if "report.md" in w.path)
    case = Case("report in Markdown", "no space", write.number)
    assert dict(sweep.run([case])) == {case: []}
    monkeypatch.setattr("fault_sweep.MENDS", {errno.ENOSPC: "a mend that nobody says"})
    (wrong,) = dict(sweep.run([case])).values()
    assert any(line.startswith("no mend of No space left on device") for line in wrong)
