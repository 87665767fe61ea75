from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import InputError, LayerNotFoundError, ModelArgumentError
from grevy.figures.scale import NOT_A_NUMBER
from grevy.inspection.activations import order_of
from grevy.inspection.look import look

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), np.uint8)
STATISTICS = {"mean": (0.5, 0.4, 0.3), "standard_deviation": (0.2, 0.25, 0.3)}
YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


class Network(nn.Module):
    """A ReLU in place that is called twice, and a functional one in place."""

    def __init__(self, channels: int = 6) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, stride=2, padding=1)
        self.same = nn.Conv2d(channels, channels, 1)
        self.relu = nn.ReLU(inplace=True)
        self.wide = nn.Conv2d(channels, channels, 1)
        self.linear = nn.Linear(channels, 3)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        first = self.relu(self.conv(images_BCHW))
        second = self.relu(self.same(first))
        return self.linear(F.relu(self.wide(second), inplace=True).mean((2, 3)))


def network(channels: int = 6) -> Classifier:
    torch.manual_seed(0)
    return classifier_of_module(Network(channels), (3, 12, 12), name="network", **STATISTICS)


def seen(view: object) -> np.ndarray:
    return view.arrays["maps_NCHW"]


def by_hand(classifier: Classifier) -> Tensor:
    """The convolution of the normalised pictures, without Grevy."""
    mean, deviation = (np.float32(numbers) for numbers in STATISTICS.values())
    images = ((PICTURES / np.float32(255) - mean) / deviation).transpose(0, 3, 1, 2)
    conv = classifier.model.conv
    images_NCHW = torch.from_numpy(images.astype(np.float32))
    with torch.no_grad():
        return F.conv2d(images_NCHW, conv.weight, conv.bias, stride=2, padding=1)


def test_activations_are_those_of_torchs_convolution_before_the_relu_in_place() -> None:
    classifier = network()
    found, expected = (
        seen(look(PICTURES, model=classifier, method="activations", layer="conv")),
        by_hand(classifier).numpy(),
    )
    assert (expected < 0).any()
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


def test_a_functional_relu_in_place_does_not_change_what_is_seen_before_it() -> None:
    classifier = network()
    model = classifier.model
    with torch.no_grad():
        first = by_hand(classifier).relu()
        expected = model.wide(model.same(first).relu())
    found = seen(look(PICTURES, model=classifier, method="activations", layer="wide"))
    assert (found < 0).any()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_second_call_of_a_module_has_its_own_name() -> None:
    classifier = network()
    first, second, also_first = (
        seen(look(PICTURES, model=classifier, method="activations", layer=layer))
        for layer in ("relu", "relu#2", "relu#1")
    )
    np.testing.assert_allclose(first, by_hand(classifier).relu(), atol=1e-6)
    with torch.no_grad():
        expected = classifier.model.same(torch.from_numpy(first)).relu()
    np.testing.assert_allclose(second, expected, atol=1e-6)
    np.testing.assert_array_equal(first, also_first)
    with pytest.raises(LayerNotFoundError, match="relu#3"):
        look(PICTURES, model=classifier, method="activations", layer="relu#3")


def test_an_unknown_layer_lists_the_nearest_names() -> None:
    with pytest.raises(LayerNotFoundError, match=r"no layer 'con'.*conv"):
        look(PICTURES, model=network(), method="activations", layer="con")


def test_chosen_channels_come_as_chosen_on_the_scale_of_the_whole_layer() -> None:
    classifier = network()
    every = look(PICTURES, model=classifier, method="activations", layer="conv")
    view = look(PICTURES, model=classifier, method="activations", layer="conv", channels=(4, 1))
    assert [tile.title for tile in view.tiles(1)] == ["4", "1"]
    assert view.scale == every.scale
    np.testing.assert_array_equal(view.tiles(1)[0].picture_HW3, every.tiles(1)[4].picture_HW3)
    with pytest.raises(InputError, match="0 to 5"):
        look(PICTURES, model=classifier, method="activations", layer="conv", channels=(6,))


def test_channels_are_sorted_by_index_maximum_or_mean() -> None:
    maps_NCHW = np.zeros((2, 4, 1, 2), np.float32)
    maps_NCHW[0, :, 0] = [[1, 1], [5, -5], [2, 2], [0, 0]]
    maps_NCHW[1, 3, 0] = [9, -20]
    assert order_of(maps_NCHW, "index") == (0, 1, 2, 3)
    assert order_of(maps_NCHW, "maximum") == (3, 1, 2, 0)
    assert order_of(maps_NCHW, "mean") == (2, 0, 1, 3)
    maps_NCHW[0, 2, 0, 0] = np.nan
    assert order_of(maps_NCHW, "maximum") == (3, 1, 0, 2)
    with pytest.raises(InputError, match="index, maximum or mean"):
        look(PICTURES, model=network(), method="activations", layer="conv", sort="norm")


@pytest.mark.parametrize("sort", ["maximum", "mean"])
def test_the_grid_is_in_that_order_and_says_so(sort: str) -> None:
    view = look(PICTURES, model=network(), method="activations", layer="relu", sort=sort)
    key_C = getattr(seen(view), {"maximum": "max", "mean": "mean"}[sort])((0, 2, 3))
    shown = [int(tile.title) for tile in view.tiles(0)]
    assert sorted(shown) == list(range(6))
    assert (np.diff(key_C[shown]) <= 1e-7).all()
    assert f"sorted by {sort}" in " ".join(view.notes)


def test_after_relu_the_scale_starts_at_zero_and_before_it_is_symmetric() -> None:
    after, before = (
        look(PICTURES, model=network(), method="activations", layer=layer).scale
        for layer in ("relu", "conv")
    )
    assert (after.kind, after.low) == ("sequential", 0)
    assert (before.kind, before.low) == ("diverging", -before.high)


def test_a_silent_channel_is_told_and_drawn_as_zero_never_stretched() -> None:
    classifier = network()
    with torch.no_grad():
        classifier.model.conv.bias[2] = -1000
    view = look(PICTURES, model=classifier, method="activations", layer="relu")
    tile = view.tiles(0)[2]
    assert tile.numbers == "all\N{NO-BREAK SPACE}0"
    assert len(np.unique(tile.picture_HW3.reshape(-1, 3), axis=0)) == 1
    assert tile.picture_HW3.min() > 240  # nearly white: 0
    assert "1 of 6 channels are 0 everywhere." in view.lines


def test_nan_is_drawn_yellow_and_told_as_nan_not_as_zero() -> None:
    classifier = network()
    with torch.no_grad():
        classifier.model.conv.weight[1, 0, 0, 0] = torch.nan
        classifier.model.conv.bias[3] = torch.inf
    view = look(PICTURES, model=classifier, method="activations", layer="conv")
    maps = seen(view)
    assert np.isnan(maps[:, 1]).any()
    tiles = view.tiles(0)
    for channel in (1, 3):
        absent = ~np.isfinite(maps[0, channel])
        assert ((tiles[channel].picture_HW3 == YELLOW).all(2) == absent).all()
    assert "NaN" in tiles[1].numbers
    assert "infinite" in tiles[3].numbers
    broken = int((~np.isfinite(maps)).sum())
    assert f"{broken:,} activations NaN or infinite." in view.lines
    told = json.loads(json.dumps(view.as_json(), allow_nan=False))
    assert told["pictures"][0]["channels"][3]["not_finite"] == 36


def test_many_channels_have_pages() -> None:
    view = look(
        PICTURES[:1], model=network(300), method="activations", layer="conv", sort="maximum"
    )
    assert view.pages == 3
    titles = [tile.title for page in (1, 2, 3) for row in view.sheet(page).rows[1:] for tile in row]
    assert titles == [str(channel) for channel in view.arrays["shown_S"]]
    assert "Page 3 of 3: 257 to 300 of 300 shown." in view.sheet(3).notes
    with pytest.raises(InputError, match="1 to 3"):
        view.sheet(4)


def test_each_picture_stands_above_its_own_channels_with_numbers() -> None:
    view = look(PICTURES, model=network(), method="activations", layer="conv", channels=(0, 5))
    first, maps, second, _ = view.sheet().rows
    np.testing.assert_array_equal(first[0].picture_HW3, PICTURES[0])
    np.testing.assert_array_equal(second[0].picture_HW3, PICTURES[1])
    numbers = maps[1].numbers.replace("\N{NO-BREAK SPACE}", " ").split()
    expected = [getattr(seen(view)[0, 5], name)() for name in ("min", "max", "mean")]
    told = [float(number.replace("−", "-")) for number in numbers[1::2]]
    assert told == pytest.approx(expected, rel=0.05)
    assert "conv (Conv2d) puts out 6×6×6 (C, H, W)" in " ".join(view.notes)


def test_a_vector_is_drawn_as_one_value_a_channel() -> None:
    classifier = network()
    view = look(PICTURES, model=classifier, method="activations", layer="linear")
    assert seen(view).shape == (2, 3, 1, 1)
    value = float(view.arrays["activations_NC"][0, 2])
    assert float(view.tiles(0)[2].numbers.replace("−", "-")) == pytest.approx(value, rel=0.01)


def test_what_the_network_does_not_see_is_said() -> None:
    large = np.random.default_rng(1).integers(0, 256, (24, 36), np.uint8)
    notes = " ".join(look(large, model=network(), method="activations", layer="conv").notes)
    assert "36 wide and 24 high, scaled and cropped to 12×12" in notes
    assert "gray repeated to RGB" in notes


class Halves(nn.Module):
    """Its layer works on more items than there are pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 2, 1)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        halves = self.inner(torch.cat(images_BCHW.chunk(2, 2)))
        return halves.mean((2, 3)).reshape(2, -1, 2).sum(0)


def test_a_layer_that_works_on_other_items_than_pictures_is_refused() -> None:
    classifier = classifier_of_module(Halves(), (3, 12, 12))
    with pytest.raises(ModelArgumentError, match="4 items for 2 pictures"):
        look(PICTURES, model=classifier, method="activations", layer="inner")
