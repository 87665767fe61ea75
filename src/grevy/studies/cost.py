"""What an arm costs: time, and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grevy.errors import CorruptRecordError, GrevyError
from grevy.studies.contestants import Contest, Contestant

BACKWARD = 2
"""The backward pass takes about twice the forward pass (Kaplan et al. 2020, appendix B)."""


@dataclass(frozen=True)
class Cost:
    """Of one arm, means over its trainings.

    Attributes:
        accuracies: on the test split, one a training.
        seconds: of training; NaN where nobody said.
        flops: floating-point operations of training, forward and backward, two a
            multiply-accumulate; NaN where the network can't be counted.
        machines: processors that it was trained on.
    """

    arm: str
    accuracies: tuple[float, ...]
    seconds: float
    flops: float
    machines: tuple[str, ...]


def costs_of(contest: Contest) -> tuple[Cost, ...]:
    """Every arm's, in the order of the contest."""
    return tuple(_cost(arm, contest.of(arm)) for arm in contest.arms)


def _cost(arm: str, contestants: tuple[Contestant, ...]) -> Cost:
    recorded = [c.record for c in contestants if c.record]
    results = [(r.results, r.load_sections("batch_size").batch_size) for r in recorded if r.results]
    seconds = [found.seconds.training for found, _ in results]
    pictures = [found.steps * batch_size for found, batch_size in results]
    macs = _macs(contestants[0]) if recorded else np.nan
    return Cost(
        arm,
        tuple(c.accuracy for c in contestants),
        float(np.mean(seconds)) if seconds else np.nan,
        2 * (1 + BACKWARD) * macs * float(np.mean(pictures)) if pictures else np.nan,
        tuple(dict.fromkeys(r.environment.machine for r in recorded)),
    )


def _macs(contestant: Contestant) -> float:
    """Multiply-accumulates of one picture; NaN for a network that may not, or can't, be built.

    Raises:
        CorruptRecordError: what the record says of it is damaged.
    """
    from grevy.models import build_model
    from grevy.models.own.of_record import networks_of
    from grevy.models.survey.layers import layers

    try:
        design = contestant.directory.read_architecture()
        shape = design["input_shape"]
        with networks_of(contestant.directory):
            model = build_model(design["name"], shape, design["classes"], **design["arguments"])
    except CorruptRecordError:
        if contestant.directory.sum_of(contestant.directory.architecture_file):
            raise
        return np.nan  # an older record, of which nobody knows what it was
    except (GrevyError, OSError, ValueError, KeyError, TypeError):
        return np.nan
    return float(layers(model, shape).total_macs)
