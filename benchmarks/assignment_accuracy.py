"""Do the source assignment's recipes reach the accuracies of its report on CIFAR-10?

Trains each recipe with each seed by the command that a user would type (what is finished is not
trained again, what was broken off is resumed), then writes a row a run and prints a row a recipe:
mean test accuracy at the best check with its 95 % t interval.

    python benchmarks/assignment_accuracy.py --data ../shared/data/cifar10 --runs runs/assignment
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

REPORT = {"base": 0.7340, "net1": 0.7533, "net2": 0.7614}
"""Test accuracies of the source assignment's report, one run each."""
RESULT = Path(__file__).with_suffix(".csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10", help="CIFAR-10, as grevy takes it")
    parser.add_argument("--runs", type=Path, default=Path("runs/assignment"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", nargs="+", default=list(REPORT))
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    rows = [
        train(recipe, seed, arguments)
        for seed in range(arguments.seeds)
        for recipe in arguments.recipes
    ]
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for recipe in arguments.recipes:
        print(summary(recipe, [row["test"] for row in rows if row["recipe"] == recipe]))
    print(f"wrote {arguments.out}")


def train(recipe: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run, by the command line; its figures."""
    out = arguments.runs / f"{recipe}-seed{seed}"
    words = ["train", arguments.data, "--recipe", recipe, "--seed", str(seed), "--out", str(out)]
    if arguments.precision != "auto":
        words += ["--precision", arguments.precision]
    subprocess.run([sys.executable, "-m", "grevy", *words, "--resume"], check=True)
    facts = json.loads((out / "run.json").read_text())
    checks = [json.loads(line) for line in (out / "checks.jsonl").read_text().splitlines()]
    results, environment = facts["results"], facts["environment"]
    return {
        "recipe": recipe,
        "seed": seed,
        "steps": results["steps"],
        "best_step": results["best_step"],
        "train": results["train"]["accuracy"],
        "validation": results["validation"]["accuracy"],
        "test": results["test"]["accuracy"],
        "validation_at_last_check": checks[-1]["accuracy"],
        "training_seconds": results["seconds"]["training"],
        "precision": facts["precision"],
        "processor": environment["processor"],
        "threads": environment["threads"],
        "torch": environment["torch"],
        "grevy": environment["grevy"],
        "date": facts["created"][:10],
    }


def summary(recipe: str, accuracies: list[float]) -> str:
    from scipy import stats

    n, mean = len(accuracies), statistics.fmean(accuracies)
    if n < 2:
        return f"{recipe}: test {mean:.4f} (n = 1, no interval)"
    half = stats.t.ppf(0.975, n - 1) * statistics.stdev(accuracies) / n**0.5
    return (
        f"{recipe}: test {mean:.4f}, 95 % interval {mean - half:.4f} to {mean + half:.4f}, n = {n}"
        f" (report: {REPORT.get(recipe, float('nan')):.4f}, n = 1)"
    )


if __name__ == "__main__":
    main()
