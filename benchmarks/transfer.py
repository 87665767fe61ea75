"""How long does transfer learning take, from command to result, and how good is what comes out?

EfficientNet-Lite0 with ImageNet weights on CIFAR-10, the same layers trained for as many epochs.
The recipe's pictures are 160 pixels wide, which validation chose; the usual loop's are 224, as
everybody's are: (224/160)² = 1.96 of the ratio is in that. `--side 224` has Grevy do the same.

- grevy: `grevy train DATA --recipe transfer`, a process of its own with an empty cache each time,
  so that decoding, resizing, the frozen layers, checks and the record are all inside the time
- grevy, features there: the same command once more with another seed and the cache of the first
- usual: what a tutorial tells to do: timm's network, per-picture `Resize(224)`, flip, `ToTensor`
  and `Normalize` in a `DataLoader` with two workers, frozen layers without gradients, float32,
  nothing else changed; a validation pass after each epoch and a test pass at the end

The usual loop would take hours. It is timed over whole steps and evaluation batches of a warm
process, before and after each of Grevy's runs, and extrapolated: seconds a step times steps, and
seconds an evaluated picture times pictures. Its start-up and decoding are left out, in its favour.

    python benchmarks/transfer.py --data ../shared/data/cifar10 --seeds 3
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULT = Path(__file__).with_suffix(".csv")
WARM_UP = 5
USUAL_SIDE = 224


def main() -> None:
    arguments = parse_arguments()
    if arguments.usual:
        print(json.dumps(usual(arguments)))
        return
    rows: list[dict[str, Any]] = []
    before = measure_usual(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            first = grevy(arguments, seed, Path(folder), f"cache{seed}")
            after = measure_usual(arguments)
            seconds = (before["seconds"] + after["seconds"]) / 2
            basis = {f"usual_{n}": (before[n] + after[n]) / 2 for n in before}
            rows.append({"seed": seed, **first, **basis})
            rows[-1] |= {"ratio": round(seconds / first["seconds"], 2)}
            print(f"seed {seed}: {rows[-1]}; usual {before} and {after}", flush=True)
            before = after
        again = grevy(arguments, arguments.seeds, Path(folder), "cache0")
        print(f"features there: {again}")
        rows.append({"seed": arguments.seeds, **again, "arm": "grevy, features there"})
    ratios = [row["ratio"] for row in rows if "ratio" in row]
    print(f"ratio: median {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")
    write(rows)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10", help="CIFAR-10, as grevy takes it")
    parser.add_argument("--recipe", default="transfer")
    parser.add_argument("--side", type=int, help="of Grevy's pictures; left out: the recipe's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60, help="of the usual loop, each time")
    parser.add_argument("--usual", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def grevy(arguments: argparse.Namespace, seed: int, folder: Path, cache: str) -> dict[str, Any]:
    """One run by the command line: seconds from command to result, and what its record says."""
    out = folder / f"run{seed}"
    words = ["train", arguments.data, "--recipe", arguments.recipe, "--seed", str(seed)]
    words += ["--model.resize", str(arguments.side)] if arguments.side else []
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "grevy", *words, "--out", str(out)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "GREVY_CACHE": str(folder / cache)},
    )
    seconds = time.perf_counter() - began
    facts = json.loads((out / "run.json").read_text())
    results = facts["results"]
    return {
        "arm": "grevy",
        "seconds": round(seconds, 1),
        **{f"seconds_{name}": results["seconds"][name] for name in ("data", "training")},
        "validation": results["validation"]["accuracy"],
        "test": results["test"]["accuracy"],
        "validation_flip": flipped(results["validation"]),
        "test_flip": flipped(results["test"]),
        "precision": facts["precision"],
    }


def flipped(scores: dict[str, Any]) -> float | None:
    """Accuracy with test-time flip, where the recipe asks for it."""
    return scores["test_time_flip"]["accuracy"] if "test_time_flip" in scores else None


def measure_usual(arguments: argparse.Namespace) -> dict[str, float]:
    words = [sys.executable, __file__, "--usual", "--data", arguments.data]
    words += ["--steps", str(arguments.steps), "--recipe", arguments.recipe]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def usual(arguments: argparse.Namespace) -> dict[str, float]:
    """The child: seconds a step and an evaluated picture, and what a whole training would take."""
    from grevy.data.load import load_data
    from grevy.recipes.load import load_recipe

    recipe, data = load_recipe(arguments.recipe), load_data(arguments.data)
    step, evaluate = usual_loop(recipe, data.splits["train"])
    for _ in range(WARM_UP):
        step()
    seconds_a_step = median_seconds(step, arguments.steps)
    for _ in range(2):
        evaluate()
    seconds_a_picture = median_seconds(evaluate, arguments.steps // 3) / recipe.batch_size
    counts = {name: len(split) for name, split in data.splits.items()}
    steps = counts["train"] // recipe.batch_size * recipe.epochs
    evaluated = counts["validation"] * recipe.epochs + counts["test"]
    return {
        "seconds_a_step": round(seconds_a_step, 4),
        "seconds_a_picture": round(seconds_a_picture, 5),
        "seconds": round(seconds_a_step * steps + seconds_a_picture * evaluated, 1),
    }


def median_seconds(work: Any, count: int) -> float:
    """Mean over blocks of five, and of these the median: a pause of the machine does not count."""
    blocks = []
    for _ in range(max(1, count // 5)):
        began = time.perf_counter()
        for _ in range(5):
            work()
        blocks.append((time.perf_counter() - began) / 5)
    return statistics.median(blocks)


def usual_loop(recipe: Any, split: Any) -> tuple[Any, Any]:
    """A train step and an evaluation step, as most people write them."""
    import timm
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    from grevy.models.pretrained import package_preprocessing
    from grevy.models.transfer.frozen import trained_layers

    known = package_preprocessing(recipe.model.name)
    resize = transforms.Resize(USUAL_SIDE, transforms.InterpolationMode.BICUBIC)
    to_input = [transforms.ToTensor(), transforms.Normalize(known.mean, known.standard_deviation)]
    images = [Image.fromarray(x) for x in split.images_NCHW.transpose(0, 2, 3, 1)]

    class Pictures(Dataset):  # type: ignore[type-arg]
        def __init__(self, *extra: Any) -> None:
            self.to_input = transforms.Compose([resize, *extra, *to_input])

        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return self.to_input(images[index]), int(split.labels_N[index])

    def forever(dataset: Pictures) -> Iterator[Any]:
        loader = DataLoader(
            dataset, batch_size=recipe.batch_size, shuffle=True, num_workers=2, drop_last=True
        )
        while True:
            yield from loader

    model: Any = timm.create_model(recipe.model.name.partition(":")[2], num_classes=10)
    part = trained_layers(model, recipe.transfer.train)
    for name in part.frozen:
        model.get_submodule(name).requires_grad_(False)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.optimizer.lr)
    loss_function = torch.nn.CrossEntropyLoss()
    train_batches = forever(Pictures(transforms.RandomHorizontalFlip()))
    evaluation_batches = forever(Pictures())

    def step() -> None:
        model.train()
        images_BCHW, labels_B = next(train_batches)
        loss = loss_function(model(images_BCHW), labels_B)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    def evaluate() -> None:
        model.eval()
        images_BCHW, _ = next(evaluation_batches)
        with torch.no_grad():
            model(images_BCHW).argmax(1).tolist()

    return step, evaluate


def write(rows: list[dict[str, Any]]) -> None:
    import torch

    from grevy.classifier.device import processor_name

    machine = f"{processor_name()}, {os.cpu_count()} cores, {platform.machine()}"
    names = list(dict.fromkeys(name for row in rows for name in row))
    facts = {"machine": machine, "torch": torch.__version__, "date": datetime.date.today()}
    with RESULT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*names, *facts], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, **facts} for row in rows)
    print(f"wrote {RESULT}")


if __name__ == "__main__":
    main()
