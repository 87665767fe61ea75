from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import DifferentNetworksError, InputError
from grevy.inspection.look import look
from grevy.models import build_model

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


@pytest.fixture
def early() -> Classifier:
    torch.manual_seed(0)
    return classifier_of_module(build_model("base", (3, 32, 32), 10), (3, 32, 32), name="early")


@pytest.fixture
def late(early: Classifier) -> Classifier:
    """The same network with a first convolution that is three times as large."""
    model = copy.deepcopy(early.model)
    with torch.no_grad():
        model.conv1.weight *= 3
        model.conv1.bias *= 3
    return classifier_of_module(model, (3, 32, 32), name="late")


def test_both_are_drawn_on_one_scale(early: Classifier, late: Classifier) -> None:
    view = look(PICTURE, model=early, other=late, method="activations", layer="conv1")
    assert view.first.scale == view.second.scale
    alone = look(PICTURE, model=late, method="activations", layer="conv1").scale
    assert 0 < view.scale.high <= alone.high
    assert (
        view.scale.high
        > 1.5 * look(PICTURE, model=early, method="activations", layer="conv1").scale.high
    )


def test_changes_are_the_second_minus_the_first(early: Classifier, late: Classifier) -> None:
    view = look(
        PICTURE, model=early, other=late, method="activations", layer="conv1", channels=(5, 2)
    )
    before = look(PICTURE, model=early, method="activations", layer="conv1").arrays["maps_NCHW"][0]
    assert [name for name, _ in view.changes] == ["5", "2"]
    np.testing.assert_allclose(view.changes[1][1], 2 * before[2], rtol=1e-5, atol=1e-6)


def test_the_second_shows_the_channels_of_the_first_in_its_order(
    early: Classifier, late: Classifier
) -> None:
    with torch.no_grad():
        late.model.conv1.bias[7] += 100
    view = look(
        PICTURE, model=early, other=late, method="activations", layer="conv1", sort="maximum"
    )
    shown = [view.arrays[f"{which}_shown_S"].tolist() for which in ("first", "second")]
    assert shown[0] == shown[1]
    assert (
        look(PICTURE, model=late, method="activations", layer="conv1", sort="maximum").arrays[
            "shown_S"
        ][0]
        == 7
    )


def test_colour_filters_share_their_scale_too(early: Classifier, late: Classifier) -> None:
    view = look(model=early, other=late, method="filters")
    tiles = {which: v.tiles() for which, v in (("1", view.first), ("2", view.second))}
    small = np.ptp(tiles["1"][0].picture_HW3.astype(int))
    large = np.ptp(tiles["2"][0].picture_HW3.astype(int))
    assert large == pytest.approx(3 * small, abs=6)
    assert all("in both" in " ".join(v.notes) for v in (view.first, view.second))


def test_a_row_that_is_the_same_in_both_stands_once(early: Classifier, late: Classifier) -> None:
    sheet = look(
        PICTURE, model=early, other=late, method="activations", layer="conv1", channels=(0,)
    ).sheet()
    assert sheet.row_titles == ("", "early", "late", "change")


def test_class_maps_and_overviews_stand_side_by_side(early: Classifier, late: Classifier) -> None:
    maps = look(PICTURE, model=early, other=late, method="gradcam", class_name=3)
    assert maps.first.scale == maps.second.scale
    assert [name for name, _ in maps.changes] == ["for 3"]
    overview = look(PICTURE, model=early, other=late)
    assert overview.first.scale == overview.second.scale
    assert overview.first.last.scale == overview.second.last.scale
    assert overview.draw().texts


def test_networks_of_different_size_are_refused(early: Classifier) -> None:
    small = classifier_of_module(build_model("base", (3, 16, 16), 10), (3, 16, 16))
    with pytest.raises(DifferentNetworksError, match="one layer of one size in both"):
        look(PICTURE, model=early, other=small, method="activations", layer="conv1")
    other = classifier_of_module(build_model("resnet18", (3, 32, 32), 10), (3, 32, 32))
    with pytest.raises((DifferentNetworksError, InputError)):
        look(PICTURE, model=other, other=early, method="activations", layer="conv1")


def test_equal_names_are_told_apart(early: Classifier) -> None:
    view = look(PICTURE, model=early, other=early, method="activations", layer="conv1")
    assert view.names == ("early (first)", "early (second)")
    assert all(not change.any() for _, change in view.changes)
    assert view.draw().texts
