"""From the original size to the network's input, against Pillow's plain operations."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from grevy.data.fit import fit_to, prepare, to_channels

BILINEAR = Image.Resampling.BILINEAR


@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
def test_a_picture_of_the_right_size_passes_untouched(noise, fit):
    pixels = noise(9, 7, 3)
    assert fit_to(pixels, (9, 7), fit) is pixels


def test_crop_is_scaling_and_then_the_centre(noise):
    pixels = noise(64, 128, 3)
    scaled = np.asarray(Image.fromarray(pixels).resize((64, 32), BILINEAR))
    np.testing.assert_array_equal(fit_to(pixels, (32, 32), "crop"), scaled[:, 16:48])


def test_stretch_changes_the_proportions(noise):
    pixels = noise(10, 30)
    expected = np.asarray(Image.fromarray(pixels).resize((8, 8), BILINEAR))
    np.testing.assert_array_equal(fit_to(pixels[..., None], (8, 8), "stretch")[..., 0], expected)


def test_shrinking_averages_instead_of_skipping():
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::2] = 255
    small = fit_to(stripes, (8, 8), "crop")[:, 1:-1].astype(int)
    assert np.abs(small - 128).max() < 8


def test_pad_centres_on_black():
    found = fit_to(np.full((4, 8, 3), 200, np.uint8), (8, 8), "pad")
    assert (found[2:6] == 200).all()
    assert not found[:2].any()
    assert not found[6:].any()


@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
@pytest.mark.parametrize("shape", [(1, 10_000, 3), (10_000, 1, 1), (1, 1, 3)])
def test_extreme_proportions_work_and_show_something(fit, shape):
    found = fit_to(np.full(shape, 200, np.uint8), (16, 24), fit)
    assert found.shape == (16, 24, shape[2])
    assert found.max() == 200


def test_gray_is_repeated_to_rgb(noise):
    pixels = noise(3, 4, 1)
    found = to_channels(pixels, 3)
    assert found.shape == (3, 4, 3)
    assert (found == pixels).all()


def test_rgb_becomes_gray_by_luma():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8)
    assert to_channels(colours, 1)[0, :, 0].tolist() == [76, 150, 29, 9]


def test_prepare_puts_channels_first(noise):
    pixels = noise(5, 6, 3)
    np.testing.assert_array_equal(prepare(pixels, (3, 5, 6), "crop"), pixels.transpose(2, 0, 1))
    assert prepare(pixels, (1, 8, 4), "pad").shape == (1, 8, 4)
