"""fastai: a `Learner` around PyTorch loaders, as its page on migrating from PyTorch tells to.

The log is switched off and the progress bar, an import of its own, left out, in its favour.
"""

from __future__ import annotations

import fastai
import torch
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import SGD
from turns import Pace

from peers.task import LEARNING_RATE, Task, tutorial_loader

PACKAGES = ("fastai",)
ENDLESS = 10**6
"""Epochs."""


class Turns(Callback):  # type: ignore[misc]
    """Says when a step is done."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    def after_batch(self) -> None:
        """After each step."""
        self.pace.step()


def train(task: Task, pace: Pace) -> None:
    """Practically without end: the first epoch's end would begin a validation."""
    loader = tutorial_loader(task)
    learner = Learner(
        DataLoaders(loader, [], device=task.device),
        task.network(),
        loss_func=torch.nn.CrossEntropyLoss(),
        opt_func=SGD,
        cbs=Turns(pace),
    )
    pace.ready(version=fastai.__version__, precision="fp32")
    with learner.no_logging():
        learner.fit(ENDLESS, lr=LEARNING_RATE)
