"""How many seconds from the command to a given test accuracy on CIFAR-10?

Arms:

- a recipe of Grevy, by the command that a user would type: `grevy train cifar10 --recipe NAME`
- plain: the kind of network that the source assignment's solution uses in a plain PyTorch loop
  (`peers/assignment_loop.py`), stopped after the first epoch whose test accuracy is at the target

What the timer covers: everything from the start of the process, with the start of Python, imports,
reading the pictures, choosing the precision and validation. A recipe's time ends when its command
prints the test accuracy: Grevy reads the test split once, after the training, so that there is no
earlier moment at which it is known; that evaluation and the saving of the weights are inside. What
the command does afterwards (evaluation of train, record, figures) is in `seconds_command`. The
plain loop's time ends with the epoch that reaches the target; its looks at the test split are
outside, in its favour.
A recipe reaches the target if the mean of its test accuracies does; `--count tta` counts both arms'
accuracy with test-time augmentation, and the plain one is printed beside it.

Pictures: `--cache warm` (default) means that they are decoded already, by a run before that is not
timed; `--cache empty` that each run decodes them. The plain loop reads them the same way.

Arms take turns seed by seed. Nothing is warmed up but Python's bytecode, which is compiled once on
any machine: start-up is part of the question. What is
finished is not run again; what was broken off begins anew, and what it left in `--runs` is removed.

    python benchmarks/time_to_accuracy.py --recipes speed-80 --target 0.8026 --seeds 3
    python benchmarks/time_to_accuracy.py --data digits --recipes base --target 0.5 --seeds 1 \
        --runs runs/trial --out trial.csv --figure trial
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from intervals import in_words, ratio
from machine import machine, write_table

PLAIN = "plain"
HERE = Path(__file__).parent
RESULT = Path(__file__).with_suffix(".csv")
CHECK = re.compile(r"^step +[\d,]+ .* accuracy (\d\.\d+)$")
TESTED = "test accuracy "
BYTECODE = "import torchvision, grevy.cli.train, grevy.training.train"
DECODE = "import sys; from grevy.data.load import load_data; load_data(sys.argv[1])"

Run = dict[str, Any]
Line = tuple[float, str]


def main() -> None:
    arguments = parse_arguments()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    command([sys.executable, "-c", BYTECODE], arguments.runs / "cache")
    if arguments.cache == "warm":
        command([sys.executable, "-c", DECODE, arguments.data], arguments.runs / "cache")
    arms = [*arguments.recipes, *([] if arguments.no_plain else [PLAIN])]
    runs = [once(arm, seed, arguments) for seed in range(arguments.seeds) for arm in arms]
    for arm in arms:
        print(summary(arm, runs, arguments))
    write_table(arguments.out, [{k: v for k, v in run.items() if k != "checks"} for run in runs])
    points = [
        {"arm": run["arm"], "seed": run["seed"], "seconds": seconds, "validation": value}
        for run in runs
        for seconds, value in run["checks"]
    ]
    write_table(arguments.out.with_name(f"{arguments.out.stem}_checks.csv"), points)
    draw(arms, runs, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10", help="image data, as grevy takes it")
    parser.add_argument("--recipes", nargs="+", default=["speed-80"])
    parser.add_argument("--no-plain", action="store_true", help="leave the plain loop out")
    parser.add_argument("--target", type=float, default=0.8026, help="test accuracy, 0 to 1")
    parser.add_argument("--count", choices=("plain", "tta"), default="plain")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--plain-epochs", type=int, default=40, help="of the plain loop, at most")
    parser.add_argument("--cache", choices=("warm", "empty"), default="warm")
    parser.add_argument("--runs", type=Path, default=Path("runs/time-to-accuracy"))
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--figure", type=Path, default=Path("docs/figures/time-to-accuracy"))
    return parser.parse_args()


def once(arm: str, seed: int, arguments: argparse.Namespace) -> Run:
    """One run of one arm, or what it gave when it was run before."""
    place = arguments.runs / f"{Path(arm).stem}-{arguments.cache}-seed{seed}"
    kept = place.with_name(f"{place.name}.json")
    asked = {"data": arguments.data}
    if arm == PLAIN:  # it ends when it is there
        asked |= {"target": arguments.target, "count": arguments.count}
    if kept.exists():
        run: Run = json.loads(kept.read_text())
        if all(run[name] == value for name, value in asked.items()):
            return run
    shutil.rmtree(place, ignore_errors=True)
    measure = time_plain if arm == PLAIN else time_recipe
    with tempfile.TemporaryDirectory(prefix="grevy-") as empty:
        cache = arguments.runs / "cache" if arguments.cache == "warm" else Path(empty)
        found = measure(arm, seed, place, cache, arguments)
    run = {"arm": arm, "seed": seed, "cache": arguments.cache, **asked, **found, **machine()}
    kept.write_text(json.dumps(run, indent=1))
    print(f"{arm} seed {seed}: {run['seconds']:.1f} s, test {run['test']:.4f}", flush=True)
    return run


def time_recipe(
    recipe: str, seed: int, place: Path, cache: Path, arguments: argparse.Namespace
) -> Run:
    """`grevy train`; a check counts at the moment when its line appears."""
    words = ["train", arguments.data, "--recipe", recipe, "--seed", str(seed), "--out", str(place)]
    lines, seconds = command([sys.executable, "-m", "grevy", *words], cache)
    facts = json.loads((place / "run.json").read_text())
    results = facts["results"]
    further = [value for value in results["test"].values() if isinstance(value, dict)]
    matches = [(moment, CHECK.match(line)) for moment, line in lines]
    tested = next(moment for moment, line in lines if line.startswith(TESTED))
    return {
        "seconds": round(tested, 2),
        "seconds_command": round(seconds, 2),
        "test": results["test"]["accuracy"],
        "test_tta": further[0]["accuracy"] if further else None,
        "validation": results["validation"]["accuracy"],
        "epochs": results["epochs"],
        "precision": facts["precision"],
        **{f"seconds_{name}": value for name, value in results["seconds"].items()},
        "checks": [(round(moment, 2), float(found[1])) for moment, found in matches if found],
    }


def time_plain(arm: str, seed: int, place: Path, cache: Path, arguments: argparse.Namespace) -> Run:
    """The plain loop; its looks at the test split are taken off."""
    words = ["--data", arguments.data, "--seed", str(seed), "--target", str(arguments.target)]
    words += ["--epochs", str(arguments.plain_epochs)]
    words += ["--flip"] if arguments.count == "tta" else []
    lines, _ = command([sys.executable, str(HERE / "peers" / "assignment_loop.py"), *words], cache)
    epochs = [(moment, json.loads(line)) for moment, line in lines if line.startswith("{")]
    # A line appears after its epoch's look at the test split, which `paused` includes.
    checks = [(round(moment - row["paused"], 2), row["validation"]) for moment, row in epochs]
    last = epochs[-1][1]
    return {
        "seconds": checks[-1][0],
        "test": last["test"],
        "test_tta": last["test_flip"],
        "validation": last["validation"],
        "epochs": last["epoch"],
        "precision": "fp32",
        "checks": checks,
    }


def command(words: list[str], cache: Path) -> tuple[list[Line], float]:
    """Run it; its lines with the seconds at which they appeared, and the seconds of all.

    Stops the benchmark if the command fails; its own words stand above.
    """
    environment = {**os.environ, "GREVY_CACHE": str(cache.resolve()), "PYTHONUNBUFFERED": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    lines = [(time.perf_counter() - began, line.rstrip()) for line in process.stdout]
    if process.wait():
        sys.exit(f"{' '.join(words)} ended with status {process.returncode}")
    return lines, time.perf_counter() - began


def summary(arm: str, runs: list[Run], arguments: argparse.Namespace) -> str:
    """Seconds and accuracy of an arm, and how much sooner than the plain loop it is there."""
    from grevy.studies.statistics import t_interval

    own = [run for run in runs if run["arm"] == arm]
    plain = [run["seconds"] for run in runs if run["arm"] == PLAIN]
    counted = t_interval([accuracy(run, arguments.count) for run in own]).mean
    text = f"{arm}: {in_words([run['seconds'] for run in own], 1)} s"
    text += f"; test {in_words([run['test'] for run in own], 4)}"
    if all(run["test_tta"] is not None for run in own):
        text += f"; with test-time augmentation {in_words([r['test_tta'] for r in own], 4)}"
    text += (
        f"; target {arguments.target:g} {'reached' if counted >= arguments.target else 'MISSED'}"
    )
    if plain and arm != PLAIN:
        mean, low, high = ratio(plain, [run["seconds"] for run in own])
        text += f"; plain takes {mean:.1f} times as long ({low:.1f} to {high:.1f})"
    return text


def accuracy(run: Mapping[str, Any], count: str) -> float:
    """The accuracy that counts; the plain one where there is no other."""
    found = run["test_tta"] if count == "tta" else None
    return float(run["test"] if found is None else found)


def draw(arms: list[str], runs: list[Run], arguments: argparse.Namespace) -> None:
    """Accuracy against time, as PNG and SVG."""
    from figures.accuracy_time import TimedRun, draw_accuracy_time

    from grevy.figures.save import save_figure

    def timed(run: Run) -> TimedRun:
        seconds, values = zip(*run["checks"], strict=True)
        percent = tuple(100 * value for value in values)
        return TimedRun(seconds, percent, run["seconds"], 100 * accuracy(run, arguments.count))

    curves = [(arm, [timed(run) for run in runs if run["arm"] == arm]) for arm in arms]
    title = f"Time to {100 * arguments.target:g} % on {Path(arguments.data).name}"
    decoded = "before" if arguments.cache == "warm" else "within the time"
    notes = [f"seeds: {arguments.seeds}; pictures were decoded {decoded}"]
    png, _ = save_figure(
        draw_accuracy_time(curves, 100 * arguments.target, title, notes), arguments.figure
    )
    print(f"wrote {png}")


if __name__ == "__main__":
    main()
