"""A training as TensorBoard shows it (the extra `grevy[tensorboard]`).

    tensorboard --logdir runs

The scalars are those of the record, under the names of its files: `steps/loss`, `steps/lr`,
`checks/loss`, `checks/accuracy`, `checks/train loss`, and `results/<split>/accuracy` and `loss` at
the last step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grevy.classifier.run import Run
from grevy.errors import MissingPackageError
from grevy.training.listeners.listener import Listener, Row
from grevy.training.listeners.scalars import result_scalars, row_scalars

FOLDER = "tensorboard"
"""In the run directory."""


class TensorBoardListener(Listener):
    """Writes event files into `tensorboard/` of the run directory.

    A run that goes on asks TensorBoard to forget what a killed process wrote of later steps.

    Raises:
        MissingPackageError: tensorboard is not installed.
    """

    def __init__(self) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError:
            raise MissingPackageError(
                "--log tensorboard without the package tensorboard",
                "it",
                "pip install 'grevy[tensorboard]'",
            ) from None
        self._open: Any = SummaryWriter
        self._writer: Any = None

    def began(self, run: Run, step: int) -> None:
        """Open a new event file."""
        folder = run.path / FOLDER
        self._writer = self._open(str(folder), purge_step=step + 1)

    def stepped(self, row: Row) -> None:
        """Loss and learning rate."""
        self._add(row_scalars("steps", row), row["step"])

    def checked(self, row: Row, train_loss: float) -> None:
        """Validation loss and accuracy, and the mean train loss since the check before."""
        self._add(row_scalars("checks", {**row, "train loss as trained": train_loss}), row["step"])
        self._writer.flush()

    def finished(self, run: Run) -> None:
        """Loss and accuracy of every split."""
        self._add(result_scalars(run), run.results["steps"])
        self._writer.close()

    def failed(self, error: Exception) -> None:
        """Keep what there is."""
        self._writer.close()

    def _add(self, scalars: Mapping[str, float], step: int) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
