"""Who trains CIFAR-10 to 94 % first on one GPU?

Arms:

- airbench, hiverge: the record scripts, run as they are from your own clones (`--airbench PATH`,
  `--hiverge PATH`); nothing of them is part of Grevy. They read or download CIFAR-10 themselves
- a recipe of Grevy by its command, `grevy train cifar10 --recipe speed-94`

Two times are given. `seconds` is the peers' own rule: training and the evaluation with test-time
augmentation, on a device that is warm: they train many times in one process. For Grevy it is what
its record says of training with its checks, and of the last evaluation, which takes all splits;
each of its runs is a process of its own, so that its first steps and compilation are inside,
against Grevy. `seconds_from_start` counts from the start of the process to the end of the first
training (of the command, for Grevy), with imports, reading pictures and compilation. Arms take
turns in rounds, each with its share of the runs.

    python benchmarks/one_gpu.py --airbench ../cifar10-airbench --hiverge ../cifar10-speedrun
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from intervals import in_words
from machine import machine, write_table
from peers.speedruns import SCRIPTS, script_in, trainings

RESULT = Path(__file__).with_suffix(".csv")
GREVY = "grevy"


def main() -> None:
    import torch

    arguments = parse_arguments()
    scripts = {name: getattr(arguments, name) for name in SCRIPTS}
    for name in (name for name, clone in scripts.items() if clone is None):
        print(f"{name}: left out; give the path of your clone with --{name} PATH")
    if not torch.cuda.is_available():
        print("this benchmark needs a GPU that torch can use, and there is none: not measured")
        return
    found = {name: script_in(name, clone) for name, clone in scripts.items() if clone is not None}
    rows = []
    for number in range(arguments.rounds):
        for name, script in found.items():
            done = trainings(script, arguments.runs // arguments.rounds)
            rows += [{"arm": name, "round": number, **row} for row in done]
        rows += grevy_round(number, arguments)
    for name in (*found, GREVY):
        print(summary(name, [row for row in rows if row["arm"] == name]))
    facts = machine()
    write_table(arguments.out, [{**row, **facts} for row in rows])


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--airbench", type=Path, help="your clone of cifar10-airbench")
    parser.add_argument("--hiverge", type=Path, help="your clone of cifar10-speedrun")
    parser.add_argument("--data", default="cifar10", help="for Grevy, as it takes image data")
    parser.add_argument("--recipe", default="speed-94")
    parser.add_argument("--runs", type=int, default=50, help="of each arm, over all rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=Path, default=Path("runs/one-gpu"))
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


def grevy_round(number: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    share = arguments.runs // arguments.rounds
    seeds = range(number * share, (number + 1) * share)
    return [{"arm": GREVY, "round": number, **grevy_once(seed, arguments)} for seed in seeds]


def grevy_once(seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One training by the command line."""
    place = arguments.records / f"{arguments.recipe}-seed{seed}"
    shutil.rmtree(place, ignore_errors=True)
    words = ["train", arguments.data, "--recipe", arguments.recipe, "--seed", str(seed)]
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "grevy", *words, "--out", str(place), "--device", "cuda"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    from_start = time.perf_counter() - began
    results = json.loads((place / "run.json").read_text())["results"]
    further = [value for value in results["test"].values() if isinstance(value, dict)]
    return {
        "seconds": results["seconds"]["training"] + results["seconds"]["evaluation"],
        "test": results["test"]["accuracy"],
        "test_tta": further[0]["accuracy"] if further else None,
        "seconds_from_start": from_start,
        "seed": seed,
    }


def summary(name: str, rows: list[dict[str, Any]]) -> str:
    """Means with their 95 % t intervals."""
    parts = []
    for column in ("seconds", "seconds_from_start", "test", "test_tta"):
        values = [row[column] for row in rows if row.get(column) is not None]
        parts += [f"{column} {in_words(values, 4)}"] if values else []
    return f"{name}: " + ", ".join(parts)


if __name__ == "__main__":
    main()
