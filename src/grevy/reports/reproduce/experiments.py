"""What there is to train: experiments, each a few recipes with their seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grevy.errors import GrevyError
from grevy.recipes.changes import changed, same_training
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe
from grevy.records.index import find_runs
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord, RunStatus
from grevy.records.study_record import BASELINE

CHANGES: dict[str, dict[str, Any]] = {
    "flips": {"augment.flip": "random"},
    "batch norm": {"model.convnet.norm": "batch"},
    "dropout": {"model.convnet.dropout": 0.05},
}
"""Task 3's question, one change at a time: what helped?"""

QUICK_EPOCHS = 4
"""Of `best` in the quick form; the assignment's own recipes keep their ten."""


@dataclass(frozen=True)
class Experiment:
    """Recipes that are trained with the same seeds, the first of them the baseline.

    Attributes:
        name: how it is called.
        tasks: that need it.
        arms: recipes by name.
        seeds: every arm is trained with each.
    """

    name: str
    tasks: frozenset[int]
    arms: Mapping[str, Recipe]
    seeds: tuple[int, ...]

    @property
    def runs(self) -> tuple[tuple[str, int], ...]:
        """Arm and seed of each."""
        return tuple((arm, seed) for seed in self.seeds for arm in self.arms)


def experiments(
    tasks: Sequence[int], seeds: int, quick: bool, transfer: Recipe
) -> tuple[Experiment, ...]:
    """All that these tasks need, in the order in which it is trained.

    Args:
        tasks: of 2, 3 and 4; task 1 trains nothing.
        seeds: of the assignment's own networks and of single changes; `best` and the transfer have
            one.
        quick: fewer epochs of `best`.
        transfer: the recipe of task 4.
    """
    base = load_recipe("base")
    networks = {BASELINE: base}
    if 3 in tasks:
        networks |= {name: load_recipe(name) for name in ("net1", "net2")}
    single = {name: changed(base, change, name) for name, change in CHANGES.items()}
    best = load_recipe("best")
    best = changed(best, {"epochs": QUICK_EPOCHS}, "the quick form") if quick else best
    numbers = tuple(range(seeds))
    every = (
        Experiment("networks", frozenset({2, 3}), MappingProxyType(networks), numbers),
        Experiment("transfer", frozenset({4}), MappingProxyType({"transfer": transfer}), (0,)),
        Experiment("best", frozenset({3}), MappingProxyType({"best": best}), (0,)),
        Experiment("changes", frozenset({3}), MappingProxyType({**networks, **single}), numbers),
    )
    return tuple(one for one in every if one.tasks & set(tasks))


@dataclass(frozen=True)
class Found:
    """A run of an experiment on disk.

    Attributes:
        arm: which.
        seed: which.
        path: its directory; None where there is none yet.
        record: None where it can't be read.
    """

    arm: str
    seed: int
    path: Path | None
    record: RunRecord | None

    @property
    def finished(self) -> bool:
        """Whether it has results."""
        return self.record is not None and self.record.status is RunStatus.FINISHED


def find(experiment: Experiment, out: Path, fingerprint: str) -> tuple[Found, ...]:
    """Every run of an experiment, wherever in `out` it lies: what is trained once is found twice.

    Args:
        experiment: what is wanted.
        out: the folder of all experiments.
        fingerprint: of the image data.
    """
    there = [(d, r) for d in find_runs(out) if (r := _read(d)) is not None] if out.is_dir() else []
    usable = [(d, r, _recipe(r)) for d, r in there if r.data.fingerprint == fingerprint]
    return tuple(
        _best_of(
            arm,
            seed,
            [
                (directory, record)
                for directory, record, recipe in usable
                if recipe and record.seed == seed and same_training(experiment.arms[arm], recipe)
            ],
        )
        for arm, seed in experiment.runs
    )


def _best_of(arm: str, seed: int, same: Sequence[tuple[RunDirectory, RunRecord]]) -> Found:
    """The finished one, if there are several."""
    ordered = sorted(same, key=lambda pair: pair[1].status is not RunStatus.FINISHED)
    if not ordered:
        return Found(arm, seed, None, None)
    return Found(arm, seed, ordered[0][0].path, ordered[0][1])


def _read(directory: RunDirectory) -> RunRecord | None:
    """None of a record that can't be read: it is trained again, beside it."""
    try:
        return directory.read()
    except GrevyError:
        return None


def _recipe(record: RunRecord) -> Recipe | None:
    try:
        return record.load_recipe()
    except GrevyError:
        return None
