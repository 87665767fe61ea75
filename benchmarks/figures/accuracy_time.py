"""Accuracy against time: which way of training gets to a given accuracy first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grevy.figures.colours import FAINT, OKABE_ITO
from grevy.figures.page import MARGIN, drawing, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEFT, _WIDTH, _HEIGHT, _BELOW = 0.7, 6.2, 4.0, 0.55
_WIDE = 20
"""Times that differ by more than this factor are drawn on a logarithmic scale."""
_COLOURS = tuple(OKABE_ITO[n] for n in ("blue", "vermillion", "bluish green", "black"))


@dataclass(frozen=True)
class TimedRun:
    """One training.

    Attributes:
        seconds: of the checks, at least one, since its command began, ascending.
        validation: accuracy of each check, in percent.
        end: seconds at which its test accuracy counts.
        test: that accuracy, in percent.
    """

    seconds: tuple[float, ...]
    validation: tuple[float, ...]
    end: float
    test: float


def draw_accuracy_time(
    arms: Sequence[tuple[str, Sequence[TimedRun]]],
    target: float,
    title: str,
    notes: Sequence[str] = (),
) -> Figure:
    """Validation accuracy of each run over time, and its test accuracy where it ends.

    Args:
        arms: at most four, each a name and its runs.
        target: accuracy to be reached, in percent.
        title: drawn above.
        notes: drawn below, after what lines and dots mean.
    """
    with drawing([title, *(name for name, _ in arms)]) as lettering:
        foot = ["line: validation accuracy of one run; dot: its test accuracy; dashes: the target"]
        width = _LEFT + _WIDTH + 2 * MARGIN
        page = new_page(
            width, _HEIGHT + _BELOW, lettering.line(title), [*foot, *notes, *lettering.notes]
        )
        axes = page.axes(_LEFT, 0, _WIDTH, _HEIGHT)
        _scale(axes, [moment for _, runs in arms for run in runs for moment in _moments(run)])
        axes.set(xlabel="seconds since the command began", ylabel="accuracy (%)")
        axes.grid()
        axes.axhline(target, color=FAINT, linestyle="--")
        for (name, runs), colour in zip(arms, _COLOURS, strict=False):
            _put_runs(axes, lettering.line(name), runs, colour)
        axes.legend(loc="lower right")
    return page.figure


def _moments(run: TimedRun) -> tuple[float, ...]:
    return (*run.seconds, run.end)


def _scale(axes: Axes, moments: Sequence[float]) -> None:
    """Logarithmic where the times differ by much."""
    if max(moments) > _WIDE * min(moments):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,g}")


def _put_runs(axes: Axes, name: str, runs: Sequence[TimedRun], colour: str) -> None:
    for number, run in enumerate(runs):
        axes.plot(run.seconds, run.validation, "-", color=colour, linewidth=1, alpha=0.7)
        last = (run.seconds[-1], run.end), (run.validation[-1], run.test)
        axes.plot(*last, ":", color=colour, linewidth=1, alpha=0.7)
        label = name if number == 0 else None
        axes.plot([run.end], [run.test], "o", color=colour, markersize=7, label=label)
