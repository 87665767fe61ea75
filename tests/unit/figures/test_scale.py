import numpy as np
import pytest

from grevy.errors import InputError
from grevy.figures.scale import (
    NO_EVIDENCE,
    NOT_A_NUMBER,
    Scale,
    activations_scale,
    attribution_scale,
    changes_scale,
    class_map_scale,
    dead_filters,
    filter_rgb,
    filter_rgb_note,
    magnitude_scale,
    render,
    weights_scale,
)

YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


def ends(scale):
    return scale.kind, scale.low, scale.high


def thousands():
    """0 to 0.999 in 4,000 values, and three outliers."""
    values = np.tile(np.arange(1000) / 1000, 4)
    values[:3] = 50, 60, 70
    return values


def test_weights_are_symmetric_around_zero_up_to_the_largest_and_nothing_is_clipped():
    assert ends(weights_scale(np.array([0.1, -3.0, 2.0]))) == ("diverging", -3, 3)
    assert "beyond" not in weights_scale(thousands()).note
    assert weights_scale(thousands()).high == 70


def test_activations_after_relu_go_from_zero_to_the_percentile_and_the_note_says_it():
    scale = activations_scale(thousands())
    assert ends(scale) == ("sequential", 0, 0.999)
    assert "99.9 percentile" in scale.note
    assert "3 values beyond it, up to 70.0" in scale.note or "3 values beyond it, up to 70" in (
        scale.note
    )


def test_one_negative_value_makes_activations_symmetric():
    assert ends(activations_scale(np.array([3.0, -0.5]))) == ("diverging", -3, 3)


def test_attributions_and_changes_are_symmetric_even_if_all_are_positive():
    for rule in (attribution_scale, changes_scale):
        assert ends(rule(np.array([1.0, 2.0]))) == ("diverging", -2, 2)
        assert rule(thousands()).high == 0.999


def test_sizes_go_from_zero_to_the_percentile():
    assert ends(magnitude_scale(thousands())) == ("sequential", 0, 0.999)


def test_class_maps_go_from_zero_to_the_maximum_of_all_that_are_compared():
    scale = class_map_scale([np.array([[0.5, 2.0]]), np.array([[-1.0, 7.0, 0.0]])])
    assert ends(scale) == ("sequential", 0, 7)
    assert "1 negative value drawn as 0" in scale.note
    assert class_map_scale(thousands()).high == 70


def test_a_class_map_is_never_moved_so_that_its_minimum_becomes_zero():
    maps = np.array([[4.0, 5.0]])
    low, high = render(maps, class_map_scale(maps))[0].astype(int).sum(1)
    lightest = render(np.zeros((1, 1)), class_map_scale(maps))[0, 0].astype(int).sum()
    assert high < low < lightest


@pytest.mark.parametrize("maps", [np.zeros((2, 2)), np.array([[-1.0, -2.0]])])
def test_without_a_positive_value_a_class_map_says_so_and_is_neutral(maps):
    scale = class_map_scale(maps)
    assert NO_EVIDENCE in scale.note
    assert scale.high == 0
    neutral = render(np.zeros(1), Scale("sequential", 0, 1, ""))[0]
    assert (render(maps, scale) == neutral).all()


def test_what_is_not_a_number_is_yellow_counted_and_left_out_of_the_scale():
    values = np.array([[1.0, np.nan, np.inf, -np.inf, -2.0]])
    for rule in (weights_scale, activations_scale, attribution_scale, class_map_scale):
        scale = rule(values)
        assert scale.absent == 3
        assert scale.high <= 2
        assert "3 values NaN or infinite, drawn yellow" in scale.note
        shown = render(values, scale)[0]
        assert (shown[1:4] == YELLOW).all()
        assert (shown[[0, 4]] != YELLOW).any(1).all()


def test_nothing_but_nan_is_said_and_is_not_called_zero_or_without_evidence():
    values = np.full((2, 2), np.nan)
    for rule in (weights_scale, activations_scale, class_map_scale):
        scale = rule(values)
        assert "no value is a number" in scale.note
        assert NO_EVIDENCE not in scale.note
        assert (render(values, scale) == YELLOW).all()


@pytest.mark.parametrize("kind", ["sequential", "diverging"])
def test_no_finite_value_has_the_colour_of_nan(kind):
    scale = Scale(kind, -1.0 if kind == "diverging" else 0.0, 1.0, "")
    colours = render(np.linspace(-1, 1, 999), scale).astype(int)
    assert np.abs(colours - YELLOW).sum(1).min() > 100


def test_zero_is_neutral_and_equal_sizes_are_equally_far_from_it():
    scale = weights_scale(np.array([-4.0, 1.0]))
    zero, less, more = render(np.array([0.0, -2.0, 2.0]), scale).astype(int)
    assert zero.min() > 240  # nearly white
    assert less[2] > less[0]  # blue below
    assert more[0] > more[2]  # red above


def test_values_beyond_the_ends_have_the_colours_of_the_ends():
    scale = Scale("sequential", 0, 1, "")
    below, low, high, beyond = render(np.array([-5.0, 0.0, 1.0, 9.0]), scale)
    assert (below == low).all()
    assert (beyond == high).all()


@pytest.mark.parametrize("rule", [weights_scale, activations_scale, attribution_scale])
def test_a_layer_of_zeros_is_neutral_never_stretched(rule):
    scale = rule(np.zeros((3, 4)))
    assert "is 0" in scale.note
    assert (scale.low, scale.high) == (0, 0)
    colours = np.unique(render(np.zeros((3, 4)), scale).reshape(-1, 3), axis=0)
    assert len(colours) == 1
    assert colours.min() > 240


def test_a_dead_filter_stays_pale_beside_a_strong_one():
    weights = np.zeros((2, 3, 3))
    weights[0] = np.linspace(-1, 1, 9).reshape(3, 3)
    weights[1] = weights[0] * 1e-4
    strong, dead = render(weights, weights_scale(weights))
    assert len(np.unique(strong.reshape(-1, 3), axis=0)) == 9
    assert len(np.unique(dead.reshape(-1, 3), axis=0)) == 1


def test_the_shape_is_kept_value_for_value():
    values = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    shown = render(values, weights_scale(values))
    assert shown.shape == (2, 3, 4, 5, 3)
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown[1, 2], render(values[1, 2], weights_scale(values)))


def test_no_values_at_all_have_a_scale():
    assert activations_scale([]).high == 0
    assert render(np.empty((0, 2, 2)), activations_scale([])).shape == (0, 2, 2, 3)


def test_filters_in_colour_are_gray_at_zero():
    weights = np.zeros((2, 3, 1, 2))
    weights[0, :, 0, 0] = 2, -2, 1
    shown = filter_rgb(weights, 2)
    assert shown[0, 0, 0].tolist() == [255, 0, 191]
    assert (shown[1] == 128).all()
    assert (filter_rgb(weights * 0, 0) == 128).all()
    weights[1, 2, 0, 1] = np.nan
    assert filter_rgb(weights, 2)[1, 0].tolist() == [[128] * 3, YELLOW]
    assert "0.5 + w / (2 · 2)" in filter_rgb_note(weights)
    assert "1 value NaN" in filter_rgb_note(weights)
    assert "is 0" in filter_rgb_note(weights[:1] * 0)
    with pytest.raises(InputError, match="red, green and blue"):
        filter_rgb(np.zeros((1, 4, 3, 3)), 1)


def test_dead_filters_are_those_below_a_thousandth_of_the_layers_largest_weight():
    weights = np.array([[1.0, -10.0], [0.0, 0.0], [0.009, 0], [0.011, 0], [np.nan, 0], [np.inf, 0]])
    assert dead_filters(weights).tolist() == [False, True, True, False, False, False]
    assert dead_filters(np.zeros((2, 1, 3, 3))).tolist() == [True, True]
