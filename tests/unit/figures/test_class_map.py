import numpy as np
import pytest

from grevy.figures.class_map import in_words, over_picture
from grevy.figures.scale import (
    NO_EVIDENCE,
    NOT_A_NUMBER,
    attribution_scale,
    class_map_scale,
    render,
)

YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


def gray(value, side=6):
    return np.full((side, side, 3), value, np.uint8)


def test_each_cell_of_the_map_covers_its_own_pixels_unsmoothed():
    map_hw = np.array([[0.0, 1.0], [2.0, 4.0]])
    scale = class_map_scale(map_hw)
    shown = over_picture(gray(255), map_hw, scale)
    expected = render(map_hw, scale).repeat(3, 0).repeat(3, 1)
    np.testing.assert_array_equal(shown, expected)  # on white, the colours themselves


@pytest.mark.parametrize("background", [0, 128, 255])
def test_evidence_is_seen_on_dark_and_on_light_pictures(background):
    map_hw = np.array([[0.0, 1.0]])
    shown = over_picture(gray(background), map_hw, class_map_scale(map_hw)).astype(int)
    without, evidence = shown[0, 0], shown[0, -1]
    assert np.abs(without - evidence).max() > 80


def test_the_picture_is_seen_under_the_map():
    picture = gray(0)
    picture[:, 3:] = 255
    shown = over_picture(picture, np.ones((1, 1)), attribution_scale(np.array([1.0, -1.0])))
    assert shown[0, 0].sum() < 0.6 * shown[0, 5].sum()


def test_a_map_that_does_not_divide_the_picture_reaches_its_ends():
    map_hw = np.arange(4.0)[None]
    scale = class_map_scale(map_hw)
    shown = over_picture(gray(255), map_hw, scale)
    np.testing.assert_array_equal(shown[0, 0], render(map_hw, scale)[0, 0])
    np.testing.assert_array_equal(shown[0, 5], render(map_hw, scale)[0, 3])


def test_nan_is_yellow_over_the_picture_too():
    map_hw = np.array([[np.nan, 0.0]])
    shown = over_picture(gray(255), map_hw, class_map_scale(map_hw))
    assert shown[0, 0].tolist() == YELLOW
    assert shown[0, 5].tolist() != YELLOW


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.5, -3.0], "maximum 0.5"),
        ([0.0, -3.0], NO_EVIDENCE),
        ([np.nan, 2.0], "maximum 2, 1 NaN or infinite"),
        ([np.nan, np.nan], "no number 2 NaN"),
    ],
)
def test_the_raw_maximum_is_said_and_nan_is_not_taken_for_no_evidence(values, said):
    assert in_words(np.array([values])).replace("\N{NO-BREAK SPACE}", " ") == said
