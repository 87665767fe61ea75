"""What every inspector returns: a view, with its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from grevy.figures.numerals import counted, numeral
from grevy.figures.page import DPI, drawing
from grevy.figures.scale import Scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grevy.classifier.classifier import Classifier


@dataclass(frozen=True)
class Check:
    """What a view found out about itself.

    Attributes:
        name: what is checked: "completeness gap".
        value: what was measured.
        expected: in words or signs: "0", "below 0.5".
        passed: None where it only informs.
        text: one sentence for a reader.
    """

    name: str
    value: float
    expected: str
    passed: bool | None
    text: str

    def as_json(self) -> dict[str, Any]:
        """Plain numbers and texts."""
        return {
            "name": self.name,
            "value": number(self.value),
            "expected": self.expected,
            "passed": self.passed,
            "text": self.text,
        }


def weights_told(classifier: Classifier) -> tuple[str, ...]:
    """For a figure: where the weights are from, or that some are not from anywhere."""
    if classifier.not_loaded:
        missing = counted(len(classifier.not_loaded), "tensor")
        return (f"{missing} not loaded and as initialised: what lies behind them means nothing.",)
    return classifier.notes[:1]


def checks_told(checks: Sequence[Check]) -> str:
    """For a figure: the checks by name with what was measured."""
    told = (f"{check.name} {numeral(check.value, 2)}" for check in checks)
    return f"{'; '.join(told)}."


def findings(checks: Sequence[Check]) -> tuple[str, ...]:
    """Sentences of those checks that found something."""
    return tuple(check.text for check in checks if check.value)


class View(Protocol):
    """What an inspector saw."""

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What was computed; the end of each name spells the axes: "activations_NCHW"."""
        ...

    @property
    def scale(self) -> Scale | None:
        """How values become colours; None where nothing is mapped."""
        ...

    @property
    def checks(self) -> tuple[Check, ...]:
        """What speaks for and against this view."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that belong under the figure."""
        ...

    @property
    def lines(self) -> tuple[str, ...]:
        """What was found, as sentences for a reader."""
        ...

    def draw(self) -> Figure:
        """The figure."""
        ...

    def as_json(self) -> dict[str, Any]:
        """The numbers without the arrays; strict JSON."""
        ...


class PagedView(View, Protocol):
    """A view of more than one page holds."""

    @property
    def pages(self) -> int:
        """How many there are."""
        ...

    def draw(self, page: int = 1) -> Figure:
        """That page, counted from 1."""
        ...


def numbers_of(values: NDArray[Any]) -> dict[str, Any]:
    """For JSON what `figures.numerals.numbers` prints: of the finite values, and how many are not.

    Returns:
        minimum, maximum and mean (None where no value is finite), and not_finite.
    """
    finite = values[np.isfinite(values)].astype(np.float64)
    some = finite.size > 0
    return {
        "minimum": float(finite.min()) if some else None,
        "maximum": float(finite.max()) if some else None,
        "mean": float(finite.mean()) if some else None,
        "not_finite": int(values.size - finite.size),
    }


def number(value: float) -> float | None:
    """For JSON, which knows neither NaN nor infinity: these become None."""
    return float(value) if np.isfinite(value) else None


def png_of(figure: Figure) -> bytes:
    """The figure as PNG, for notebooks (`_repr_png_`) and files."""
    file = BytesIO()
    with drawing():
        figure.savefig(
            file,
            format="png",
            dpi=DPI,
            metadata={"Software": None},
            pil_kwargs={"compress_level": 1},  # four times as fast as 6, a tenth larger
        )
    return file.getvalue()
