"""Learning curves from the rows of a record: loss and accuracy against the global step.

Nothing is left out in silence: a value that is not finite is a cross at the top edge, one beyond
the top an arrow there, and both are put in words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.errors import CorruptRecordError
from grevy.figures.colours import BEST, FAINT, SPLIT_COLOURS
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, drawing, new_page
from grevy.figures.windows import Floats, Windows, in_windows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
"""One line of steps.jsonl or checks.jsonl; null stands for a value that is not finite."""

_WIDTH, _HEIGHT = 8.0, 4.0
_LEFT, _TOP, _BOTTOM = 0.75, 0.4, 0.45
_FEW = 40
"""Up to so many points are drawn as points, not only as a line."""


def draw_loss(
    steps: Sequence[Row], checks: Sequence[Row], best_step: int | None, title: str
) -> Figure:
    """Train loss (mean and 10 to 90 % band over windows) and validation loss at the checks.

    Args:
        steps: rows with "step", "epoch" (steps divided by steps an epoch), "loss"; may be empty.
        checks: the same of the checks; may be empty.
        best_step: step of the best check, which is marked; None: there is none.
        title: drawn above.

    Raises:
        CorruptRecordError: no check at `best_step`.
    """
    step_N, loss_N = _column(steps, "step"), _column(steps, "loss")
    windows = in_windows(step_N, loss_N)
    highest_W = np.fmax(windows.mean_W, windows.high_W)
    validation = _Checks(_column(checks, "step"), _column(checks, "loss"))
    best = _best(checks, best_step, "loss", "{:.4g}")
    bottom, top = limits(windows.low_W, highest_W, validation.value_C)
    notes = [
        *_not_finite("train loss", "steps", step_N, loss_N),
        *_not_finite("validation loss", "checks", validation.step_C, validation.value_C),
        *_beyond("windows of the train loss", windows.step_W, highest_W, top),
        *_beyond("checks", validation.step_C, validation.value_C, top),
    ]
    with drawing([title]) as lettering:
        axes, figure = _curve_page(lettering, title, [*steps, *checks], notes)
        axes.set(ylabel="loss", ylim=(bottom, top))
        _put_windows(axes, windows)
        _mark_edge(axes, windows.step_W, highest_W, top, SPLIT_COLOURS["train"])
        _put_checks(axes, validation, best, top)
        _add_legend(axes, "no step and no check recorded yet")
    return figure


def draw_accuracy(checks: Sequence[Row], best_step: int | None, title: str) -> Figure:
    """Validation accuracy in percent at the checks.

    Args:
        checks: rows with "step", "epoch", "accuracy" (0 to 1); may be empty.
        best_step: step of the best check, which is marked; None: there is none.
        title: drawn above.

    Raises:
        CorruptRecordError: no check at `best_step`.
    """
    validation = _Checks(_column(checks, "step"), 100 * _column(checks, "accuracy"))
    best = _best(checks, best_step, "accuracy", "accuracy {:.2%}", scale=100)
    notes = _not_finite("accuracy", "checks", validation.step_C, validation.value_C)
    bottom, top = _around(validation.value_C)
    with drawing([title]) as lettering:
        axes, figure = _curve_page(lettering, title, checks, notes)
        axes.set(ylabel="validation accuracy (%)", ylim=(max(bottom, -2), min(top, 102)))
        _put_checks(axes, validation, best, top)
        _add_legend(axes, "no check recorded yet")
    return figure


def limits(*series: Floats) -> tuple[float, float]:
    """Bottom and top of an axis that a spike in the first steps does not flatten.

    The first tenth of a series of three or more values may go beyond the top, where it goes more
    than four times as far above the least value as all the rest does. Everything else is inside,
    with a margin of 5 %. Values that are not finite don't count.
    """
    values = np.concatenate(series)
    rest = np.concatenate([part[math.ceil(len(part) / 10) * (len(part) > 2) :] for part in series])
    if not np.isfinite(rest).any():
        return _around(values)
    least, most = values[np.isfinite(values)].min(), rest[np.isfinite(rest)].max()
    return _around(values[values <= least + 4 * (most - least)])


def _around(values_N: Floats) -> tuple[float, float]:
    """The range of the finite values with a margin of 5 %."""
    finite_N = values_N[np.isfinite(values_N)]
    if not len(finite_N):
        return 0.0, 1.0
    least, most = finite_N.min(), finite_N.max()
    margin = 0.05 * (most - least) or 0.05 * abs(least) or 0.5
    return float(least - margin), float(most + margin)


@dataclass(frozen=True)
class _Checks:
    """A validation figure at C checks."""

    step_C: Floats
    value_C: Floats


@dataclass(frozen=True)
class _Best:
    """The best check, as it is marked."""

    step: float
    value: float
    label: str


def _column(rows: Sequence[Row], key: str) -> Floats:
    return np.array([row[key] for row in rows], dtype=np.float64)  # None becomes NaN


def _best(
    checks: Sequence[Row], best_step: int | None, key: str, form: str, scale: float = 1.0
) -> _Best | None:
    if best_step is None:
        return None
    values = [check[key] for check in checks if check["step"] == best_step]
    if not values or values[0] is None:
        raise CorruptRecordError(
            f"step {best_step} as the best check, where there is no check with a {key}",
            "the step of one of the checks",
            "draw from a complete record",
        )
    label = (
        f"best check (lowest loss): step {best_step:,}, {form.format(values[0]).replace('%', ' %')}"
    )
    return _Best(float(best_step), scale * values[0], label)


def _curve_page(
    lettering: Lettering, title: str, rows: Sequence[Row], notes: Sequence[str]
) -> tuple[Axes, Figure]:
    """Axes over the global step, with the epochs above."""
    from matplotlib.ticker import MaxNLocator

    page = new_page(
        _WIDTH, _TOP + _HEIGHT + _BOTTOM, lettering.line(title), [*notes, *lettering.notes]
    )
    axes = page.axes(_LEFT, _TOP, _WIDTH - _LEFT - 2 * MARGIN, _HEIGHT)
    last = max(rows, key=lambda row: row["step"], default={"step": 1, "epoch": 0})
    axes.set(xlabel="step", xlim=(0, 1.02 * max(last["step"], 1)))
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y")
    if last["epoch"]:
        ratio = last["step"] / last["epoch"]
        epochs = axes.secondary_xaxis(
            "top", functions=(lambda x: np.divide(x, ratio), lambda x: np.multiply(x, ratio))
        )
        epochs.set_xlabel("epoch")
    return axes, page.figure


def _put_windows(axes: Axes, windows: Windows) -> None:
    if not len(windows.step_W):
        return
    colour = SPLIT_COLOURS["train"]
    what = "train, every step"
    if windows.width > 1:
        what = f"train, mean of {windows.width:,} steps"
        axes.fill_between(
            windows.step_W, windows.low_W, windows.high_W,
            color=colour, alpha=0.2, linewidth=0, label="train, 10 to 90 % of the steps",
        )  # fmt: skip
    marker = "." if len(windows.step_W) <= _FEW else ""
    axes.plot(windows.step_W, windows.mean_W, color=colour, marker=marker, label=what)


def _put_checks(axes: Axes, checks: _Checks, best: _Best | None, top: float) -> None:
    if not len(checks.step_C):
        return
    colour = SPLIT_COLOURS["validation"]
    marker = "o" if len(checks.step_C) <= _FEW else ""
    axes.plot(
        checks.step_C, checks.value_C, color=colour, marker=marker, markersize=4.5,
        label="validation, at each check",
    )  # fmt: skip
    _mark_edge(axes, checks.step_C, checks.value_C, top, colour)
    if best:
        axes.axvline(best.step, color=BEST, linewidth=0.8, linestyle=":")
        axes.plot(
            [best.step], [best.value], color=BEST, linestyle="", marker="o", markersize=9,
            markerfacecolor="none", markeredgewidth=1.5, label=best.label,
        )  # fmt: skip


def _mark_edge(axes: Axes, step_N: Floats, value_N: Floats, top: float, colour: str) -> None:
    """Crosses for values that are not finite and arrows for those beyond the top."""
    for marker, chosen in (("x", ~np.isfinite(value_N)), ("^", _is_beyond(value_N, top))):
        if chosen.any():
            axes.plot(
                step_N[chosen], np.full(chosen.sum(), 0.98), transform=axes.get_xaxis_transform(),
                color=colour, linestyle="", marker=marker, markersize=6,
            )  # fmt: skip


def _add_legend(axes: Axes, empty: str) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="best")
    else:
        axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", color=FAINT)


def _is_beyond(value_N: Floats, top: float) -> NDArray[np.bool_]:
    return np.isfinite(value_N) & (value_N > top)


def _not_finite(name: str, rows: str, step_N: Floats, value_N: Floats) -> list[str]:
    """One sentence on the values marked by a cross, if there are any."""
    bad_N = step_N[~np.isfinite(value_N)]
    if not len(bad_N):
        return []
    count = f"{len(bad_N):,} of {len(step_N):,} {rows}"
    return [f"Cross: the {name} is not finite at {count}, first at step {bad_N[0]:,.0f}."]


def _beyond(name: str, step_N: Floats, value_N: Floats, top: float) -> list[str]:
    """One sentence on the values marked by an arrow, if there are any."""
    beyond_N = _is_beyond(value_N, top)
    if not beyond_N.any():
        return []
    highest = int(np.argmax(np.where(beyond_N, value_N, -np.inf)))
    count = f"{beyond_N.sum():,} of {len(step_N):,} {name}"
    place = f"up to {value_N[highest]:.4g} near step {step_N[highest]:,.0f}"
    return [f"Arrow: {count} go beyond the top, {place}."]
