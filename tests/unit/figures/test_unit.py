import numpy as np
import pytest
from measure import faults

from grevy.figures.unit import Counts, PatchPicture, PatchRow, draw_unit, striped


def patch(side=5, unseen=0, title="3.21", words="cat train/000001"):
    pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    seen_hw = np.ones((side, side), bool)
    seen_hw[:unseen] = False
    return PatchPicture(pixels, seen_hw, title, words)


def figure(patches=9, unseen=0, values=((4.0, 5.0), (1.0, 1.0), (0.0, 0.0)), zeros=70, side=5):
    names = f"Top {patches}", f"Middle {patches}", f"Bottom {patches}"
    rows = [
        PatchRow("a few words about this row", name, (patch(side, unseen),) * patches, ends)
        for name, ends in zip(names, values, strict=True)
    ]
    large = [patch(side, title="best of the data: 5"), patch(side, title="made for the unit: 7.1")]
    counts = Counts(np.array([40, 20, 4, 1]), np.array([0.0, 1.5, 3.0, 4.5, 6.0]), zeros)
    return draw_unit(rows, large, counts, "run: channel 3", ["A line."], ["A note."])


@pytest.mark.parametrize("patches", [1, 3, 9])
@pytest.mark.parametrize("side", [1, 5, 32, 224])
def test_nothing_is_cut_and_no_text_lies_on_another(seen, patches, side):
    view = seen(figure(patches, unseen=side // 3, side=side))
    assert not view.cut()
    assert view.overlapping(view.texts()) == []


def test_marks_near_the_right_end_have_their_text_on_the_left(seen):
    view = seen(figure(values=((5.9, 6.0), (5.8, 5.85), (5.7, 5.75))))
    assert not view.cut()
    texts = [t for t in view.texts() if t.get_text().startswith(("top 9", "middle 9", "bottom 9"))]
    assert len(texts) == 3
    assert view.overlapping(texts) == []


def test_zeros_have_a_bar_of_their_own_with_their_number(seen):
    assert "exactly 0: 70" in seen(figure()).words()
    assert "exactly 0" not in seen(figure(zeros=0)).words()


def test_the_key_to_the_stripes_stands_there_only_if_there_are_some(seen):
    assert "padding" in seen(figure(unseen=2)).words()
    assert "padding" not in seen(figure()).words()


def test_pixels_that_are_seen_keep_their_colour_and_others_are_striped_in_no_colour_of_theirs():
    pixels = np.zeros((4, 4, 3), np.uint8)
    seen_hw = np.ones((4, 4), bool)
    seen_hw[0] = False
    drawn = striped(pixels, seen_hw, 0.4)
    factor = len(drawn) // 4
    assert factor * 4 == len(drawn) == 60
    assert not drawn[factor:].any()
    colours = np.unique(drawn[:factor].reshape(-1, 3), axis=0)
    assert len(colours) == 2
    assert colours.min() > 100  # nothing near the black of the pixels below


def test_a_unit_without_any_value_but_0_is_drawn(seen):
    rows = [PatchRow("words", "Top 1", (patch(),), (0.0, 0.0))]
    counts = Counts(np.zeros(0, np.int64), np.zeros(0), 100)
    view = seen(draw_unit(rows, [patch(), patch()], counts, "run: channel 3"))
    assert not view.cut()
    assert "exactly 0: 100" in view.words()


def test_no_fault_is_found():
    assert faults(figure(unseen=2)) == []
