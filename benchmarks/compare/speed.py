"""Pictures a second of `base` and seconds of `speed-80`, both checkouts in turns."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compare.checkouts import Checkout, CommandFailedError
from intervals import ratio
from turns import Arm

BATCH = 64
TESTED = "test accuracy "
SECONDS = ("until the test accuracy is said", "whole command", "training alone")

Row = tuple[str, str, str, int]


def speeds(
    both: tuple[Checkout, Checkout], data: str, precision: str, rounds: int, steps: int
) -> Iterator[Row]:
    """Case, what, result and n."""
    yield from told(
        "base",
        "pictures per second",
        pictures_per_second(both, data, precision, rounds, steps),
    )
    found = seconds_of_speed_80(both, data, precision, rounds)
    for what in SECONDS:
        values = {side: [run[what] for run in runs] for side, runs in found.items()}
        yield from told("speed-80", f"seconds, {what}", values)


def told(case: str, what: str, values: dict[str, list[float]]) -> Iterator[Row]:
    """The medians, and after / before turn by turn."""
    for side, numbers in values.items():
        spread = f"{min(numbers):.4g} to {max(numbers):.4g}"
        yield case, f"{what}, {side}", f"{statistics.median(numbers):.4g} ({spread})", len(numbers)
    before, after = values["before"], values["after"]
    middle = statistics.median(a / b for a, b in zip(after, before, strict=True))
    mean, low, high = ratio(after, before)
    text = f"median {middle:.3f}; geometric mean {mean:.3f} ({low:.3f} to {high:.3f})"
    yield case, f"{what}, after / before", text, len(after)


def pictures_per_second(
    both: tuple[Checkout, Checkout], data: str, precision: str, rounds: int, steps: int
) -> dict[str, list[float]]:
    """Each checkout's own `pictures_per_second.py` trains, as it knows its own training step."""
    kind = f"grevy-{'fp32' if precision == 'fp32' else 'auto'}"
    arms = {}
    for checkout in both:
        script = checkout.folder / "benchmarks" / "pictures_per_second.py"
        words = [str(script), "--arm", kind, "--data", data, "--steps", str(steps)]
        arms[checkout.side] = Arm.start(checkout.side, words, checkout.environment())
    rates: dict[str, list[float]] = {side: [] for side in arms}
    for number in range(rounds):
        for side in turn(list(arms), number):
            rates[side].append(BATCH * steps / seconds_of_turn(arms[side]))
    for arm in arms.values():
        arm.stop()
    chosen = {side: child.facts["precision"] for side, child in arms.items()}
    if len(set(chosen.values())) > 1:
        sys.exit(f"base: the precisions chosen differ, {chosen}: nothing to compare; try again")
    return rates


def seconds_of_turn(arm: Arm) -> float:
    """Ends the program with the child's complaint where it failed, now or before."""
    seconds = arm.turn() if arm.failure is None else None
    if seconds is None:
        sys.exit(f"{arm.name}: {arm.failure}")
    return seconds


def turn(sides: list[str], number: int) -> list[str]:
    """A B, then B A, so that neither always follows the other."""
    return sides if number % 2 == 0 else sides[::-1]


def seconds_of_speed_80(
    both: tuple[Checkout, Checkout], data: str, precision: str, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """By the command line, with decoded pictures; the first run of each is not counted."""
    words = ["train", data, "--recipe", "speed-80", "--precision", precision]
    found: dict[str, list[dict[str, float]]] = {checkout.side: [] for checkout in both}
    by_side = {checkout.side: checkout for checkout in both}
    for number in range(-1, rounds):
        for side in turn(list(by_side), number):
            run = timed_run(by_side[side], [*words, "--seed", str(max(number, 0))])
            if number >= 0:
                found[side].append(run)
                print(f"speed-80 round {number + 1} {side}: {run}", flush=True)
    return found


def timed_run(checkout: Checkout, words: list[str]) -> dict[str, float]:
    """Seconds of one `grevy train`, by the names in `SECONDS`.

    Raises:
        CommandFailedError: it failed.
    """
    place = checkout.home / "speed"
    shutil.rmtree(place, ignore_errors=True)
    command = [sys.executable, "-m", "grevy", *words, "--out", str(place)]
    began, tested = time.perf_counter(), None
    process = subprocess.Popen(
        command, cwd=checkout.home, env=checkout.environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(TESTED) and tested is None:
            tested = time.perf_counter() - began
    if process.wait() or tested is None:
        raise CommandFailedError(
            checkout.side, words, process.returncode, "no test accuracy was said"
        )
    seconds = [tested, time.perf_counter() - began, training_seconds(place)]
    return {what: round(value, 3) for what, value in zip(SECONDS, seconds, strict=True)}


def training_seconds(run: Path) -> float:
    """As the record says."""
    facts: dict[str, Any] = json.loads((run / "run.json").read_text())
    return float(facts["results"]["seconds"]["training"])
