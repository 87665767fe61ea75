"""How well a study of short runs uses two cores: two at a time against one at a time.

    python benchmarks/study_on_two_cores.py [--rounds 3] [--arms 2]

The arms take turns, in new folders each time. The timer covers all of `execute`: the start of the
workers, data from the cache, training, evaluation, figures, records. Ideal is the time of the arm
"one at a time, one thread" over two.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import torch

from grevy.studies.execute import execute
from grevy.studies.executors.local import LocalExecutor
from grevy.studies.plan import plan, save_study
from grevy.studies.study import load_study

QUESTION: dict[str, Any] = {
    "where": "digits",
    "base": {"epochs": 8, "patience": 0},
    "vary": ["norm=batch", "dropout=0.05", "flip=true", "activation=elu"],
    "seeds": 4,
}
ARMS = {
    "one at a time, one thread": LocalExecutor(1, 1),
    "two at a time, one thread each": LocalExecutor(2, 1),
    "one at a time, two threads": LocalExecutor(1, 2),
}
RUNS = (1 + len(QUESTION["vary"])) * QUESTION["seeds"]
RESULT = Path(__file__).with_suffix(".csv")


def seconds(executor: LocalExecutor) -> float:
    """Of one study in a new folder."""
    study = load_study(QUESTION)
    with tempfile.TemporaryDirectory() as folder:
        planned = plan(study, Path(folder))
        save_study(study, Path(folder))
        began = time.perf_counter()
        done = execute(planned, executor, lambda *_: None, ["benchmark"])
        elapsed = time.perf_counter() - began
        assert len(done.having("finished")) == len(done.runs)
    return elapsed


def main() -> None:
    """Measure, print, write the CSV."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--arms", type=int, default=len(ARMS), help="the first so many")
    arguments = parser.parse_args()
    arms = dict(list(ARMS.items())[: arguments.arms])
    rows = []
    for number in range(arguments.rounds):
        times = {name: seconds(executor) for name, executor in arms.items()}
        ideal = times["one at a time, one thread"] / 2
        for name, elapsed in times.items():
            rows.append([number, name, round(elapsed, 2), round(elapsed / ideal, 3)])
            print(f"{number}  {name:<32} {elapsed:7.1f} s  {elapsed / ideal:.3f} of the ideal")
    for name in arms:
        ratios = [row[3] for row in rows if row[1] == name]
        print(f"median {statistics.median(ratios):.3f}  {name}")
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    with RESULT.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["round", "arm", "seconds", "of_ideal", "runs", "machine", "torch", "date"])
        for row in rows:
            writer.writerow([*row, RUNS, machine, torch.__version__, date.today().isoformat()])


if __name__ == "__main__":
    main()
