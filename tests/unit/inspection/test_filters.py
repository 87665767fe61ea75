from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import InputError, LayerNotFoundError, ModelArgumentError
from grevy.figures.scale import NOT_A_NUMBER
from grevy.inspection.convolution import filters_of, sees_colours
from grevy.inspection.filters import mosaic
from grevy.inspection.look import look

PICTURE = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


class Two(nn.Module):
    def __init__(self, filters: int = 4) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, filters, 3, padding=1)
        self.second = nn.Conv2d(filters, 5, 3, groups=1)
        self.linear = nn.Linear(5, 2)

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        return self.linear(self.second(self.first(images_BCHW).relu()).mean((2, 3)))


def two(filters: int = 4) -> Classifier:
    torch.manual_seed(0)
    return classifier_of_module(Two(filters), (3, 12, 12), name="two")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_without_a_layer_the_first_convolution_is_drawn_in_colour_on_one_scale() -> None:
    classifier = two()
    view = look(model=classifier, method="filters", sort="index")
    weights_OIHW = classifier.model.first.weight.detach().numpy()
    assert view.layer == "first"
    np.testing.assert_array_equal(view.arrays["weights_OIHW"], weights_OIHW)
    for index, tile in enumerate(view.tiles()):
        parts = 0.5 + weights_OIHW[index].transpose(1, 2, 0) / (2 * np.abs(weights_OIHW).max())
        np.testing.assert_allclose(tile.picture_HW3, 255 * parts, atol=0.51)
    assert view.scale is None
    assert "0.5 + w / (2 ·" in " ".join(view.notes)


def test_later_filters_are_drawn_per_input_channel_around_zero() -> None:
    classifier = two()
    view = look(model=classifier, method="filters", layer="second")
    largest = float(classifier.model.second.weight.detach().abs().max())
    assert (view.scale.kind, view.scale.high) == ("diverging", pytest.approx(largest))
    assert view.scale.low == -view.scale.high
    assert view.tiles()[0].picture_HW3.shape == (7, 7, 3)  # 4 channels of 3×3, lines between
    assert any("its 4 input channels in reading order, 2 rows of up to 2" in n for n in view.notes)


def test_all_filters_come_by_norm_and_chosen_ones_as_chosen() -> None:
    classifier = two()
    with torch.no_grad():
        classifier.model.first.weight *= torch.tensor([1.0, 100.0, 10.0, 1e-9])[:, None, None, None]
    assert look(model=classifier, method="filters").arrays["shown_S"].tolist() == [1, 2, 0, 3]
    assert look(model=classifier, method="filters", sort="index").arrays["shown_S"].tolist() == [
        0,
        1,
        2,
        3,
    ]
    chosen = look(model=classifier, method="filters", channels=(3, 0))
    assert [tile.title for tile in chosen.tiles()] == ["3", "0"]
    assert "sorted" not in " ".join(chosen.notes)
    norms_O = classifier.model.first.weight.detach().flatten(1).norm(dim=1)
    np.testing.assert_allclose(chosen.arrays["norms_O"], norms_O, rtol=1e-5)


def test_a_dead_filter_is_marked_and_drawn_pale_never_stretched() -> None:
    classifier = two()
    with torch.no_grad():
        classifier.model.first.weight[2] *= 1e-5
        classifier.model.second.weight[1] = 0
    first, second = (
        look(model=classifier, method="filters", sort="index"),
        look(model=classifier, method="filters", layer="second", sort="index"),
    )
    assert [tile.marked for tile in first.tiles()] == [False, False, True, False]
    assert [tile.marked for tile in second.tiles()] == [False, True, False, False, False]
    gray = first.tiles()[2].picture_HW3.astype(int)
    assert abs(gray - 127.5).max() <= 1
    assert len(np.unique(second.tiles()[1].picture_HW3[:3, :3].reshape(-1, 3), axis=0)) == 1
    assert first.tiles()[2].numbers.startswith("dead ")
    assert first.lines == ("1 of 4 filters are dead: 2.",)
    assert not first.checks[0].passed


def test_every_tile_has_its_numbers_and_the_page_the_shape() -> None:
    classifier = two()
    view = look(model=classifier, method="filters", channels=(1,))
    weights = classifier.model.first.weight[1].detach()
    said = plain(view.tiles()[0].numbers)
    assert said.startswith(f"norm {weights.norm():.3g} min −")
    for value in (weights.min(), weights.max(), weights.mean()):
        assert f"{value:.2g}".replace("-", "−") in said
    assert "first has 4 filters of 3×3×3" in " ".join(view.notes)


def test_weights_that_are_not_numbers_are_counted_and_yellow() -> None:
    classifier = two()
    with torch.no_grad():
        classifier.model.second.weight[3, 0, 1, 1] = torch.nan
    view = look(model=classifier, method="filters", layer="second")
    assert view.arrays["shown_S"][-1] == 3  # it can't be compared
    assert view.tiles()[-1].picture_HW3[1, 1].tolist() == YELLOW
    assert "1 weight NaN or infinite." in view.lines
    assert view.scale.absent == 1
    assert json.loads(json.dumps(view.as_json(), allow_nan=False))["filters"][-1]["norm"] is None


def test_what_is_no_convolution_is_refused_with_the_convolutions_there_are() -> None:
    with pytest.raises(ModelArgumentError, match=r"Linear.*convolution: first or second"):
        look(model=two(), method="filters", layer="linear")
    with pytest.raises(LayerNotFoundError, match="second"):
        look(model=two(), method="filters", layer="secund")
    linear = classifier_of_module(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (3, 2, 2))
    with pytest.raises(ModelArgumentError, match="without a convolution"):
        look(model=linear, method="filters")


def test_channels_and_orders_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="0 to 3"):
        look(model=two(), method="filters", channels=(4,))
    with pytest.raises(InputError, match="norm or index"):
        look(model=two(), method="filters", sort="size")


def test_more_filters_than_a_page_holds_have_further_pages() -> None:
    view = look(model=two(130), method="filters", sort="index")
    assert view.pages == 2
    assert [tile.title for row in view.sheet(2).rows for tile in row] == ["128", "129"]
    assert "Page 2 of 2: 129 to 130 of 130 shown." in view.sheet(2).notes
    with pytest.raises(InputError, match="1 to 2"):
        view.sheet(3)


def test_filters_of_a_transposed_convolution_are_those_of_its_outputs() -> None:
    for groups in (1, 2):
        module = nn.ConvTranspose2d(4, 6, 3, groups=groups)
        impulse = torch.zeros(1, 4, 1, 1)
        weights_OIHW = filters_of(module)
        assert weights_OIHW.shape == (6, 4 // groups, 3, 3)
        for channel in range(4):
            impulse.zero_()[0, channel] = 1
            with torch.no_grad():
                answer_OHW = module(impulse)[0] - module.bias[:, None, None]
            group, inside = divmod(channel, 4 // groups)
            own = slice(group * 6 // groups, (group + 1) * 6 // groups)
            torch.testing.assert_close(weights_OIHW[own, inside], answer_OHW[own])


def test_only_a_first_convolution_of_three_channels_sees_colours() -> None:
    classifier = two(3)
    assert sees_colours(classifier, "first")
    assert not sees_colours(classifier, "second")  # three channels, but not the picture's
    assert not sees_colours(classifier, "linear")


def test_a_mosaic_has_its_pictures_in_reading_order_with_white_lines() -> None:
    pictures = np.arange(1, 7, dtype=np.uint8)[None, :, None, None, None].repeat(3, axis=-1)
    (found,) = mosaic(pictures)
    assert found[::2, ::2, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert (found[1] == 255).all()
    assert (found[:, 1] == 255).all()


def test_filters_stand_above_the_activations_of_the_same_channels() -> None:
    classifier = two()
    view = look(PICTURE, model=classifier, method="filters-and-activations", channels=(3, 1))
    _, filters, maps = view.sheet().rows
    assert [tile.title for tile in filters] == ["3", "1"]
    with torch.no_grad():
        expected = classifier.model.first(view.activations.inputs.images_NCHW)[0].numpy()
    np.testing.assert_allclose(view.arrays["maps_NCHW"][0], expected, atol=1e-6)
    assert plain(maps[0].numbers).startswith(f"min {expected[3].min():.2g}".replace("-", "−"))
    assert view.sheet().scales == (view.activations.scale,)  # the filters are in colour
    assert (
        len(
            look(PICTURE, model=classifier, method="filters-and-activations", layer="second")
            .sheet()
            .scales
        )
        == 2
    )


def test_of_all_filters_the_activations_come_in_the_order_of_the_norms() -> None:
    view = look(PICTURE, model=two(), method="filters-and-activations")
    assert view.activations.arrays["shown_S"].tolist() == view.filters.arrays["shown_S"].tolist()
    norms_S = view.arrays["norms_O"][view.arrays["shown_S"]]
    assert (np.diff(norms_S) <= 0).all()
    again = look(PICTURE, model=two(), method="filters-and-activations", **view.choices)
    assert again.arrays["shown_S"].tolist() == view.arrays["shown_S"].tolist()
