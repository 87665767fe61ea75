import numpy as np
import pytest

from grevy.figures.calibration import Curve, draw_calibration


def curve(name="as it is", accuracy=(0.1, 0.5, 1.0), count=(3, 40, 1200)):
    accuracy = np.array(accuracy)
    confidence = np.array([0.2, 0.6, 1.0])
    low, high = np.clip(accuracy - 0.1, 0, 1), np.clip(accuracy + 0.1, 0, 1)
    return Curve(name, np.array(count), confidence, accuracy, low, high)


def figure(*curves, lines=("A line.",), notes=("A note.",)):
    panels = [("bins of equal width", curves), ("bins of equal mass", curves)]
    return draw_calibration(panels, "run: calibration on test", lines, notes)


@pytest.mark.parametrize("curves", [(curve(),), (curve(), curve("temperature 1.276"))])
def test_nothing_is_cut_and_no_text_lies_on_another(seen, curves):
    view = seen(figure(*curves, lines=["A long line. " * 30, "B."], notes=["A note. " * 40]))
    assert not view.cut()
    assert view.overlapping([t for t in view.texts() if t.get_text()[0].isalpha()]) == []


def test_the_key_names_both_curves_once(seen):
    words = seen(figure(curve(), curve("temperature 1.276"))).words()
    assert words.count("temperature 1.276") == 1
    assert words.count("right as often as sure") == 1


def test_an_empty_bin_has_no_point(seen):
    nothing = np.nan
    view = figure(curve(accuracy=(nothing, 0.5, 1.0), count=(0, 40, 1200)))
    drawn = view.axes[0].containers[0].lines[0].get_xydata()
    assert len(drawn) == 2
    assert np.isfinite(drawn).all()
    assert not seen(view).cut()


def test_counts_and_intervals_are_drawn_as_given():
    view = figure(curve())
    heights = [bar.get_height() for bar in view.axes[1].patches]
    assert heights == [3, 40, 1200]
    ends = view.axes[0].containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([end[:, 1] for end in ends], [[0, 0.2], [0.4, 0.6], [0.9, 1.0]])
