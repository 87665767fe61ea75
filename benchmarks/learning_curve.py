"""How many pictures a class does it take, with transfer and from scratch?

Trains the recipes `transfer` and `best` on 5, 20, 100 and 500 pictures a class of CIFAR-10, drawn
anew for each seed and the same for both; a tenth of them is validation; the whole test split is
read once a run. `best` was made for more data: it is trained with the batch size and the least
number of steps of `transfer`, and with its own learning rate divided by as much as its batches
(Goyal et al. 2017). What is finished is not trained again.

    python benchmarks/learning_curve.py --data ../shared/data/cifar10 --runs runs/learning-curve
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from figures.learning_curve import LearningCurve, draw_learning_curves

import grevy
from grevy.classifier.device import processor_name
from grevy.data.load import load_data
from grevy.data.types import ImageData
from grevy.figures.save import save_figure
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe
from grevy.studies.statistics import t_interval
from grevy.training.listeners.listener import Listener

PICTURES = (5, 20, 100, 500)
ARMS = {"transfer": "transfer", "from scratch (best)": "best"}
RESULT = Path(__file__).with_suffix(".csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10", help="CIFAR-10, as grevy takes it")
    parser.add_argument("--runs", type=Path, default=Path("runs/learning-curve"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--figure", type=Path, default=Path("docs/figures/learning-curve"))
    arguments = parser.parse_args()
    data = load_data(arguments.data)
    rows = []
    for seed in range(arguments.seeds):
        for count in PICTURES:
            some = subset(data, count, seed)
            for arm, recipe in ARMS.items():
                place = arguments.runs / f"{recipe}-{count}-seed{seed}"
                rows.append({"arm": arm, "pictures": count, **train(some, recipe, seed, place)})
                print(rows[-1], flush=True)
        write(rows)
    save_figure(figure(rows), arguments.figure)


def subset(data: ImageData, count: int, seed: int) -> dict[str, Any]:
    """`count` pictures of each class from train and validation together, and the whole test."""
    names = np.array(data.classes)
    parts = [data.splits[name] for name in ("train", "validation")]
    images_NCHW = np.concatenate([part.images_NCHW for part in parts])
    labels_N = np.concatenate([part.labels_N for part in parts])
    random = np.random.default_rng([seed, count])
    chosen = np.concatenate(
        [
            random.choice(np.flatnonzero(labels_N == k), count, replace=False)
            for k in range(len(names))
        ]
    )
    test = data.splits["test"]
    return {
        "train": (images_NCHW[chosen].transpose(0, 2, 3, 1), names[labels_N[chosen]]),
        "test": (np.asarray(test.images_NCHW).transpose(0, 2, 3, 1), names[test.labels_N]),
    }


def train(data: dict[str, Any], recipe: str, seed: int, place: Path) -> dict[str, Any]:
    """One run, or what its record says if it is finished."""
    chosen = for_small_data(load_recipe(recipe))
    results = grevy.train(
        data, chosen, seed=seed, out=place, listener=Listener(), resume=True
    ).results
    accuracy = {"test": results["test"]["accuracy"]}
    if "test_time_flip" in results["test"]:
        accuracy["test_flip"] = results["test"]["test_time_flip"]["accuracy"]
    seconds = results["seconds"]
    return {
        "seed": seed,
        **accuracy,
        "seconds": round(seconds["preparation"] + seconds["training"], 1),
    }


def for_small_data(recipe: Recipe) -> Recipe:
    """The recipe in batches of `transfer`, for at least as many steps."""
    own = load_recipe("transfer")
    rate = recipe.optimizer.lr * own.batch_size / recipe.batch_size
    optimizer = recipe.optimizer.model_copy(update={"lr": rate})
    fields = {"batch_size": own.batch_size, "least_steps": own.least_steps, "optimizer": optimizer}
    return recipe.model_copy(update=fields)


def write(rows: list[dict[str, Any]]) -> None:
    machine = f"{processor_name()}, {os.cpu_count()} cores"
    facts = {"machine": machine, "torch": torch.__version__, "date": datetime.date.today()}
    with RESULT.open("w", newline="", encoding="utf-8") as file:
        names = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(file, [*names, *facts], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, **facts} for row in rows)


def figure(rows: list[dict[str, Any]]) -> Any:
    """Plain test accuracy, without test-time flip."""
    curves = []
    for arm in ARMS:
        values = tuple(
            tuple(100 * r["test"] for r in rows if r["arm"] == arm and r["pictures"] == count)
            for count in PICTURES
        )
        found = [t_interval(numbers) for numbers in values]
        intervals = tuple((interval.low, interval.high) for interval in found)
        curves.append(LearningCurve(arm, PICTURES, values, intervals))
    seeds = len({row["seed"] for row in rows})
    return draw_learning_curves(
        curves, "CIFAR-10: accuracy by number of train pictures", [f"{seeds} seeds"]
    )


if __name__ == "__main__":
    main()
