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

from grevy.errors import CorruptRecordError
from grevy.figures.colours import BEST, FAINT, SPLIT_COLOURS
from grevy.figures.curve_notes import ALIKE, about_running, beyond, is_beyond, not_finite
from grevy.figures.lettering import Lettering
from grevy.figures.line_labels import LineEnd, put_line_ends
from grevy.figures.page import SMALL, drawing, new_page
from grevy.figures.windows import Floats, Windows, in_windows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
"""One line of steps.jsonl or checks.jsonl; null stands for a value that is not finite."""

_WIDTH, _HEIGHT = 8.0, 4.0
_LEFT, _RIGHT, _TOP, _BOTTOM, _LEGEND = 0.75, 1.0, 0.4, 0.5, 0.2
_FEW = 40
"""Up to so many points are drawn as points, not only as a line."""

_LINE = 3
"""So many checks make a line whose range is worth an axis."""


def draw_loss(
    steps: Sequence[Row],
    checks: Sequence[Row],
    best_step: int | None,
    title: str,
    notes: Sequence[str] = (),
) -> Figure:
    """Loss of train and validation at the checks, and that of the steps.

    Where the checks have a "train_loss" it is the line of train, for it is measured as validation
    is; the loss of the steps (mean over windows) steps back behind both, or is left out where it
    would take more than half of the axis. In other records the loss of the steps is all there is
    of train: mean and 10 to 90 % band over windows, and the figure says so.

    Args:
        steps: rows with "step", "epoch" (steps divided by steps an epoch), "loss"; may be empty.
        checks: the same of the checks, with or without "train_loss"; may be empty.
        best_step: step of the best check, which is marked; None: there is none.
        title: drawn above.
        notes: drawn below.

    Raises:
        CorruptRecordError: no check at `best_step`.
    """
    step_N, loss_N = _column(steps, "step"), _column(steps, "loss")
    running, lines = in_windows(step_N, loss_N), _lines(checks, "loss")
    alike = len(lines) > 1
    best = _best(checks, best_step, "loss", "{:.4g}")
    highest_W = running.mean_W if alike else np.fmax(running.mean_W, running.high_W)
    shown, (bottom, top) = _loss_limits(running, highest_W, lines)
    found = [
        *not_finite("train loss", "steps", step_N, loss_N),
        *(beyond("windows of the train loss", running.step_W, highest_W, top) if shown else ()),
        *(note for line in lines for note in _about(line, "loss", top)),
        *([ALIKE] if alike else ()),
        *(about_running(running, shown)),
    ]
    with drawing([title]) as lettering:
        axes, figure = _curve_page(lettering, title, [*steps, *checks], [*found, *notes])
        axes.set(ylabel="loss", ylim=(bottom, top))
        ends = []
        if shown:
            ends += _put_running(axes, running) if alike else _put_windows(axes, running)
            _mark_edge(axes, running.step_W, highest_W, top, SPLIT_COLOURS["train"])
        for line in lines:
            ends += _put_checks(axes, line, top)
        _finish(axes, ends, best, "no step and no check recorded yet")
    return figure


def draw_accuracy(
    checks: Sequence[Row], best_step: int | None, title: str, notes: Sequence[str] = ()
) -> Figure:
    """Accuracy of validation at the checks in percent, and of train where it was measured.

    Args:
        checks: rows with "step", "epoch", "accuracy" (0 to 1), with or without "train_accuracy";
            may be empty.
        best_step: step of the best check, which is marked; None: there is none.
        title: drawn above.
        notes: drawn below.

    Raises:
        CorruptRecordError: no check at `best_step`.
    """
    lines = [line.times(100) for line in _lines(checks, "accuracy")]
    best = _best(checks, best_step, "accuracy", "accuracy {:.2%}", scale=100)
    found = [note for line in lines for note in _about(line, "accuracy", np.inf)]
    found += [ALIKE] if len(lines) > 1 else []
    bottom, top = _around(np.concatenate([line.value_C for line in lines]))
    with drawing([title]) as lettering:
        axes, figure = _curve_page(lettering, title, checks, [*found, *notes])
        axes.set(ylabel="accuracy (%)", ylim=(max(bottom, 0), min(top, 100)))
        ends = [end for line in lines for end in _put_checks(axes, line, top)]
        _finish(axes, ends, best, "no check recorded yet")
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
class _Line:
    """A figure of one split at C checks."""

    split: str
    step_C: Floats
    value_C: Floats

    def times(self, factor: float) -> _Line:
        return _Line(self.split, self.step_C, factor * self.value_C)


def _lines(checks: Sequence[Row], key: str) -> list[_Line]:
    """Validation, and train where every check measured it."""
    keys = {"validation": key, "train": f"train_{key}"}
    step_C = _column(checks, "step")
    return [
        _Line(split, step_C, _column(checks, name))
        for split, name in keys.items()
        if split == "validation" or (checks and all(name in check for check in checks))
    ]


def _about(line: _Line, what: str, top: float) -> list[str]:
    return [
        *not_finite(f"{line.split} {what}", "checks", line.step_C, line.value_C),
        *beyond(f"checks of {line.split}", line.step_C, line.value_C, top),
    ]


def _loss_limits(
    running: Windows, highest_W: Floats, lines: Sequence[_Line]
) -> tuple[bool, tuple[float, float]]:
    """Whether the loss of the steps is drawn, and the limits of the axis."""
    alone = limits(*(line.value_C for line in lines))
    lowest_W = running.low_W if len(lines) == 1 else running.mean_W
    both = limits(lowest_W, highest_W, *(line.value_C for line in lines))
    fits = both[1] - both[0] <= 2 * (alone[1] - alone[0])
    if len(lines) == 1 or len(lines[0].step_C) < _LINE or fits:
        return True, both
    return False, alone


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
        _WIDTH,
        _TOP + _HEIGHT + _BOTTOM + _LEGEND,
        lettering.line(title),
        [*notes, *lettering.notes],
    )
    axes = page.axes(_LEFT, _TOP, _WIDTH - _LEFT - _RIGHT, _HEIGHT)
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


def _put_windows(axes: Axes, windows: Windows) -> list[LineEnd]:
    """The loss of the steps as the line of train."""
    if not len(windows.step_W):
        return []
    colour = SPLIT_COLOURS["train"]
    if windows.width > 1:
        axes.fill_between(
            windows.step_W, windows.low_W, windows.high_W,
            color=colour, alpha=0.2, linewidth=0, label="train, 10 to 90 % of the steps",
        )  # fmt: skip
    marker = "." if len(windows.step_W) <= _FEW else ""
    label = f"train, {_mean_of(windows)}, as trained"
    axes.plot(windows.step_W, windows.mean_W, color=colour, marker=marker, label=label)
    return _end("train,\nas trained", windows.mean_W, colour)


def _put_running(axes: Axes, windows: Windows) -> list[LineEnd]:
    """The loss of the steps, behind the lines that matter; its name is in the legend."""
    if len(windows.step_W):
        axes.plot(
            windows.step_W, windows.mean_W, color=SPLIT_COLOURS["train"], alpha=0.35,
            linewidth=1.0, zorder=1, label=f"train as trained, {_mean_of(windows)}",
        )  # fmt: skip
    return []


def _mean_of(windows: Windows) -> str:
    return f"mean of {windows.width:,} steps" if windows.width > 1 else "every step"


def _put_checks(axes: Axes, line: _Line, top: float) -> list[LineEnd]:
    if not len(line.step_C):
        return []
    colour = SPLIT_COLOURS[line.split]
    marker = "o" if len(line.step_C) <= _FEW else ""
    axes.plot(
        line.step_C, line.value_C, color=colour, marker=marker, markersize=4.5,
        label=line.split,
    )  # fmt: skip
    _mark_edge(axes, line.step_C, line.value_C, top, colour)
    return _end(line.split, line.value_C, colour)


def _end(name: str, value_N: Floats, colour: str) -> list[LineEnd]:
    """Where the line's name stands: at its last finite value; nowhere without one."""
    finite_N = value_N[np.isfinite(value_N)]
    return [LineEnd(name, float(finite_N[-1]), colour)] if len(finite_N) else []


def _put_best(axes: Axes, best: _Best | None) -> None:
    if best:
        axes.axvline(best.step, color=BEST, linewidth=0.8, linestyle=":")
        axes.plot(
            [best.step], [best.value], color=BEST, linestyle="", marker="o", markersize=9,
            markerfacecolor="none", markeredgewidth=1.5, label=best.label, clip_on=False,
        )  # fmt: skip


def _mark_edge(axes: Axes, step_N: Floats, value_N: Floats, top: float, colour: str) -> None:
    """Crosses for values that are not finite and arrows for those beyond the top."""
    for marker, chosen in (("x", ~np.isfinite(value_N)), ("^", is_beyond(value_N, top))):
        if chosen.any():
            axes.plot(
                step_N[chosen], np.full(chosen.sum(), 0.98), transform=axes.get_xaxis_transform(),
                color=colour, linestyle="", marker=marker, markersize=6,
            )  # fmt: skip


def _finish(axes: Axes, ends: Sequence[LineEnd], best: _Best | None, empty: str) -> None:
    """The best check, names at the ends of lines, and below the axes what has no such name."""
    _put_best(axes, best)
    put_line_ends(axes, ends)
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", color=FAINT)
    named = {end.name for end in ends}
    rest = [(h, label) for h, label in zip(handles, labels, strict=True) if label not in named]
    if rest:
        axes.legend(
            *zip(*rest, strict=True), loc="upper left", bbox_to_anchor=(0, -_BOTTOM / _HEIGHT),
            ncols=len(rest), borderaxespad=0, borderpad=0, fontsize=SMALL, columnspacing=1.5,
        )  # fmt: skip
