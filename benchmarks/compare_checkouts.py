"""Do two checkouts of Grevy do the same, to the bit, and as fast?

BEFORE and AFTER are source checkouts, such as a `git worktree` of an older commit and this one. A
case is a process (or a few) for each of them, `python -m grevy ...` with PYTHONPATH set to its
`src`, two threads, a cache folder of its own and a precision that is given, since `auto` probes the
machine. Both take turns case by case. What is done is not run again, as long as the sources in the
folder and the case are the same; so the outputs of BEFORE are made once.

Bits (the default). What stands in brackets is the form that `--short` asks for. "few" are the first
420 train and 50 test pictures of each class, "fewer" 60 and 20.

- base, net2 (both two epochs of few); best, one epoch (two, of few); speed-80
- speed-94: few, four epochs of two steps each
- transfer: few (fewer), with a new cache; the kept features are compared, too
- study: two arms with two seeds on the digits, two epochs, from a YAML file
- resumed: on the digits, killed twice with SIGKILL after a number of rows and resumed; besides
  before with after, each checkout's resumed run is compared with its unbroken one

Of each run: weights and the predictions of every split (file for file; where the bytes differ,
tensor for tensor and bit for bit, and then the result says that only the header differs), both logs
(byte for byte; else row for row), the results in run.json (without seconds). n is the number of
tensors, rows or values. Only `equal` is a success; the exit status is 1 if anything else is found.

Other questions, each instead of the bits:

- `--speed`: pictures per second of `base` and seconds of `speed-80`, in turns A B B A; medians,
  and after / before turn by turn with its geometric mean and 95 % t interval. Each checkout's own
  `benchmarks/pictures_per_second.py` trains, with `--precision fp32` in float32, else as `auto`
  chooses
- `--walk`: how many files of the package the fifth step of `grevy.train` with `base` enters, from
  `train_step` on with all that it calls; and the whole command `look PICTURE --run RUN --method
  gradcam` of a run of `base`, from `python -m grevy` to the figure on disk. A file is entered when
  a function in it is called; what runs only because a module is imported does not count
- `--imports`: modules loaded by `evaluate`, `predict` and `look`, and torchvision, timm, sympy and
  torch._dynamo among them; processor seconds of `look` (one picture, one layer, own ResNet-18)
  beyond, and as a ratio to, those of `import torch` in the same round; medians

The table goes to FOLDER/bits.csv, speed.csv, walk.csv or imports.csv.

    git worktree add --detach ../before COMMIT
    python benchmarks/compare_checkouts.py ../before . --data cifar10 --short --out runs/compare
    python benchmarks/compare_checkouts.py ../before . --data cifar10 --speed --out runs/compare
    python benchmarks/compare_checkouts.py ../before . --walk --out runs/compare
    python benchmarks/compare_checkouts.py ../before . --imports --out runs/compare
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from compare.cases import ALL, CASES, DIGITS, FEW, FEWER, Setting, make_once
from compare.checkouts import Checkout, CommandFailedError, open_checkout
from compare.differences import EQUAL, compare_facts, compare_features, compare_runs, guarded
from compare.imports import imports
from compare.small import few_pictures
from compare.speed import speeds
from compare.walk import walks
from machine import machine, write_table

COLUMNS = ("case", "what", "result", "n")
Row = tuple[str, str, str, int]
"""Case, what was looked at, the result, n."""
PICTURES = {FEW: (420, 50), FEWER: (60, 20)}
"""Of each class, train and test, of the small parts of the data."""
COMPARED = ("arms", "effects", "margin", "test_pictures", "baseline")
NOT_COMPARED = ("seconds", "sources", "machines")
"""Of a study's result: what is compared, and what is left out of it."""


def main() -> None:
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    before = open_checkout("before", arguments.before, arguments.out)
    after = open_checkout("after", arguments.after, arguments.out)
    question, rows = asked(before, after, arguments)
    try:
        found = [dict(zip(COLUMNS, row, strict=True)) for row in told(rows)]
    except CommandFailedError as error:
        sys.exit(f"nothing is measured, since a command failed {error}")
    facts = columns(before, after)
    write_table(arguments.out / f"{question}.csv", [{**row, **facts} for row in found])
    different = [row for row in found if row["result"] != EQUAL]
    if question == "bits":
        print(f"{len(found) - len(different)} of {len(found)} comparisons are equal")
        sys.exit(1 if different else 0)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="a source checkout")
    parser.add_argument("after", type=Path, help="another one")
    parser.add_argument("--data", default="cifar10", help="CIFAR-10, as grevy takes it")
    parser.add_argument("--out", type=Path, required=True, help="outputs, and the table")
    parser.add_argument("--only", default=",".join(CASES), help="cases, with commas between")
    parser.add_argument("--short", action="store_true", help="the short form of the cases")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    question = parser.add_mutually_exclusive_group()
    question.add_argument("--speed", action="store_true")
    question.add_argument("--walk", action="store_true")
    question.add_argument("--imports", action="store_true")
    parser.add_argument("--rounds", type=int, default=7, help="of --speed and --imports")
    parser.add_argument("--steps", type=int, default=80, help="of --speed, timed steps of a turn")
    arguments = parser.parse_args()
    arguments.data = absolute(arguments.data)
    arguments.only = arguments.only.split(",")
    strangers = sorted(set(arguments.only) - set(CASES))
    if strangers:
        parser.error(f"no cases {', '.join(strangers)}; one of {', '.join(CASES)}")
    return arguments


def absolute(data: str) -> str:
    """Processes work in folders of their own; a built-in name stays."""
    return str(Path(data).resolve()) if Path(data).exists() else data


def asked(
    before: Checkout, after: Checkout, arguments: argparse.Namespace
) -> tuple[str, Iterable[Row]]:
    """The name of the question, and its rows as they come."""
    precision, rounds = arguments.precision, arguments.rounds
    if arguments.speed:
        both = before, after
        return "speed", speeds(both, arguments.data, precision, rounds, arguments.steps)
    if arguments.walk:
        return "walk", walks(before, after, precision)
    if arguments.imports:
        return "imports", imports(before, after, precision, rounds)
    parts = {
        name: few_pictures(before, arguments.data, arguments.out, *counts)
        for name, counts in PICTURES.items()
    }
    data = {ALL: arguments.data, DIGITS: "digits", **parts}
    return "bits", bits(before, after, Setting(data, precision, arguments.short), arguments.only)


def bits(before: Checkout, after: Checkout, setting: Setting, names: list[str]) -> Iterator[Row]:
    """Make and compare case after case."""
    for name in names:
        case = CASES[name]
        try:
            places = [make_once(name, case, setting, checkout) for checkout in (before, after)]
        except CommandFailedError as error:
            yield name, "the command", f"failed {error}", 0
            continue
        ours, theirs = (case.runs(place) for place in places)
        if ours.keys() != theirs.keys():
            yield name, "runs", f"{sorted(ours)} and {sorted(theirs)}", len(ours)
        for label in (label for label in ours if label in theirs):
            yield from prefixed(name, label, ours[label], theirs[label])
        yield from further(name, *places)


def prefixed(case: str, label: str, ours: Path, theirs: Path) -> Iterator[Row]:
    """What two runs are, with the name that they have within the case."""
    for what, result, n in compare_runs(ours, theirs):
        yield case, f"{label}: {what}" if label else what, result, n


def further(case: str, before: Path, after: Path) -> Iterator[Row]:
    """What a case has besides its runs."""
    if case == "transfer":
        yield case, "kept features", *compare_features(before / "cache", after / "cache")
    if case == "study":
        yield case, "comparison", *guarded(compare_studies, before, after)
    if case == "resumed":
        for place, side in ((before, "before"), (after, "after")):
            label = f"{side}, resumed and unbroken"
            yield from prefixed(case, label, place / "unbroken", place / "resumed")


def compare_studies(before: Path, after: Path) -> tuple[str, int]:
    """Effects, intervals and verdicts of the study."""
    said = [json.loads((place / "said.json").read_text()) for place in (before, after)]
    ours, theirs = ({name: one[name] for name in COMPARED if name in one} for one in said)
    found: tuple[str, int] = compare_facts(ours, theirs, NOT_COMPARED)
    return found


def told(rows: Iterable[Row]) -> Iterator[Row]:
    """Print each as it comes."""
    for row in rows:
        case, what, result, n = row
        print(f"{case:<12} {what:<48} {result}  (n = {n})", flush=True)
        yield row


def columns(before: Checkout, after: Checkout) -> dict[str, Any]:
    """What every row has besides its result."""
    facts = machine()
    return {
        "before": before.commit,
        "after": after.commit,
        "date": facts["date"],
        "machine": f"{facts['processor']}, {facts['cores']} cores, gpu {facts['gpu']}",
        "versions": f"python {facts['python']}, torch {facts['torch']}",
    }


if __name__ == "__main__":
    main()
