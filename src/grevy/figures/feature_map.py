"""Pictures as points in two dimensions: classes in colours, mistakes as crosses.

At most 21 classes are told apart, by seven colours and three marks; of more, the most frequent
mistakes decide which are coloured, and the rest is gray. Points lie over one another in the order
of the pictures, not of the classes, so that no class hides the others.

Shapes: N pictures, K classes, L names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import ABSENT, INK, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, drawing, line_height, new_page, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _LEFT, _GAP, _BOTTOM, _LEGEND = 3.9, 0.35, 0.4, 0.35, 1.5
_WIDTH = _LEFT + 2 * _SIDE + _GAP + _LEGEND + 2 * MARGIN

_COLOURS = tuple(colour for name, colour in OKABE_ITO.items() if name != "yellow")
_MARKS = (("o", True), ("o", False), ("^", True))
"""Marker, and whether it is filled: a ring is told from a dot more easily than a square."""

MOST_CLASSES = len(_COLOURS) * len(_MARKS)

_ROUNDS = 100

_INK_OF_ALL, _LEAST_DOT, _LARGEST_DOT = 5_000, 7, 36
"""Square points: of all dots together, and of one."""

_TURNS, _STEPS, _STEP = 16, 6, 0.035
"""Directions in which a name moves away from its points, and steps in parts of the panel."""


@dataclass(frozen=True)
class Cloud:
    """One panel.

    Attributes:
        name: above it.
        points_N2: coordinates.
        axes: what they are; "" where that means nothing.
    """

    name: str
    points_N2: NDArray[np.float64]
    axes: tuple[str, ...]


def draw_feature_map(
    clouds: Sequence[Cloud],
    labels_N: NDArray[np.int64],
    wrong_N: NDArray[np.bool_],
    classes: Sequence[str],
    title: str,
    lines: Sequence[str],
    notes: Sequence[str],
) -> Figure:
    """Two clouds of the same pictures side by side.

    Args:
        clouds: the two panels.
        labels_N: true classes.
        wrong_N: whether the network is mistaken.
        classes: names of all K.
        title: drawn above.
        lines: what was found, as sentences below.
        notes: what may be read from it.
    """
    shown = _coloured(labels_N, wrong_N, len(classes))
    left_out = len(np.unique(labels_N)) - len(shown)
    if left_out > 0:
        notes = [*notes, f"{left_out} classes with fewer mistakes are gray."]
    with drawing([title, *lines, *notes, *classes]) as lettering:
        room = _WIDTH - 2 * MARGIN
        found = [part for line in lines for part in wrap(lettering.line(line, 600), room)]
        foot = 0.3 + _SIDE + _BOTTOM + 0.1
        height = foot + len(found) * line_height()
        page = new_page(_WIDTH, height, lettering.line(title), [*notes, *lettering.notes])
        for index, cloud in enumerate(clouds):
            axes = page.axes(_LEFT + index * (_SIDE + _GAP), 0.3, _SIDE, _SIDE)
            _put_cloud(axes, cloud, labels_N, wrong_N, shown, classes, lettering)
        handles, names = axes.get_legend_handles_labels()
        axes.legend(
            handles, names, loc="upper left", bbox_to_anchor=(1.02, 1.02), borderaxespad=0.0,
            fontsize=SMALL, frameon=False,
        )  # fmt: skip
        page.text(MARGIN, foot, "\n".join(found), gid="lines")
    return page.figure


def _coloured(labels_N: NDArray[np.int64], wrong_N: NDArray[np.bool_], classes: int) -> list[int]:
    """Classes that get a colour: all, or those with the most mistakes, in their own order."""
    present = np.flatnonzero(np.bincount(labels_N, minlength=classes))
    mistakes = np.bincount(labels_N[wrong_N], minlength=classes)[present]
    chosen = present[np.argsort(-mistakes, kind="stable")[:MOST_CLASSES]]
    return sorted(chosen.tolist())


def _put_cloud(
    axes: Axes,
    cloud: Cloud,
    labels_N: NDArray[np.int64],
    wrong_N: NDArray[np.bool_],
    shown: Sequence[int],
    classes: Sequence[str],
    lettering: Lettering,
) -> None:
    axes.set_title(cloud.name, fontsize=9)
    names = [lettering.line(classes[label], 20) for label in shown]
    size = min(_LARGEST_DOT, max(_LEAST_DOT, _INK_OF_ALL / len(labels_N)))
    _put_points(axes, cloud.points_N2, _places(labels_N, shown), names, size)
    _put_crosses(axes, cloud.points_N2[wrong_N], size)
    axes.margins(0.08)
    axes.set(xticks=[], yticks=[], xlabel=cloud.axes[0], ylabel=cloud.axes[-1])
    medians_L2 = np.array([np.median(cloud.points_N2[labels_N == label], 0) for label in shown])
    _put_names(axes, names, medians_L2, cloud.points_N2, math.sqrt(size) / 72 / _SIDE)


def _put_crosses(axes: Axes, points_M2: NDArray[np.float64], size: float) -> None:
    """On what is mistaken, dark with a light rim: seen on a dot of any colour."""
    x_M, y_M = points_M2.T
    axes.scatter(x_M, y_M, s=1.3 * size, marker="x", linewidths=2.4, color="white")
    axes.scatter(x_M, y_M, s=size, marker="x", linewidths=1.0, color=INK, label="mistaken")


def _places(labels_N: NDArray[np.int64], shown: Sequence[int]) -> NDArray[np.int64]:
    """Of each picture's class among those shown; -1 of the others."""
    places_K = np.full(int(labels_N.max()) + 1, -1)
    places_K[list(shown)] = np.arange(len(shown))
    places_N: NDArray[np.int64] = places_K[labels_N]
    return places_N


def _put_points(
    axes: Axes,
    points_N2: NDArray[np.float64],
    places_N: NDArray[np.int64],
    names: Sequence[str],
    size: float,
) -> None:
    for place, name in enumerate(names):  # for the legend
        axes.scatter([], [], label=name, **_style(np.array([place]), _LARGEST_DOT))
    rest_N = places_N < 0
    if rest_N.any():
        x_N, y_N = points_N2[rest_N].T
        axes.scatter(x_N, y_N, s=size / 2, color=ABSENT, linewidths=0, label="other")
    for mark in range(len(_MARKS)):
        of_mark_N = ~rest_N & (places_N // len(_COLOURS) == mark)
        if of_mark_N.any():
            x_N, y_N = points_N2[of_mark_N].T
            axes.scatter(x_N, y_N, **_style(places_N[of_mark_N], size))


def _style(places_N: NDArray[np.int64], size: float) -> dict[str, Any]:
    """How points are drawn whose classes have one mark."""
    colours = [_COLOURS[place % len(_COLOURS)] for place in places_N]
    marker, filled = _MARKS[places_N[0] // len(_COLOURS)]
    if filled:
        look: dict[str, Any] = {"facecolors": colours, "edgecolors": "none", "linewidths": 0}
    else:
        look = {"facecolors": "none", "edgecolors": colours, "linewidths": 0.8}
    return {**look, "s": size, "marker": marker, "alpha": 0.8}


def _put_names(
    axes: Axes,
    names: Sequence[str],
    medians_L2: NDArray[np.float64],
    points_N2: NDArray[np.float64],
    dot: float,
) -> None:
    """Each beside the median of its points, where it touches the fewest dots of that diameter."""
    from matplotlib.patheffects import withStroke

    to_axes = axes.transData - axes.transAxes
    sizes_L2 = np.array([(text_width(name, SMALL), line_height(SMALL)) for name in names])
    sizes_L2 = (sizes_L2 + 0.03) / _SIDE
    wanted_L2, points_N2 = (to_axes.transform(points) for points in (medians_L2, points_N2))
    beside_L2 = free_places(wanted_L2, sizes_L2 + dot, points_N2)
    for name, (x, y) in zip(names, apart(beside_L2, sizes_L2), strict=True):
        axes.text(
            x, y, name, transform=axes.transAxes, ha="center", va="center", size=SMALL, color=INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def free_places(
    wanted_L2: NDArray[np.float64], sizes_L2: NDArray[np.float64], points_N2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For each box a place near the wanted one that covers few points and no box before it.

    Args:
        wanted_L2: centres, x and y from 0 to 1.
        sizes_L2: width and height.
        points_N2: that are better not covered.

    Returns:
        Centres; boxes are whole inside the panel.
    """
    turns = np.linspace(0, 2 * np.pi, _TURNS, endpoint=False)
    steps = _STEP * np.arange(1, _STEPS + 1)
    around_D2 = np.stack([np.cos(turns), np.sin(turns)], -1)[:, None] * steps[:, None]
    moves_D2 = np.concatenate([np.zeros((1, 2)), around_D2.reshape(-1, 2)])
    placed_L2 = np.empty_like(wanted_L2)
    for i, (wanted, size) in enumerate(zip(wanted_L2, sizes_L2, strict=True)):
        centres_D2 = np.clip(wanted + moves_D2, size / 2, 1 - size / 2)
        hidden_D = _meet(centres_D2, size, points_N2, np.zeros(2)).sum(1)
        taken_D = _meet(centres_D2, size, placed_L2[:i], sizes_L2[:i]).any(1)
        far_D = np.linalg.norm(centres_D2 - wanted, axis=1)
        placed_L2[i] = centres_D2[np.argmin(hidden_D + 1e6 * taken_D + 10 * far_D)]
    return placed_L2


def _meet(
    centres_D2: NDArray[np.float64],
    size: NDArray[np.float64],
    others_M2: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which boxes [D, M] share a place."""
    apart_DM2 = np.abs(centres_D2[:, None] - others_M2)
    return np.asarray((apart_DM2 < (size + sizes) / 2).all(2), np.bool_)


def apart(centres_L2: NDArray[np.float64], sizes_L2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes pushed up and down until none lies on another.

    Args:
        centres_L2: x and y.
        sizes_L2: width and height in the same unit.

    Returns:
        New centres; x is kept.
    """
    moved_L2 = centres_L2.copy()
    for _ in range(_ROUNDS):
        quiet = True
        for i, j in combinations(range(len(moved_L2)), 2):
            overlap = (sizes_L2[i] + sizes_L2[j]) / 2 - np.abs(moved_L2[i] - moved_L2[j])
            if (overlap > 1e-9).all():
                up = 0.5 if moved_L2[i, 1] >= moved_L2[j, 1] else -0.5
                moved_L2[[i, j], 1] += np.array([up, -up]) * overlap[1]
                quiet = False
        if quiet:
            break
    return moved_L2
