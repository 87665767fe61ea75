"""The confusion matrix: which class was taken for which, how often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.errors import InputError
from grevy.figures.colours import ABSENT, FAINT, INK, SEQUENTIAL
from grevy.figures.numerals import counted
from grevy.figures.page import (
    MARGIN,
    SMALL,
    TEXT,
    Page,
    drawing,
    line_height,
    new_page,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COUNTS = 20
"""Counts are written into the cells up to so many classes."""

NAMES = 100
"""Up to so many classes every row has its name; beyond, every second, third, ..."""

_NAME_WIDTH = 40
_NAME_INCHES = 1.5
_RECALL, _SHARE = 0.45, 0.75
_BAR = 0.15
_UNDER = 0.3
"""Inches: the bars of recalls, their numbers, the colour bar, the label below the names."""


def confusion_matrix(
    labels_N: NDArray[np.integer], predictions_N: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    """How often each class (row) was predicted as each class (column).

    Args:
        labels_N: true class of each picture, 0 to `classes` - 1.
        predictions_N: predicted class of each picture.
        classes: K.

    Returns:
        counts_KK; its sum is N.

    Raises:
        InputError: lists of different length, or a class outside that range.
    """
    if np.shape(labels_N) != np.shape(predictions_N):
        raise InputError(
            f"{counted(np.size(labels_N), 'label')} and"
            f" {counted(np.size(predictions_N), 'prediction')}",
            "one prediction for each label",
            "pass both for the same pictures",
        )
    both_2N = np.stack([labels_N, predictions_N]).astype(np.int64)
    outside = both_2N[(both_2N < 0) | (both_2N >= classes)]
    if len(outside):
        raise InputError(
            f"class {outside[0]} among {counted(classes, 'class')}",
            f"classes from 0 to {classes - 1}",
            "pass the number of classes that the labels were made for",
        )
    return np.bincount(both_2N[0] * classes + both_2N[1], minlength=classes**2).reshape(
        classes, classes
    )


def draw_confusion(
    counts_KK: NDArray[np.integer], class_names: Sequence[str], split_name: str, run: str = ""
) -> Figure:
    """The matrix, with the recall of each class at its side and the accuracy in the title.

    Rows are true classes, columns predicted ones. The colour is the share of the true class, from
    0 (nearly white) to 100 % (dark) in every figure; the counts are written up to 20 classes. A
    class without a picture is gray.

    Args:
        counts_KK: as `confusion_matrix` made it.
        class_names: K names.
        split_name: "test", "validation" or "train".
        run: whose answers they are, for the title.

    Raises:
        InputError: not as many names as rows and columns.
    """
    counts_KK = np.asarray(counts_KK)
    if counts_KK.shape != (len(class_names), len(class_names)):
        raise InputError(
            f"counts of shape {counts_KK.shape} and {len(class_names)} class names",
            "one row and one column for each name",
            "pass the names of all classes",
        )
    with drawing([run, split_name, *class_names]) as lettering:
        whose = f"{lettering.line(run)}. " if run else ""
        title = f"{whose}Confusion on {lettering.line(split_name)}: {_accuracy(counts_KK)}"
        frame = _frame(counts_KK, [lettering.line(name, _NAME_WIDTH) for name in class_names])
        notes = [*_unseen(counts_KK), *frame.notes, *lettering.notes]
        page = new_page(frame.page_width, frame.page_height, title, notes)
        axes = page.axes(frame.left, 0.0, frame.side, frame.side)
        _put_shares(page, axes, frame, counts_KK)
        _name_classes(axes, frame)
        recall_axes = page.axes(frame.left + frame.side + 0.1, 0.0, _RECALL, frame.side)
        _put_recalls(recall_axes, counts_KK, frame)
    return page.figure


def recalls(counts_KK: NDArray[np.integer]) -> NDArray[np.float64]:
    """Part of each true class that was predicted as such; NaN for a class without a picture."""
    return _shares(counts_KK).diagonal()


def _shares(counts_KK: NDArray[np.integer]) -> NDArray[np.float64]:
    """Each row divided by its sum; NaN where that is 0."""
    sums_K1 = counts_KK.sum(axis=1, keepdims=True)
    return counts_KK / np.where(sums_K1 > 0, sums_K1, np.nan)


def _accuracy(counts_KK: NDArray[np.integer]) -> str:
    right, total = int(counts_KK.trace()), int(counts_KK.sum())
    if not total:
        return "no picture"
    return f"accuracy {100 * right / total:.2f} % ({right:,} of {counted(total, 'picture')})"


def _unseen(counts_KK: NDArray[np.integer]) -> list[str]:
    empty = int((counts_KK.sum(axis=1) == 0).sum())
    total = counted(len(counts_KK), "class")
    return [f"Gray: {empty} of {total} without a picture."] if empty else []


@dataclass(frozen=True)
class _Frame:
    """Sizes in inches, and the class names as they fit.

    Attributes:
        cell: side of a cell.
        side: of the matrix.
        size: of the names in points.
        names: those that are written, wrapped where a row is high enough.
        every: which ones are: 1 every one, 2 every second, ...
        across: names of the columns are written horizontally.
    """

    cell: float
    side: float
    size: float
    names: tuple[str, ...]
    every: int
    across: bool

    @property
    def name_width(self) -> float:
        return max(text_width(line, self.size) for n in self.names for line in n.split("\n"))

    @property
    def left(self) -> float:
        return MARGIN + _UNDER + self.name_width

    @property
    def page_width(self) -> float:
        return max(self.left + self.side + 0.1 + _RECALL + _SHARE + _BAR + 0.75 + MARGIN, 5.6)

    @property
    def page_height(self) -> float:
        lines = max(name.count("\n") + 1 for name in self.names)
        names = lines * line_height(self.size) if self.across else self.name_width
        return self.side + names + _UNDER

    @property
    def notes(self) -> list[str]:
        return [f"One class in {self.every} is named."] if self.every > 1 else []


def _frame(counts_KK: NDArray[np.integer], names: Sequence[str]) -> _Frame:
    classes = len(names)
    cell = min(1.0, max(5 / classes, 0.4), 12.5 / classes)
    if classes <= COUNTS:
        cell = max(cell, text_width(f"{counts_KK.max():,}", SMALL) / 0.9)
    every = math.ceil(classes / NAMES)
    size = min(TEXT, 0.85 * 72 * cell * every)
    names = names[::every]
    wrapped = ["\n".join(wrap(name, _NAME_INCHES, size)) for name in names]
    lines = max(name.count("\n") + 1 for name in wrapped)
    written = wrapped if lines * line_height(size) <= cell * every else list(names)
    frame = _Frame(cell, cell * classes, size, tuple(written), every, across=False)
    return replace(frame, across=frame.name_width <= 0.95 * cell)


def _put_shares(page: Page, axes: Axes, frame: _Frame, counts_KK: NDArray[np.integer]) -> None:
    from matplotlib import colormaps

    shares_KK = _shares(counts_KK)
    colours = colormaps[SEQUENTIAL].with_extremes(bad=ABSENT)
    image = axes.imshow(shares_KK, cmap=colours, vmin=0, vmax=1, interpolation="none")
    left = frame.left + frame.side + 0.1 + _RECALL + _SHARE
    bar = page.axes(left, 0.0, _BAR, min(max(frame.side, 1.4), 3.0))
    page.figure.colorbar(image, cax=bar, label="share of the true class", format=_percent)
    if len(counts_KK) > COUNTS:
        return
    widest = text_width(f"{counts_KK.max():,}") or 1.0
    size = min(TEXT, TEXT * 0.9 * frame.cell / widest)
    for (row, column), count in np.ndenumerate(counts_KK):
        share = shares_KK[row, column]
        colour = "white" if share > 0.55 else INK if count else FAINT
        axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour, size=size)


def _name_classes(axes: Axes, frame: _Frame) -> None:
    places = range(0, len(frame.names) * frame.every, frame.every)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_yticks(places, frame.names, size=frame.size)
    axes.set_xticks(places, frame.names, size=frame.size, rotation=0 if frame.across else 90)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)


def _percent(share: float, _: int) -> str:
    return f"{100 * share:.0f} %"


def _put_recalls(axes: Axes, counts_KK: NDArray[np.integer], frame: _Frame) -> None:
    """A bar for each row, and its number behind the bars."""
    recall_K = recalls(counts_KK)
    places = np.arange(len(recall_K))
    axes.barh(places, np.nan_to_num(recall_K), color=FAINT, alpha=0.6, height=0.5)
    axes.set(xlim=(0, 1), ylim=(len(recall_K) - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_xlabel("recall")
    for place in places[:: frame.every]:
        text = "no picture" if np.isnan(recall_K[place]) else f"{100 * recall_K[place]:.1f} %"
        size = min(SMALL + 0.5, frame.size)
        axes.text(1 + 0.06 / _RECALL, place, text, va="center_baseline", size=size)
