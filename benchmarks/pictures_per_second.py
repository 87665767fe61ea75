"""How many pictures a second does `base` train on, against a plain PyTorch loop?

Arms, all with the network of the recipe `base`, batch size 64, SGD 0.05, on CIFAR-10:

- plain: what a tutorial tells to do: a `Dataset` of PIL pictures with per-item torchvision
  transforms, a `DataLoader` with two workers, float32, no settings changed
- grevy-fp32: Grevy's own training step with `--precision fp32`
- grevy-auto: the same with `--precision auto`

Each arm is a process that waits while the others work; they take turns A B C A B C, so that a
change of the machine's speed meets all of them. The timer covers whole steps (batch, forward,
backward, optimizer) of a warm process; start-up, decoding, checks and records are outside.
Figures are medians over rounds, ratios are taken round by round.

    python benchmarks/pictures_per_second.py --data ../shared/data/cifar10 --rounds 9
"""

from __future__ import annotations

import argparse
import csv
import datetime
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BATCH = 64
WARM_UP = 30
ARMS = ("plain", "grevy-fp32", "grevy-auto")
RESULT = Path(__file__).with_suffix(".csv")


def main() -> None:
    arguments = parse_arguments()
    if arguments.arm:
        serve(arguments)
        return
    workers = {arm: start(arm, arguments) for arm in ARMS}
    rates = {arm: [] for arm in ARMS}
    for round_number in range(arguments.rounds):
        for arm, worker in workers.items():
            rates[arm].append(BATCH * arguments.steps / ask(worker, "go"))
        print(
            f"round {round_number + 1}: "
            + ", ".join(f"{a} {r[-1]:,.0f}/s" for a, r in rates.items())
        )
    facts = {arm: ask_text(worker, "facts") for arm, worker in workers.items()}
    for worker in workers.values():
        worker.communicate("stop\n")
    write(rates, facts, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10", help="CIFAR-10, as grevy takes it")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=150, help="steps a round and arm")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    return parser.parse_args()


def start(arm: str, arguments: argparse.Namespace) -> subprocess.Popen[str]:
    words = [sys.executable, __file__, "--arm", arm, "--data", arguments.data]
    words += ["--steps", str(arguments.steps)]
    pipe = subprocess.PIPE
    worker = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
    ask_text(worker, "warm")
    return worker


def ask_text(worker: subprocess.Popen[str], word: str) -> str:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(word + "\n")
    worker.stdin.flush()
    return worker.stdout.readline().strip()


def ask(worker: subprocess.Popen[str], word: str) -> float:
    return float(ask_text(worker, word))


def serve(arguments: argparse.Namespace) -> None:
    """The child: does what it is told, a line at a time."""
    step, fact = plain_step(arguments) if arguments.arm == "plain" else grevy_step(arguments)
    for line in sys.stdin:
        word = line.strip()
        if word == "stop":
            return
        if word == "facts":
            print(fact, flush=True)
            continue
        begin = time.perf_counter()
        for _ in range(arguments.steps if word == "go" else WARM_UP):
            step()
        print(time.perf_counter() - begin, flush=True)


def plain_step(arguments: argparse.Namespace) -> tuple[Callable[[], Any], str]:
    """The loop that most people write."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    from grevy.data.load import load_data
    from grevy.models import build_model

    split = load_data(arguments.data).splits["train"]
    to_input = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.25,) * 3)]
    )

    class Pictures(Dataset):  # type: ignore[type-arg]
        def __init__(self) -> None:
            self.images = [Image.fromarray(x) for x in split.images_NCHW.transpose(0, 2, 3, 1)]

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return to_input(self.images[index]), int(split.labels_N[index])

    loader = DataLoader(Pictures(), batch_size=BATCH, shuffle=True, num_workers=2, drop_last=True)
    model = build_model("base", (3, 32, 32), 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loss_function = torch.nn.CrossEntropyLoss()

    def forever() -> Iterator[Any]:
        while True:
            yield from loader

    batches = forever()

    def step() -> None:
        images, labels = next(batches)
        loss = loss_function(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    return step, "fp32"


def grevy_step(arguments: argparse.Namespace) -> tuple[Callable[[], Any], str]:
    """Grevy's own step, as `grevy train` calls it."""
    from grevy.data.load import load_data
    from grevy.recipes.load import load_recipe
    from grevy.training.device import choose_device, keep_freed_memory
    from grevy.training.distributed import World
    from grevy.training.prepare import prepare
    from grevy.training.train import train_step

    recipe = load_recipe("base").model_copy(
        update={"precision": arguments.arm.removeprefix("grevy-")}
    )
    keep_freed_memory()
    data = load_data(arguments.data, recipe.pictures)
    setup, state = prepare(data, recipe, 0, choose_device("cpu"), World())
    model = state.model.train()

    def step() -> None:
        train_step(setup, state, model)
        state.progress.step += 1

    return step, setup.precision


def write(
    rates: dict[str, list[float]], facts: dict[str, str], arguments: argparse.Namespace
) -> None:
    """A row an arm, and the same for people."""
    import platform

    import torch

    from grevy.training.device import processor_name

    machine = {
        "processor": processor_name(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    rows = []
    for arm, values in rates.items():
        ratios = [value / plain for value, plain in zip(values, rates["plain"], strict=True)]
        rows.append(
            {
                "arm": arm,
                "precision": facts[arm],
                "rounds": len(values),
                "steps_a_round": arguments.steps,
                "pictures_per_second_median": round(statistics.median(values)),
                "min": round(min(values)),
                "max": round(max(values)),
                "ratio_to_plain_median": round(statistics.median(ratios), 3),
                "ratio_min": round(min(ratios), 3),
                "ratio_max": round(max(ratios), 3),
                **machine,
            }
        )
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(
            f"{row['arm']:<11} {row['precision']}  {row['pictures_per_second_median']:>6,}/s"
            f"  {row['ratio_to_plain_median']:.2f}× plain"
            f" ({row['ratio_min']:.2f} to {row['ratio_max']:.2f}, n = {row['rounds']})"
        )
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
