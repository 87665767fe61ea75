"""A plain PyTorch loop, as the tutorials write it: float32, no setting changed."""

from __future__ import annotations

import torch
from turns import Pace

from peers.task import LEARNING_RATE, Task, tutorial_loader

PACKAGES = ("torch", "torchvision")


def train(task: Task, pace: Pace) -> None:
    """Without end."""
    loader, device = tutorial_loader(task), task.device
    model = task.network().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    loss_function = torch.nn.CrossEntropyLoss()
    pace.ready(version=torch.__version__, precision="fp32")
    while True:
        for images, labels in loader:
            loss = loss_function(model(images.to(device)), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            pace.step()
