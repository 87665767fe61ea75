"""How many pictures a second does `base` train on, with Grevy and with its peers?

Arms, all with the network of the recipe `base`, batch size 64, SGD 0.05, no augmentation:

- plain: what PyTorch's tutorials tell to do: a `Dataset` of PIL pictures with per-item torchvision
  transforms, a `DataLoader` with two workers, float32, no settings changed
- lightning, keras, timm, fastai: each as its own documentation tells to use it, in float32; the
  modules in `peers/` say what that is, and what was switched off in their favour
- grevy-fp32: Grevy's own training step with `--precision fp32`
- grevy-auto: the same with `--precision auto`

A peer that is not installed, or that fails, is named and left out; `make .venv/.bench` installs
all of them.

Each arm is a process that waits while the others work; they take turns A B C A B C, so that a
change of the machine's speed meets all of them. An arm is warm after 30 steps, and each turn begins
with 8 more that are not timed. The timer covers whole steps (batch, forward, backward, optimizer,
and what the library does between them, the change of an epoch included); start-up, decoding, checks
and records are outside. Pictures a second are medians over rounds; ratios are taken round by round,
and given as their geometric mean with a 95 % t interval.

    python benchmarks/pictures_per_second.py --data cifar10 --rounds 9
    python benchmarks/pictures_per_second.py --data digits --rounds 2 --steps 10 --out trial.csv
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import statistics
import sys
from pathlib import Path
from typing import Any

from intervals import ratio
from machine import machine, write_table
from turns import Arm, Pace

ARMS = {
    "plain": "plain",
    "lightning": "lightning_trainer",
    "keras": "keras_fit",
    "timm": "timm_script",
    "fastai": "fastai_learner",
    "grevy-fp32": "grevy_step",
    "grevy-auto": "grevy_step",
}
"""Name of the arm, and its module in `peers/`."""
PACKAGES = {"lightning": "lightning", "keras": "keras", "timm": "timm", "fastai": "fastai"}
"""What an arm needs beside what Grevy's tests need."""
RESULT = Path(__file__).with_suffix(".csv")


def main() -> None:
    arguments = parse_arguments()
    if arguments.arm:
        serve(arguments)
        return
    arms = start_arms(arguments)
    rates: dict[str, list[float]] = {arm.name: [] for arm in arms}
    for number in range(arguments.rounds):
        for arm in arms:
            if arm.failure is None:
                take_turn(arm, rates[arm.name], arguments.steps)
        last = {name: values[number] for name, values in rates.items() if len(values) > number}
        print(f"round {number + 1}:", ", ".join(f"{n} {v:,.0f}/s" for n, v in last.items()))
    for arm in arms:
        arm.stop()
    report([arm for arm in arms if arm.failure is None], rates, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10", help="image data, as grevy takes it")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=150, help="timed steps a turn")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    return parser.parse_args()


def serve(arguments: argparse.Namespace) -> None:
    """The child: trains in its own way, at the parent's pace."""
    from peers.task import Task

    pace = Pace(arguments.steps)
    precision = arguments.arm.removeprefix("grevy-")
    peer = importlib.import_module(f"peers.{ARMS[arguments.arm]}")
    peer.train(Task(arguments.data, precision), pace)


def start_arms(arguments: argparse.Namespace) -> list[Arm]:
    """All that can be started; the others are named."""
    arms = []
    for name in arguments.arms:
        package = PACKAGES.get(name)
        if package and importlib.util.find_spec(package) is None:
            print(f"{name}: left out, {package} is not installed (make .venv/.bench installs it)")
            continue
        words = [__file__, "--arm", name, "--data", arguments.data, "--steps", str(arguments.steps)]
        arm = Arm.start(name, words)
        if arm.failure is None:
            print(f"{name}: version {arm.facts['version']}, {arm.facts['precision']}", flush=True)
            arms.append(arm)
        else:
            print(f"{name}: left out, it fails: {arm.failure}")
    return arms


def take_turn(arm: Arm, rates: list[float], steps: int) -> None:
    from peers.task import BATCH

    seconds = arm.turn()
    if seconds is None:
        print(f"{arm.name}: left out from here on, it fails: {arm.failure}")
    else:
        rates.append(BATCH * steps / seconds)


def report(arms: list[Arm], rates: dict[str, list[float]], arguments: argparse.Namespace) -> None:
    """A row an arm, and the same for people."""
    if not arms:
        sys.exit("no arm is left")
    rows = [{**row(arm, rates), "steps_a_round": arguments.steps, **machine()} for arm in arms]
    for line in rows:
        print(
            f"{line['arm']:<11} {line['precision']}  {line['pictures_per_second_median']:>6,}/s"
            f" ({line['min']:,} to {line['max']:,}), n = {line['rounds']}"
        )
        told = (("to_plain", "{} x plain"), ("grevy_auto_to_this", "grevy-auto is {} x this"))
        for name, words in told:
            if name in line:
                low, high = line[f"{name}_low"], line[f"{name}_high"]
                print("   ", words.format(f"{line[name]:.2f}"), f"({low:.2f} to {high:.2f})")
    write_table(arguments.out, rows)


def row(arm: Arm, rates: dict[str, list[float]]) -> dict[str, Any]:
    """One arm's figures."""
    values = rates[arm.name]
    found = {
        "arm": arm.name,
        **arm.facts,
        "rounds": len(values),
        "pictures_per_second_median": round(statistics.median(values)),
        "min": round(min(values)),
        "max": round(max(values)),
    }
    plain, grevy = rates.get("plain", []), rates.get("grevy-auto", [])
    return found | columns("to_plain", values, plain) | columns("grevy_auto_to_this", grevy, values)


def columns(name: str, values: list[float], others: list[float]) -> dict[str, float]:
    """A ratio and its interval, if both arms took all turns."""
    if not values or len(values) != len(others):
        return {}
    names = (name, f"{name}_low", f"{name}_high")
    return {n: round(number, 3) for n, number in zip(names, ratio(values, others), strict=True)}


if __name__ == "__main__":
    main()
