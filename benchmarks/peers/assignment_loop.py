"""The source assignment's kind of network in a plain PyTorch loop, as a program of its own.

Eight convolutions (5x5 with 32, 32, then 3x3 with 64, 64, 64, 64, 128, 128 filters), each with
LeakyReLU 0.2 and batch norm, a pooling after every second, one linear layer; Adam 1e-3, batch size
64, random flips, PIL pictures through per-item transforms, float32, validated after each epoch.

It prints a line of JSON an epoch. The look at the test split is for the benchmark only: `paused`
are the seconds that these looks have taken so far. It ends with the epoch that reaches the target.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

sys.path.insert(0, str(Path(__file__).parent.parent))

from peers.task import BATCH, WORKERS, Pictures, Task, tutorial_transform

LAYERS = ((32, 5), (32, 5), (64, 3), (64, 3), (64, 3), (64, 3), (128, 3), (128, 3))
"""Filters and kernel of each convolution."""


def main() -> None:
    arguments = parse_arguments()
    torch.manual_seed(arguments.seed)
    task = Task(arguments.data)
    loaders = {name: loader(task, name) for name in ("train", "validation", "test")}
    channels, side, _ = task.data.input_shape
    model = network(channels, side, len(task.data.classes)).to(task.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    paused = 0.0
    for epoch in range(1, arguments.epochs + 1):
        train_one_epoch(model, loaders["train"], optimizer, task.device)
        validation = accuracy(model, loaders["validation"], task.device)
        began = time.perf_counter()
        test = accuracy(model, loaders["test"], task.device)
        flipped = accuracy(both_ways(model), loaders["test"], task.device)
        paused += time.perf_counter() - began
        row = {"epoch": epoch, "validation": validation, "test": test, "test_flip": flipped}
        print(json.dumps({**row, "paused": paused}), flush=True)
        if (flipped if arguments.flip else test) >= arguments.target:
            return


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40, help="at most")
    parser.add_argument("--target", type=float, default=1.0)
    parser.add_argument("--flip", action="store_true", help="count accuracy with test-time flip")
    return parser.parse_args()


def loader(task: Task, name: str) -> DataLoader[Any]:
    """Train shuffled and flipped; the others as they are."""
    from torchvision import transforms

    split, train = task.data.splits[name], name == "train"
    flips = [transforms.RandomHorizontalFlip()] if train else []
    transform = transforms.Compose([*flips, tutorial_transform()])
    images_NHWC = split.images_NCHW.transpose(0, 2, 3, 1)
    pictures = Pictures(images_NHWC, split.labels_N, transform)
    return DataLoader(pictures, batch_size=BATCH, shuffle=train, num_workers=WORKERS)


def network(channels: int, side: int, classes: int) -> nn.Sequential:
    """Four times two convolutions and a pooling, then one linear layer."""
    widths = [channels, *(filters for filters, _ in LAYERS)]
    layers: list[nn.Module] = []
    for number, (before, (filters, kernel)) in enumerate(zip(widths, LAYERS, strict=False)):
        layers += [
            nn.Conv2d(before, filters, kernel, padding=kernel // 2),
            nn.LeakyReLU(0.2),
            nn.BatchNorm2d(filters),
        ]
        layers += [nn.MaxPool2d(2)] if number % 2 else []
    last = side // 2 ** (len(LAYERS) // 2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * last**2, classes))


def train_one_epoch(
    model: nn.Module,
    batches: DataLoader[Any],
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> None:
    model.train()
    loss_function = nn.CrossEntropyLoss()
    for images, labels in batches:
        loss = loss_function(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def both_ways(model: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """Logits of a picture and of its mirror image, summed."""
    return lambda images: model(images) + model(images.flip(-1))


@torch.no_grad()
def accuracy(model: Any, batches: DataLoader[Any], device: torch.device) -> float:
    """0 to 1, in evaluation mode."""
    if isinstance(model, nn.Module):
        model.eval()
    right = [model(images.to(device)).argmax(1).cpu() == labels for images, labels in batches]
    answers = list(itertools.chain.from_iterable(part.tolist() for part in right))
    return sum(answers) / len(answers)


if __name__ == "__main__":
    main()
