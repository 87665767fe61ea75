"""The numbers of a training as other programs' logbooks take them: a name and a value."""

from __future__ import annotations

from grevy.classifier.run import Run
from grevy.records.results import SPLITS
from grevy.training.listeners.listener import Row

NOT_NUMBERS = ("step", "epoch")
"""Where a row stands, and not what was measured there."""


def row_scalars(log: str, row: Row) -> dict[str, float]:
    """`steps/loss` and the like; a loss that is not finite is left out.

    Args:
        log: the name of the file that the row is in, without its ending.
        row: of steps.jsonl or checks.jsonl.
    """
    return {
        f"{log}/{name}": float(value)
        for name, value in row.items()
        if name not in NOT_NUMBERS and value is not None
    }


def result_scalars(run: Run) -> dict[str, float]:
    """`results/test/accuracy` and the like, of every split that there is."""
    results = run.results
    return {
        f"results/{split}/{name}": float(results[split][name])
        for split in SPLITS
        if split in results
        for name in ("loss", "accuracy")
        if results[split][name] is not None
    }
