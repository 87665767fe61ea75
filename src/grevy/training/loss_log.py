"""Each step's loss on its way from the device into the log, tested before it is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from grevy.errors import NonFiniteLossError, NotFiniteError
from grevy.training.distributed import World
from grevy.training.state import TrainingProgress

Row = Mapping[str, Any]

AT_ONCE = {"cpu": 1}
"""Steps whose losses are read together, where that is not `AT_ONCE_ELSEWHERE`."""
AT_ONCE_ELSEWHERE = 100
"""Of an accelerator, which runs on for so many steps before anybody waits for it."""


class LossLog:
    """Keeps losses on the device and reads several together.

    To read a number, the CPU waits until a GPU has done all that it was given, and the GPU then
    waits for the next step. A CPU's losses cost nothing to read: there each is tested before
    anything is updated with it. Elsewhere up to 99 further steps are taken with a loss that is not
    finite; whoever reads before a check and before a checkpoint keeps none of them.

    Args:
        device: where the losses are.
        world: a loss is the mean over its processes, which all have to read after the same step.
        progress: of the training; it knows the last good check.
        write: takes each row once its loss is known, in order.
        lr: what the recipe says, for advice.
    """

    def __init__(
        self,
        device: torch.device,
        world: World,
        progress: TrainingProgress,
        write: Callable[[Row], None],
        lr: float,
    ) -> None:
        self._at_once = AT_ONCE.get(device.type, AT_ONCE_ELSEWHERE)
        self._world = world
        self._progress = progress
        self._write = write
        self._lr = lr
        self._rows: list[Row] = []

    @property
    def all_read(self) -> bool:
        """Whether none is kept."""
        return not self._rows

    def add(self, row: Row) -> None:
        """Keep a row, whose `loss` is a tensor [] on the device; read if there are enough.

        Raises:
            NonFiniteLossError: as in `read`.
        """
        self._rows.append(row)
        if len(self._rows) >= self._at_once:
            self.read()

    def read(self) -> None:
        """Read all losses that are kept, in one go, and write their rows.

        Raises:
            NonFiniteLossError: one is NaN or infinite; the rows before it are written.
        """
        if self.all_read:
            return
        rows, self._rows = self._rows, []
        losses_S: Tensor = torch.stack([row["loss"] for row in rows])
        for row, loss in zip(rows, self._world.mean(losses_S).tolist(), strict=True):
            if not math.isfinite(loss):
                raise non_finite_loss({**row, "loss": loss}, self._progress, self._lr)
            self._write({**row, "loss": loss})


def non_finite_check(
    error: NotFiniteError, progress: TrainingProgress, lr: float
) -> NonFiniteLossError:
    """The same of a check: the network has no finite answer to a picture of it."""
    return NonFiniteLossError(
        f"{error.received} at the check after step {progress.step} with learning rate {lr:g} "
        f"({_what_is_good(progress)})",
        "finite logits",
        f"try a smaller --optimizer.lr, for example {lr / 10:g}, or --precision fp32",
    )


def non_finite_loss(row: Row, progress: TrainingProgress, lr: float) -> NonFiniteLossError:
    """Says where the loss broke, what is still good, and a learning rate to try."""
    return NonFiniteLossError(
        f"loss {row['loss']} at step {row['step']} with learning rate {row['lr']:g} "
        f"({_what_is_good(progress)})",
        "a finite loss",
        f"try a smaller --optimizer.lr, for example {lr / 10:g}, or --precision fp32",
    )


def _what_is_good(progress: TrainingProgress) -> str:
    if progress.best_loss is None:
        return "there was no good check before"
    return f"the best check was at step {progress.best_step}, the last checkpoint has its weights"
