"""Loss curves of several trainings in one figure: before and after, and where they overfit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import BEST, FAINT, SPLIT_COLOURS
from grevy.figures.curves import limits
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, drawing, line_height, new_page, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

COLUMNS = 3
_WIDTH, _HEIGHT = 3.2, 2.3
_LEFT, _BELOW = 0.6, 0.55


@dataclass(frozen=True)
class LossCurve:
    """Train and validation loss at the checks of one training."""

    epoch_C: Floats
    train_C: Floats
    validation_C: Floats


@dataclass(frozen=True)
class Panel:
    """One arm.

    Attributes:
        curves: one a seed.
        before: the baseline's, drawn dashed; empty for its own panel.
        turn: epoch of the lowest validation loss, which is marked; None: not marked.
        words: what to read from it.
    """

    name: str
    curves: tuple[LossCurve, ...]
    before: tuple[LossCurve, ...] = ()
    turn: float | None = None
    words: str = ""


def draw_loss_panels(panels: Sequence[Panel], title: str, notes: Sequence[str] = ()) -> Figure:
    """A panel an arm, all with the same axes; a thin line a seed.

    Args:
        panels: at least one.
        title: drawn above.
        notes: drawn below.
    """
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    width = _LEFT + columns * (_WIDTH + MARGIN) + MARGIN
    with drawing([title, *(panel.name for panel in panels)]) as lettering:
        texts = [wrap(panel.words, _WIDTH, SMALL) for panel in panels]
        head = line_height() + 0.1
        cell = head + _HEIGHT + _BELOW + max(map(len, texts)) * line_height(SMALL)
        legend = line_height() + 0.12
        page = new_page(
            width, legend + rows * cell, lettering.line(title), [*notes, *lettering.notes]
        )
        shared: Axes | None = None
        for index, (panel, lines) in enumerate(zip(panels, texts, strict=True)):
            left = _LEFT + index % columns * (_WIDTH + MARGIN)
            top = legend + index // columns * cell
            axes = page.axes(left, top + head, _WIDTH, _HEIGHT)
            _put_panel(axes, panel, lettering)
            _share(axes, panels, first=index % columns == 0)
            below = top + head + _HEIGHT + _BELOW - 0.08
            page.text(left, below, "\n".join(lines), size=SMALL, color=FAINT)
            shared = shared or axes
        _legend(page.figure, shared, any(panel.before for panel in panels), page.top)
    return page.figure


def _put_panel(axes: Axes, panel: Panel, lettering: Lettering) -> None:
    for curves, style in ((panel.before, ":"), (panel.curves, "-")):
        for curve in curves:
            for name, loss_C in (("train", curve.train_C), ("validation", curve.validation_C)):
                axes.plot(
                    curve.epoch_C, loss_C, style, color=SPLIT_COLOURS[name], lw=1.1, alpha=0.8
                )
    if panel.turn is not None:
        axes.axvline(panel.turn, color=BEST, lw=0.9, ls="--")
    axes.set_title(lettering.line(panel.name, 42), size=9, loc="left")
    axes.set_xlabel("epoch", labelpad=1)
    axes.grid(axis="y")


def _share(axes: Axes, panels: Sequence[Panel], first: bool) -> None:
    every = [c for panel in panels for c in (*panel.curves, *panel.before)]
    bottom, top = limits(*(part for c in every for part in (c.train_C, c.validation_C)))
    axes.set(ylim=(bottom, top), xlim=(0, 1.02 * max(float(c.epoch_C.max()) for c in every)))
    if first:
        axes.set_ylabel("loss")
    else:
        axes.tick_params(labelleft=False)


def _legend(figure: Figure, axes: Axes | None, with_before: bool, top: float) -> None:
    from matplotlib.lines import Line2D

    assert axes is not None
    entries = [
        Line2D([], [], color=SPLIT_COLOURS[name], ls=style, label=f"{name}{what}")
        for style, what in (("-", ""), *(((":", ", baseline"),) if with_before else ()))
        for name in ("train", "validation")
    ]
    width, height = figure.get_size_inches()
    place = (MARGIN / width, 1 - top / height + 0.04 / height)
    figure.legend(handles=entries, loc="upper left", bbox_to_anchor=place, ncols=4, borderpad=0)
