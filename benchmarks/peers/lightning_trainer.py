"""PyTorch Lightning: a `LightningModule` and a `Trainer`, as its introduction tells to.

Progress bar, logger, checkpoints and model summary are switched off, in its favour.
"""

from __future__ import annotations

from typing import Any

import lightning
import torch
from turns import Pace

from peers.task import LEARNING_RATE, Task, tutorial_loader

PACKAGES = ("lightning",)


class Classifier(lightning.LightningModule):
    """A network with its loss and its optimizer."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def training_step(self, batch: Any, batch_index: int) -> torch.Tensor:
        """The loss of a batch."""
        images, labels = batch
        loss = torch.nn.functional.cross_entropy(self.network(images), labels)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain gradient descent."""
        return torch.optim.SGD(self.parameters(), lr=LEARNING_RATE)


class Turns(lightning.Callback):
    """Says when a step is done."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def on_train_batch_end(self, *arguments: Any) -> None:
        """After each step."""
        self._pace.step()


def train(task: Task, pace: Pace) -> None:
    """Without end."""
    trainer = lightning.Trainer(
        max_epochs=-1,
        callbacks=[Turns(pace)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    pace.ready(version=lightning.__version__, precision="fp32")
    trainer.fit(Classifier(task.network()), tutorial_loader(task))
