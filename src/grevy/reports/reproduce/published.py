"""What the source report says: its figures, each with the task that asks for it.

It is a student's report on an assignment of a computer-vision course; every figure of it is from
one training.
"""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
"""Of CIFAR-10, in its own order."""


@dataclass(frozen=True)
class Published:
    """One figure.

    Attributes:
        task: 2, 3 or 4.
        arm: what was trained: baseline, net1, net2, best, transfer.
        what: a split's accuracy, or "steps".
        number: as it was reported.
        form: how it is printed.
        reasons: why ours may differ, as far as it is known; said where it does.
    """

    task: int
    arm: str
    what: str
    number: float
    form: str = "accuracy"
    reasons: tuple[str, ...] = ()


_LUCK = (
    "the source trained once; with a constant learning rate of 0.05 the validation loss jumps from"
    " check to check, and where the stopping rule happens to end decides"
)
_LAST = (
    "the source's train accuracy fits the last weights rather than those of the best check, which"
    " Grevy evaluates"
)
_TUNED = "another recipe: Grevy's `best` was chosen anew, on validation data"
_OTHER = "another network: see the task"

PUBLISHED = (
    Published(2, "baseline", "train", 0.8789, reasons=(_LAST, _LUCK)),
    Published(2, "baseline", "validation", 0.7346, reasons=(_LUCK,)),
    Published(2, "baseline", "test", 0.7340, reasons=(_LUCK,)),
    Published(2, "baseline", "steps", 5265, ",.0f", reasons=(_LUCK,)),
    Published(3, "net1", "train", 0.8329, reasons=(_LUCK,)),
    Published(3, "net1", "validation", 0.7592, reasons=(_LUCK,)),
    Published(3, "net1", "test", 0.7533, reasons=(_LUCK,)),
    Published(3, "net2", "train", 0.8436, reasons=(_LAST, _LUCK)),
    Published(3, "net2", "validation", 0.7754, reasons=(_LUCK,)),
    Published(3, "net2", "test", 0.7614, reasons=(_LUCK,)),
    Published(3, "best", "test", 0.8026, reasons=(_TUNED,)),
    Published(4, "transfer", "test", 0.9280, reasons=(_OTHER,)),
)

PARAMETERS = (
    ("first convolution", 2_432),
    ("second convolution", 51_264),
    ("third convolution", 204_928),
    ("first linear layer", 131_136),
    ("last linear layer", 650),
)
"""Of the five-layer network, layer by layer; together 390,410."""

IMAGE = "1 0 2 3 1; 3 2 0 7 0; 0 6 1 1 4"
KERNEL = "-1 0 1; -2 0 2; -1 0 1"
"""Of task 1, worked with a padding of 1."""
