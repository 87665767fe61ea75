"""Loss curves of several trainings in one figure: before and after, and where they overfit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from grevy.figures.colours import BEST, INK, SPLIT_COLOURS
from grevy.figures.curves import limits
from grevy.figures.lettering import Lettering
from grevy.figures.numerals import counted
from grevy.figures.page import MARGIN, TEXT, Page, drawing, line_height, new_page, wrap
from grevy.figures.windows import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
_WIDTH, _HEIGHT = 3.2, 2.3
_LEFT, _BELOW = 0.6, 0.5

_FULL = 1 / 3
"""Panels have one axis of loss while each takes at least this part of it."""


@dataclass(frozen=True)
class LossCurve:
    """Train and validation loss at the checks of one training."""

    epoch_C: Floats
    train_C: Floats
    validation_C: Floats

    def of(self, split: str) -> Floats:
        """The loss of one split."""
        return self.train_C if split == "train" else self.validation_C


@dataclass(frozen=True)
class Panel:
    """One arm.

    Attributes:
        curves: one a seed; at least one.
        before: the baseline's, whose mean is drawn dotted; empty for its own panel.
        turn: epoch of the lowest validation loss, which is marked; None: not marked.
        words: what to read from it; what stands before a colon is the verdict, and bold.
    """

    name: str
    curves: tuple[LossCurve, ...]
    before: tuple[LossCurve, ...] = ()
    turn: float | None = None
    words: str = ""


def mean_curve(curves: Sequence[LossCurve]) -> LossCurve:
    """The mean over seeds at the checks that all have; without any where they share none."""
    epoch_C, train_SC = _matrix(curves, "train")
    mean_C, validation_C = train_SC.mean(0), _matrix(curves, "validation")[1].mean(0)
    whole_C = np.isfinite(mean_C)
    return LossCurve(epoch_C[whole_C], mean_C[whole_C], validation_C[whole_C])


def draw_loss_panels(panels: Sequence[Panel], title: str, notes: Sequence[str] = ()) -> Figure:
    """A panel an arm: mean over seeds as a line, least to greatest as a band.

    Where the first seed has stopped both go on thin and pale, of the others. All panels have
    the same axis of loss, unless that would leave one of them mostly empty.

    Args:
        panels: at least one.
        title: drawn above.
        notes: drawn below.
    """
    with drawing([title, *(panel.name for panel in panels)]) as lettering:
        grid = _grid(panels, lettering)
        foot = [*_how(panels, grid), *notes, *lettering.notes]
        page = new_page(grid.width, grid.height, lettering.line(title), foot)
        for index, panel in enumerate(panels):
            left, top = grid.place(index)
            name, above = "\n".join(grid.names[index]), top + grid.head(index) - 0.08
            page.text(left, above, name, va="bottom")
            axes = page.axes(left, top + grid.head(index), _WIDTH, _HEIGHT)
            _put_panel(axes, panel)
            axes.set(ylim=grid.limits(index), xlim=(0, 1.02 * _last_epoch(panel)))
            if index % grid.columns == 0:
                axes.set_ylabel("loss")
            elif grid.shared:
                axes.tick_params(labelleft=False)
            below = top + grid.head(index) + _HEIGHT + _BELOW
            for line, weight in grid.words[index]:
                page.text(left, below, line, weight=weight)
                below += line_height()
        _put_legend(page, panels)
    return page.figure


@dataclass(frozen=True)
class _Grid:
    """Where panels lie, in inches.

    Attributes:
        names: of each panel, in lines.
        words: of each panel, in lines with their weight.
        ranges: what each panel would take for itself, bottom and top.
        whole: what all of them take.
        losses: all that each panel draws.
    """

    columns: int
    names: list[list[str]]
    words: list[list[tuple[str, str]]]
    ranges: list[tuple[float, float]]
    whole: tuple[float, float]
    losses: list[Floats]

    @property
    def shared(self) -> bool:
        """Whether all panels have one axis of loss."""
        bottom, top = self.whole
        spans = (min(max(losses), top) - min(losses) for losses in self.losses)
        return all(span >= _FULL * (top - bottom) for span in spans)

    @property
    def _step(self) -> float:
        return _WIDTH + (MARGIN if self.shared else _LEFT)

    @property
    def width(self) -> float:
        """Of the page."""
        return max(_LEFT + (self.columns - 1) * self._step + _WIDTH + 2 * MARGIN, 6.0)

    @property
    def height(self) -> float:
        """Of the content."""
        return self.place(math.ceil(len(self.names) / self.columns) * self.columns)[1]

    def limits(self, index: int) -> tuple[float, float]:
        """Of a panel's axis of loss."""
        return self.whole if self.shared else self.ranges[index]

    def head(self, index: int) -> float:
        """Height of the names in the row of a panel."""
        return self._most(self.names, index) * line_height() + 0.08

    def place(self, index: int) -> tuple[float, float]:
        """Left edge of the panel's axes, and the top of its name."""
        rows = range(0, index // self.columns * self.columns, self.columns)
        top = line_height() + 0.15 + sum(self._row(first) for first in rows)
        return _LEFT + MARGIN + index % self.columns * self._step, top

    def _row(self, first: int) -> float:
        text = self._most(self.words, first) * line_height()
        return self.head(first) + _HEIGHT + _BELOW + text + 0.15

    def _most(self, texts: Sequence[Sequence[object]], index: int) -> int:
        first = index // self.columns * self.columns
        return max(len(lines) for lines in texts[first : first + self.columns])


def _grid(panels: Sequence[Panel], lettering: Lettering) -> _Grid:
    columns = 2 if len(panels) == 4 else min(COLUMNS, len(panels))
    names = [wrap(lettering.line(panel.name), _WIDTH) for panel in panels]
    drawn = [_drawn(panel) for panel in panels]
    return _Grid(
        columns,
        names,
        words=[_words(panel.words) for panel in panels],
        ranges=[limits(*series) for series in drawn],
        whole=limits(*(loss_C for series in drawn for loss_C in series)),
        losses=[np.concatenate(series) for series in drawn],
    )


def _words(words: str) -> list[tuple[str, str]]:
    """Lines with their weight: the verdict, and what it rests on."""
    verdict, colon, rest = words.partition(": ")
    bold = [(line, "bold") for line in wrap(verdict + colon.strip(), 0.9 * _WIDTH) if colon]
    return bold + [(line, "normal") for line in wrap(rest if colon else words, _WIDTH)]


def _drawn(panel: Panel) -> list[Floats]:
    means = [mean_curve(panel.before)] if panel.before else []
    curves = [*panel.curves, *means]
    return [loss_C for curve in curves for loss_C in (curve.train_C, curve.validation_C)]


def _last_epoch(panel: Panel) -> float:
    return max(float(c.epoch_C.max()) for c in (*panel.curves, *panel.before))


def _how(panels: Sequence[Panel], grid: _Grid) -> list[str]:
    seeds = sorted({len(panel.curves) for panel in panels})
    if seeds == [1]:
        how = "one seed each"
    else:
        count = counted(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]} seeds"
        how = (
            f"line: mean of {count}; band: from the least to the greatest of them; thin and pale:"
            " of the seeds that went on where others had stopped"
        )
    beyond = [
        float(losses.max())
        for index, losses in enumerate(grid.losses)
        if losses.max() > grid.limits(index)[1]
    ]
    return [
        how,
        *([] if grid.shared else ["each panel has its own axis of loss"]),
        *([f"lines that leave a panel at its top began higher, at most at {max(beyond):.3g}"]
          if beyond else []),
    ]  # fmt: skip


def _put_panel(axes: Axes, panel: Panel) -> None:
    for split, colour in SPLIT_COLOURS.items():
        if split != "test":
            _put_seeds(axes, panel.curves, split, colour)
            if panel.before:
                before = mean_curve(panel.before)
                axes.plot(before.epoch_C, before.of(split), ":", color=colour, lw=1.4, alpha=0.8)
    if panel.turn is not None:
        axes.axvline(panel.turn, color=BEST, lw=0.9, ls="--")
    axes.set_xlabel("epoch", labelpad=1)
    axes.grid(axis="y")


def _put_seeds(axes: Axes, curves: Sequence[LossCurve], split: str, colour: str) -> None:
    """Mean and band of all seeds, and thinner of those that went on where others had stopped."""
    epoch_C, loss_SC = _matrix(curves, split)
    whole_C = np.isfinite(loss_SC).all(0)
    last = int(np.flatnonzero(whole_C)[-1]) if whole_C.any() else 0
    later_C = np.arange(len(epoch_C)) >= last
    for chosen_C, width, alpha in ((whole_C, 1.6, 0.22), (later_C, 0.7, 0.1)):
        at_C, part_SC = epoch_C[chosen_C], loss_SC[:, chosen_C]
        marker = "o" if len(epoch_C) == 1 else ""
        axes.plot(at_C, np.nanmean(part_SC, 0), color=colour, lw=width, marker=marker)
        low_C, high_C = np.nanmin(part_SC, 0), np.nanmax(part_SC, 0)
        axes.fill_between(at_C, low_C, high_C, color=colour, alpha=alpha, linewidth=0)


def _matrix(curves: Sequence[LossCurve], split: str) -> tuple[Floats, Floats]:
    """Epochs of all checks, and the loss of each seed there; NaN where a seed has no check."""
    epochs = [np.round(curve.epoch_C, 4) for curve in curves]
    epoch_C = reduce(np.union1d, epochs)
    loss_SC = np.full((len(curves), len(epoch_C)), np.nan)
    for loss_C, curve, of_one in zip(loss_SC, curves, epochs, strict=True):
        loss_C[np.searchsorted(epoch_C, of_one)] = curve.of(split)
    return epoch_C, loss_SC


def _put_legend(page: Page, panels: Sequence[Panel]) -> None:
    from matplotlib.lines import Line2D

    entries = [Line2D([], [], color=SPLIT_COLOURS[s], label=s) for s in ("train", "validation")]
    if any(panel.before for panel in panels):
        entries.append(Line2D([], [], color=INK, ls=":", label="baseline"))
    if any(panel.turn is not None for panel in panels):
        entries.append(Line2D([], [], color=BEST, ls="--", label="lowest validation loss"))
    width, height = page.figure.get_size_inches()
    place = (MARGIN / width, 1 - page.top / height)
    page.figure.legend(
        handles=entries, loc="upper left", bbox_to_anchor=place, ncols=4, borderpad=0,
        borderaxespad=0, fontsize=TEXT,
    )  # fmt: skip
