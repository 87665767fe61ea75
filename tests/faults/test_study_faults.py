"""Twenty runs, one poisoned arm, workers killed: every other run finishes exactly once."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from grevy.studies.compare import compare
from grevy.studies.execute import StudyProgress, execute, forget_failures
from grevy.studies.executors.local import LocalExecutor
from grevy.studies.executors.task import Executor, Outcome
from grevy.studies.plan import Plan, plan, save_study
from grevy.studies.study import load_study

KILLS = 3
BASE = {"name": "small", "epochs": 3, "checks_per_epoch": 1, "patience": 0}
QUESTION = {
    "where": "digits",
    "base": BASE,
    "arms": {
        "flips": {"flip": True},
        "batch norm": {"norm": "batch"},
        "poisoned": {"lr": 1e30},
        "dropout": {"dropout": 0.1},
    },
    "seeds": 4,
}


class Killer:
    """Kills a process of this name, chosen at random, three times while the study runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kills = 0
        self.outcomes: list[Outcome] = []
        self._random = random.Random(5)

    def __call__(self, progress: StudyProgress, outcome: Outcome | None) -> None:
        if outcome is not None:
            self.outcomes.append(outcome)
        due = progress.finished >= 3 * (self.kills + 1)
        alive = processes(self.name)
        if due and alive and self.kills < KILLS:
            os.kill(self._random.choice(alive), signal.SIGKILL)
            self.kills += 1


def processes(name: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if name in words and state != "Z":
            found.append(int(folder.name))
    return found


def check_study(folder: Path, executor: Executor, name: str) -> None:
    study = load_study(QUESTION)
    save_study(study, folder)
    killer = Killer(name)
    done = execute(plan(study, folder), executor, killer, ["test"])
    assert killer.kills == KILLS

    states = {(run.arm, run.seed): run.status for run in done.runs}
    assert {key for key, state in states.items() if state == "failed"} == {
        ("poisoned", seed) for seed in range(4)
    }
    assert len(done.having("finished")) == 16
    ended = [outcome.task.out for outcome in killer.outcomes]
    assert len(ended) == len(set(ended)) == 20
    for run in done.having("failed"):
        assert run.error is not None
        assert run.error["type"] == "NonFiniteLossError"

    again: list[Outcome] = []
    after = execute(done, executor, lambda _, o: again.append(o) if o else None, ["test"])
    assert again == []
    assert after == done == plan(study, folder)
    check_comparison(folder)
    check_retry(done)


def check_comparison(folder: Path) -> None:
    comparison = compare([str(folder)])
    assert comparison.contest.arms == ("baseline", "flips", "batch norm", "dropout")
    assert {(failed.arm, failed.seed) for failed in comparison.contest.failed} == {
        ("poisoned", seed) for seed in range(4)
    }
    assert all(effect.seeds == (0, 1, 2, 3) for effect in comparison.effects)
    for contestant in comparison.contest.contestants:
        assert contestant.record is not None
        assert contestant.record.test_reads == 1


def check_retry(done: Plan) -> None:
    retried = forget_failures(done)
    assert len(retried.having("unfinished")) == 4
    assert len(retried.having("failed")) == 0


@pytest.mark.timeout(600)
def test_on_local_processes(tmp_path: Path) -> None:
    check_study(tmp_path / "study", LocalExecutor(2), "grevy.studies.executors.worker")


@pytest.mark.timeout(900)
def test_on_two_nodes_of_a_ray_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray comes with grevy[cluster]")
    from ray.cluster_utils import Cluster

    from grevy.studies.executors.cluster import RayExecutor

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        check_study(tmp_path / "study", RayExecutor("ray"), "ray::_train_in_cluster")
    finally:
        cluster.shutdown()


def test_a_run_that_kills_its_worker_each_time_fails_and_the_others_go_on(tmp_path: Path) -> None:
    study = load_study(
        {"where": "digits", "base": {**BASE, "epochs": 1}, "vary": ["lr=0.1"], "seeds": 1}
    )
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "import os, signal, sys\n"
        f"marks = {str(tmp_path)!r}\n"
        "kills = len([f for f in os.listdir(marks) if f.startswith('kill')])\n"
        "if kills < 3:\n"
        "    open(os.path.join(marks, f'kill{kills}'), 'w').close()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    save_study(study, tmp_path / "study")
    planned = plan(study, tmp_path / "study", plugin=plugin)
    done = execute(planned, LocalExecutor(1), lambda *_: None, ["test"])
    assert [run.status for run in done.runs] == ["failed", "finished"]
    assert done.runs[0].error is not None
    assert done.runs[0].error["type"] == "WorkerDiedError"
    retried = execute(forget_failures(done), LocalExecutor(1), lambda *_: None, ["test"])
    assert [run.status for run in retried.runs] == ["finished", "finished"]
