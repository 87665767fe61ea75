"""Pictures as points in two dimensions: classes in colours, mistakes as crosses.

At most 24 classes are told apart, by eight colours and three shapes; of more, the most frequent
mistakes decide which are coloured, and the rest is gray.

Shapes: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import ABSENT, FAINT, INK, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, drawing, line_height, new_page, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _LEFT, _GAP, _BOTTOM, _LEGEND = 3.9, 0.35, 0.4, 0.35, 1.5
_WIDTH = _LEFT + 2 * _SIDE + _GAP + _LEGEND + 2 * MARGIN

_COLOURS = tuple(colour for name, colour in OKABE_ITO.items() if name != "yellow")
_MARKERS = ("o", "s", "^")
MOST_CLASSES = len(_COLOURS) * len(_MARKERS)


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
        found = [part for line in lines for part in wrap(lettering.fit(line, 600), room)]
        foot = 0.3 + _SIDE + _BOTTOM + 0.1
        height = foot + len(found) * line_height()
        page = new_page(_WIDTH, height, lettering.fit(title), [*notes, *lettering.notes])
        for index, cloud in enumerate(clouds):
            axes = page.axes(_LEFT + index * (_SIDE + _GAP), 0.3, _SIDE, _SIDE)
            _draw_cloud(axes, cloud, labels_N, wrong_N, shown, classes, lettering)
        handles, names = axes.get_legend_handles_labels()
        axes.legend(
            handles, names, loc="upper left", bbox_to_anchor=(1.02, 1.02), borderaxespad=0.0,
            fontsize=SMALL, frameon=False, markerscale=1.6,
        )  # fmt: skip
        page.text(MARGIN, foot, "\n".join(found), gid="lines")
    return page.figure


def _coloured(labels_N: NDArray[np.int64], wrong_N: NDArray[np.bool_], classes: int) -> list[int]:
    """Classes that get a colour: all, or those with the most mistakes, in their own order."""
    present = np.flatnonzero(np.bincount(labels_N, minlength=classes))
    mistakes = np.bincount(labels_N[wrong_N], minlength=classes)[present]
    chosen = present[np.argsort(-mistakes, kind="stable")[:MOST_CLASSES]]
    return sorted(chosen.tolist())


def _draw_cloud(
    axes: Axes,
    cloud: Cloud,
    labels_N: NDArray[np.int64],
    wrong_N: NDArray[np.bool_],
    shown: Sequence[int],
    classes: Sequence[str],
    lettering: Lettering,
) -> None:
    axes.set_title(cloud.name, fontsize=9)
    rest_N = ~np.isin(labels_N, shown)
    if rest_N.any():
        x_N, y_N = cloud.points_N2[rest_N].T
        axes.scatter(x_N, y_N, s=5, color=ABSENT, linewidths=0, label="other")
    for place, label in enumerate(shown):
        of_class = labels_N == label
        colour = _COLOURS[place % len(_COLOURS)]
        marker = _MARKERS[place // len(_COLOURS)]
        name = lettering.fit(classes[label], 20)
        x_N, y_N = cloud.points_N2[of_class].T
        axes.scatter(
            x_N, y_N, s=7, alpha=0.75, linewidths=0, label=name, color=colour, marker=marker
        )
        axes.text(
            float(np.median(x_N)), float(np.median(y_N)), name,
            ha="center", va="center", size=SMALL, color=INK,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8},
        )  # fmt: skip
    x_N, y_N = cloud.points_N2[wrong_N].T
    axes.scatter(x_N, y_N, s=14, marker="x", linewidths=0.6, color=FAINT, label="mistaken")
    axes.set(xticks=[], yticks=[], xlabel=cloud.axes[0], ylabel=cloud.axes[-1])
