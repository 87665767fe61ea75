import numpy as np
import pytest

from grevy.figures.class_map import in_words, over_dark_and_light, over_picture
from grevy.figures.scale import (
    NO_EVIDENCE,
    NOT_A_NUMBER,
    attribution_scale,
    class_map_scale,
)

YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


def gray(value, side=6):
    return np.full((side, side, 3), value, np.uint8)


def test_each_cell_of_the_map_covers_its_own_pixels_unsmoothed():
    map_hw = np.array([[0.0, 1.0], [2.0, 4.0]])
    shown = over_picture(gray(255), map_hw, class_map_scale(map_hw))
    for rows in (slice(0, 3), slice(3, 6)):
        for columns in (slice(0, 3), slice(3, 6)):
            assert len(np.unique(shown[rows, columns].reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == 4


def test_where_nothing_speaks_for_the_class_the_picture_is_as_it_was():
    picture = np.random.default_rng(0).integers(0, 256, (6, 6, 1), np.uint8).repeat(3, 2)
    map_hw = np.array([[0.0, 1.0]])
    shown = over_picture(picture, map_hw, class_map_scale(map_hw))
    np.testing.assert_array_equal(shown[:, :3], picture[:, :3])


def test_the_tint_grows_with_the_value():
    map_hw = np.arange(5.0)[None]
    shown = over_picture(gray(255, side=5), map_hw, class_map_scale(map_hw)).astype(int)
    assert (np.diff(shown[0, :, 0]) < 0).all()


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


def test_a_third_of_the_contrast_is_left_under_the_strongest_evidence():
    picture = gray(0)
    picture[:, 3:] = 255
    shown = over_picture(picture, np.ones((1, 1)), class_map_scale(np.ones(1))).astype(int)
    assert (shown[0, 5] - shown[0, 0]).min() >= 85


def test_a_map_that_does_not_divide_the_picture_reaches_its_ends():
    map_hw = np.arange(4.0)[None]
    scale = class_map_scale(map_hw)
    shown = over_picture(gray(255), map_hw, scale)
    np.testing.assert_array_equal(shown[0, 0], over_picture(gray(255), map_hw[:, :1], scale)[0, 0])
    np.testing.assert_array_equal(shown[0, 5], over_picture(gray(255), map_hw[:, 3:], scale)[0, 0])


def test_what_speaks_against_a_class_has_the_other_colour():
    scale = attribution_scale(np.array([1.0, -1.0]))
    shown = over_picture(gray(128), np.array([[-1.0, 1.0]]), scale).astype(int)
    (red, _, blue), (red_above, _, blue_above) = shown[0, 0], shown[0, -1]
    assert blue > red
    assert red_above > blue_above


def test_the_bar_shows_the_tint_on_dark_and_on_light():
    scale = class_map_scale(np.array([2.0]))
    values = np.array([[2.0], [0.0]])
    bar = over_dark_and_light(values, scale)
    assert bar.shape == (2, 2, 3)
    picture = np.array([[bar[1, 0], bar[1, 1]]])  # the plain grays
    np.testing.assert_array_equal(bar[:1], over_picture(picture, values[:1], scale))


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
