"""What can be measured of a drawn figure: whether texts can be read, and whether ticks are true.

Pure Matplotlib: a figure is drawn by the Agg renderer, and the boxes of all texts that are seen
are compared. `faults(figure)` is all of it as sentences; a good figure has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, NullFormatter
from matplotlib.transforms import Bbox

from grevy.figures.page import drawing

SLACK = 1.5
"""Pixels that boxes may share: a box has room for accents and descenders that few letters use."""

LEAST = 7.0
"""Points of the smallest text."""


def faults(figure: Figure) -> list[str]:
    """Everything that is wrong, a sentence each."""
    draw(figure)
    return [
        *(f"'{a}' lies on '{b}'" for a, b in overlapping(figure)),
        *(f"'{a}' leaves the page" for a in outside(figure)),
        *(f"'{a}' crosses the border of its axes or bar" for a in across_borders(figure)),
        *(f"'{a}' is crossed by a line" for a in crossed(figure)),
        *(f"'{a}' is of {size:.1f} points" for a, size in too_small(figure)),
        *(f"tick label '{a}' stands at {at:g}" for a, at in untrue_ticks(figure)),
    ]


def draw(figure: Figure) -> None:
    """Bring everything to its place, as saving does."""
    with drawing():
        canvas = figure.canvas
        (canvas if isinstance(canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)).draw()


def texts_of(figure: Figure) -> list[Text]:
    """The texts that are seen."""
    return [text for text, _ in _texts(figure)]


def box_of(text: Text) -> Bbox:
    """Pixels of the text alone, without the arrow of an annotation."""
    return Text.get_window_extent(text)


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other."""
    boxes = [(_words(text), box_of(text)) for text in texts_of(figure)]
    return [(a, b) for (a, box), (b, other) in combinations(boxes, 2) if _overlap(box, other)]


def outside(figure: Figure) -> list[str]:
    """Texts that are not whole on the page."""
    page = figure.bbox
    return [_words(t) for t in texts_of(figure) if not _inside(box_of(t), page)]


def across_borders(figure: Figure) -> list[str]:
    """Texts that are neither inside nor outside of an axes or of a bar beside them."""
    frames = [axes.get_window_extent() for axes in _axes(figure) if axes.axison]
    bars = [
        (axes, bar.get_window_extent())
        for axes in _axes(figure)
        for group in axes.containers
        if isinstance(group, BarContainer)
        for bar in group.patches
    ]
    return [
        _words(text)
        for text, owner in _texts(figure)
        if any(_straddles(box_of(text), frame) for frame in frames)
        or any(_straddles(box_of(text), bar) for axes, bar in bars if axes is owner)
    ]


def crossed(figure: Figure) -> list[str]:
    """Texts inside an axes that one of its lines runs through."""
    written = [(t, axes) for t, axes in _texts(figure) if axes is not None and t in axes.texts]
    return [_words(text) for text, axes in written if _any_line_meets(axes, box_of(text))]


def too_small(figure: Figure, least: float = LEAST) -> list[tuple[str, float]]:
    """Texts below the size in points that can be read."""
    sizes = [(_words(text), float(text.get_fontsize())) for text in texts_of(figure)]
    return [(words, size) for words, size in sizes if size < least]


def untrue_ticks(figure: Figure) -> list[tuple[str, float]]:
    """Tick labels that read as another number than where they stand.

    Labels that were given one by one are names. "50 %" may stand at 0.5 and at 50.
    """
    found = []
    for axis in _axes_of_ticks(figure):
        if isinstance(axis.get_major_formatter(), (FixedFormatter, NullFormatter)):
            continue
        unit = _number(axis.get_offset_text().get_text()) or 1.0
        span = abs(np.subtract(*axis.get_view_interval()))
        for text, at in _tick_labels(axis):
            read = _number(text.get_text())
            good = read is not None and any(
                np.isclose(value, at, rtol=1e-6, atol=1e-6 * span)
                for value in (read * unit, *([read / 100] if "%" in text.get_text() else []))
            )
            if not good:
                found.append((_words(text), float(at)))
    return found


def _axes(figure: Figure) -> Iterator[Axes]:
    for axes in figure.axes:
        if axes.get_visible():
            yield axes
            yield from (child for child in axes.child_axes if child.get_visible())


def _axes_of_ticks(figure: Figure) -> Iterator[Axis]:
    for axes in _axes(figure):
        if axes.axison:
            yield from (axes.xaxis, axes.yaxis)


def _texts(figure: Figure) -> Iterator[tuple[Text, Axes | None]]:
    """Texts that are seen, with the axes that they are drawn in."""
    for text, owner in _all_texts(figure):
        if text.get_visible() and text.get_text().strip():
            yield text, owner


def _all_texts(figure: Figure) -> Iterator[tuple[Text, Axes | None]]:
    yield from ((text, None) for text in figure.texts)
    yield from ((text, None) for legend in figure.legends for text in legend.get_texts())
    for axes in _axes(figure):
        yield from ((text, axes) for text in _titles(axes))
        yield from ((text, axes) for text in axes.texts)
        legend = axes.get_legend()
        if legend is not None and legend.get_visible():
            yield from ((text, axes) for text in legend.get_texts())
        if not axes.axison:
            continue
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_visible():
                yield from ((text, axes) for text, _ in _tick_labels(axis))
                yield axis.label, axes
                yield axis.get_offset_text(), axes


def _titles(axes: Axes) -> list[Text]:
    return [axes.title, axes._left_title, axes._right_title]  # the sides have no public name


def _tick_labels(axis: Axis) -> Iterator[tuple[Text, float]]:
    """Labels of the ticks inside the limits, with the values where they stand."""
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    for tick in axis.get_major_ticks():
        if low - slack <= tick.get_loc() <= high + slack:
            for text in (tick.label1, tick.label2):
                if text.get_visible() and text.get_text().strip():
                    yield text, tick.get_loc()


def _words(text: Text) -> str:
    return " ".join(text.get_text().split())


def _number(words: str) -> float | None:
    r"""'−1,250', '50 %', '1e12', r'$\mathdefault{10^{3}}$' as a number; None for anything else."""
    plain = re.sub(r"\\mathdefault|\\times|[${},%\s]", "", words).replace("−", "-")
    power = re.fullmatch(r"(?:([\d.]+)x?)?10\^(-?\d+)", plain)
    if power:
        return float(power[1] or 1) * 10.0 ** int(power[2])
    try:
        return float(plain)
    except ValueError:
        return None


def _overlap(a: Bbox, b: Bbox) -> bool:
    wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return bool(wide > SLACK and high > SLACK)


def _inside(inner: Bbox, outer: Bbox) -> bool:
    return bool(
        inner.x0 >= outer.x0 - SLACK
        and inner.x1 <= outer.x1 + SLACK
        and inner.y0 >= outer.y0 - SLACK
        and inner.y1 <= outer.y1 + SLACK
    )


def _straddles(text: Bbox, frame: Bbox) -> bool:
    return _overlap(text, frame) and not _inside(text, frame)


def _any_line_meets(axes: Axes, box: Bbox) -> bool:
    inner = Bbox.from_extents(box.x0 + SLACK, box.y0 + SLACK, box.x1 - SLACK, box.y1 - SLACK)
    if inner.width <= 0 or inner.height <= 0:
        return False
    seen = [line for line in axes.lines if line.get_visible() and line.get_linestyle() != "None"]
    return any(_meets(line.get_transform().transform_path(line.get_path()), inner) for line in seen)


def _meets(path: Path, box: Bbox) -> bool:
    whole = path.vertices[np.isfinite(path.vertices).all(axis=1)]
    return len(whole) > 1 and bool(Path(whole).intersects_bbox(box, filled=False))
