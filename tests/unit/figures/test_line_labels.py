"""Names of lines and points find their place: near, and on nothing else."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from measure import box_of, draw

from grevy.figures.line_labels import apart
from grevy.figures.numerals import counted
from grevy.figures.page import drawing, wrap
from grevy.figures.point_names import NamedPoint, put_names


def test_names_stay_where_their_lines_end_when_there_is_room():
    wanted = np.array([3.0, 1.0])
    assert apart(wanted, np.array([0.2, 0.2]), 4.0).tolist() == [3.0, 1.0]


@pytest.mark.parametrize("wanted", [[1.0, 1.0, 1.0], [3.99, 4.0, 3.98], [0.0, 0.01, 0.0]])
def test_names_that_would_overlap_are_moved_apart_inside_the_room_and_keep_their_order(wanted):
    heights = np.full(3, 0.3)
    places = apart(np.array(wanted), heights, 4.0)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(places[order]) >= 0.3 - 1e-9).all()
    assert places.min() >= 0.15 - 1e-9
    assert places.max() <= 3.85 + 1e-9


def test_names_of_points_at_one_place_lie_side_by_side():
    with drawing():
        figure = Figure((4, 3), dpi=150)
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        axes.set(xlim=(0, 2), ylim=(0, 2))
        put_names(axes, [NamedPoint(f"point {i}", 1, 1, 0.8, 1.2) for i in range(6)], "gray")
    draw(figure)
    boxes = [box_of(text) for text in axes.texts]
    assert len(boxes) == 6
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_long_word_is_broken_behind_its_punctuation_before_it_is_broken_in_letters():
    with drawing():
        lines = wrap("optimizer.weight_decay=0.0005,schedule=one-cycle", 1.5)
        assert "".join(lines) == "optimizer.weight_decay=0.0005,schedule=one-cycle"
        assert all(line[-1] in ".=,_-" for line in lines[:-1])
        assert len(wrap("x" * 60, 1.5)) > 1


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(1, "picture", "1 picture"), (0, "picture", "0 pictures"), (2, "class", "2 classes")],
)
def test_a_number_agrees_with_its_noun(count, noun, text):
    assert counted(count, noun) == text
