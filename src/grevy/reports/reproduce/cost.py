"""What the trainings will cost on this machine, before they begin."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch
import torch.nn.functional as F

from grevy.classifier.precision import autocast
from grevy.models.registry import build_model
from grevy.models.survey.layers import layers
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe
from grevy.reports.reproduce.experiments import Experiment, Found

BATCH, STEPS = 64, 6
PASSES = 3
"""A step forward and backward is so many forward passes."""

OVERHEAD = 12.0
"""Seconds of a run for imports, reading, the choice of precision, evaluation, figures."""


@dataclass(frozen=True)
class Cost:
    """Of one experiment.

    Attributes:
        name: of it.
        runs: all.
        finished: of these.
        seconds: that the others will take, about.
    """

    name: str
    runs: int
    finished: int
    seconds: float


def costs(planned: Sequence[tuple[Experiment, Sequence[Found]]], pictures: int) -> tuple[Cost, ...]:
    """Of each experiment, from a timed step of `base` here and every network's MACs.

    A run of the same recipe that is finished is believed more than the estimate. What two
    experiments share is trained, and counted, with the first.

    Args:
        planned: experiments with what is there of them.
        pictures: of the train split.
    """
    left = any(not run.finished for _, found in planned for run in found)
    rate = macs_per_second() if left else 1.0
    counted: set[tuple[str, int]] = set()
    costs = []
    for experiment, found in planned:
        own = [run for run in found if (run.arm, run.seed) not in counted]
        counted |= {(run.arm, run.seed) for run in own}
        left_of_arms = Counter(run.arm for run in own if not run.finished)
        seconds = sum(
            runs * (OVERHEAD + _seconds(arm, experiment.arms[arm], found, pictures, rate))
            for arm, runs in left_of_arms.items()
        )
        costs.append(Cost(experiment.name, len(own), sum(run.finished for run in own), seconds))
    return tuple(costs)


def macs_per_second() -> float:
    """Of training `base` on this machine, in float32 or bf16, whichever is faster."""
    recipe = load_recipe("base")
    took = min(_step_seconds(recipe, precision) for precision in ("fp32", "bf16"))
    return PASSES * BATCH * _macs(recipe) / took


def _step_seconds(recipe: Recipe, precision: str) -> float:
    """The median of n = 6 steps after one."""
    network = build_model(recipe.model.name, (3, 32, 32), 10).train()
    optimizer = torch.optim.SGD(network.parameters(), 1e-3)
    images_BCHW, labels_B = torch.zeros(BATCH, 3, 32, 32), torch.zeros(BATCH, dtype=torch.int64)
    took = []
    for _ in range(STEPS + 1):
        clock = time.perf_counter()
        optimizer.zero_grad()
        with autocast(precision, torch.device("cpu")):
            logits_BK = network(images_BCHW)
        torch.autograd.backward(F.cross_entropy(logits_BK.float(), labels_B))
        optimizer.step()
        took.append(time.perf_counter() - clock)
    return median(took[1:])


def _seconds(arm: str, recipe: Recipe, found: Sequence[Found], pictures: int, rate: float) -> float:
    """Of one training of an arm."""
    known = [
        run.record.results.seconds.training
        for run in found
        if run.arm == arm and run.record is not None and run.record.results is not None
    ]
    return median(known) if known else _estimate(recipe, pictures, rate)


def _estimate(recipe: Recipe, pictures: int, rate: float) -> float:
    """All epochs, with frozen layers computed once."""
    macs, front = _macs(recipe), bool(recipe.transfer.train != "all")
    passes = recipe.epochs * PASSES * (0.1 if front else 1.0) + (1.3 if front else 0.0)
    return pictures * macs * passes / rate


def _macs(recipe: Recipe) -> float:
    """Of one picture."""
    side = recipe.model.resize if isinstance(recipe.model.resize, int) else 0
    arguments = {**recipe.model.arguments, **recipe.model.convnet.changes()}
    shape = (3, side or 32, side or 32)
    if ":" in recipe.model.name:
        return float(layers(recipe.model.name, shape).total_macs)
    return float(layers(recipe.model.name, shape, 10, **arguments).total_macs)
