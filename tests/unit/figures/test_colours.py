import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from grevy.figures.colours import DIVERGING, FAINT, INK, OKABE_ITO, SEQUENTIAL, SPLIT_COLOURS


def luminance(colour):
    """Relative luminance of sRGB, WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_splits_have_different_colours_of_the_palette():
    assert set(SPLIT_COLOURS) == {"train", "validation", "test"}
    assert len(set(SPLIT_COLOURS.values())) == 3
    assert set(SPLIT_COLOURS.values()) <= set(OKABE_ITO.values())


@pytest.mark.parametrize("colour", [INK, FAINT])
def test_text_has_the_contrast_that_wcag_asks_for(colour):
    assert 1.05 / (luminance(colour) + 0.05) > 4.5


def test_the_sequential_map_gets_steadily_darker_from_nearly_white():
    values = [luminance(c) for c in colormaps[SEQUENTIAL](np.linspace(0, 1, 64))[:, :3]]
    assert values[0] > 0.9
    assert (np.diff(values) < 0).all()


def test_the_diverging_map_is_neutral_in_the_middle_and_as_dark_at_both_ends():
    colours = colormaps[DIVERGING]([0.0, 0.5, 1.0])[:, :3]
    assert np.ptp(colours[1]) < 0.02
    assert luminance(colours[0]) == pytest.approx(luminance(colours[2]), abs=0.05)
