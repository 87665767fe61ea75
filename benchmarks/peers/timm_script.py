"""timm the way its train script works: its loader with prefetching, its optimizer, its step.

The script itself is part of timm's repository and not of the package; these are the package's
pieces that it is made of (`create_loader`, `create_optimizer_v2`, `AverageMeter`), put together in
the order of its `train_one_epoch`, without augmentation and in float32.
"""

from __future__ import annotations

import timm
import torch
from timm.data import create_loader
from timm.optim import create_optimizer_v2
from timm.utils import AverageMeter
from turns import Pace

from peers.task import BATCH, DEVIATION, LEARNING_RATE, MEAN, WORKERS, Pictures, Task

PACKAGES = ("timm", "torchvision")
LOG_EVERY = 50


def train(task: Task, pace: Pace) -> None:
    """Without end."""
    device, channels = task.device, task.data.input_shape[0]
    loader = create_loader(
        Pictures(task.images_NHWC, task.labels_N),
        input_size=task.data.input_shape,
        batch_size=BATCH,
        is_training=True,
        no_aug=True,
        mean=MEAN * channels,
        std=DEVIATION * channels,
        num_workers=WORKERS,
        device=device,
    )
    model = task.network().to(device)
    optimizer = create_optimizer_v2(
        model, opt="momentum", lr=LEARNING_RATE, momentum=0.0, weight_decay=0.0
    )
    loss_function = torch.nn.CrossEntropyLoss()
    pace.ready(version=timm.__version__, precision="fp32")
    while True:
        train_one_epoch(model, loader, optimizer, loss_function, pace)


def train_one_epoch(
    model: torch.nn.Module,
    loader: timm.data.loader.PrefetchLoader,
    optimizer: torch.optim.Optimizer,
    loss_function: torch.nn.Module,
    pace: Pace,
) -> None:
    """The loader normalises and moves to the device; the loss is read at every logged step."""
    losses = AverageMeter()
    model.train()
    optimizer.zero_grad()
    for number, (images, labels) in enumerate(loader):
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if number % LOG_EVERY == 0:
            losses.update(loss.item(), len(images))
        pace.step()
