"""Test-time augmentation against the views written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.augmented_views import (
    least_sure,
    logits_over_views,
    name_of_views,
    weighted_views,
)
from grevy.classifier.logits import logits_of
from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.data.batches import PicturesOnDevice
from grevy.data.types import Split
from grevy.recipes.schema import Recipe


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(20, 3, 8, 9, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 6 * 7, 4))


def logits(network: nn.Module, images: Tensor):
    def of(view: AugmentedView, index: Tensor | None) -> Tensor:
        chosen = images if index is None else images[index]
        return network(view.of(chosen)).detach()

    return of


def padded(images: Tensor) -> Tensor:
    return F.pad(images, (1, 1, 1, 1), "reflect")


def test_a_shifted_view_is_cut_out_of_the_reflected_picture(images: Tensor) -> None:
    assert torch.equal(AugmentedView(shift=1).of(images), padded(images)[:, :, 0:8, 0:9])
    assert torch.equal(AugmentedView(shift=-1).of(images), padded(images)[:, :, 2:10, 2:11])
    assert torch.equal(AugmentedView(True, 1).of(images), padded(images)[:, :, 0:8, 0:9].flip(-1))
    assert PLAIN.of(images) is images


def test_a_view_keeps_the_memory_layout(images: Tensor) -> None:
    last = images.contiguous(memory_format=torch.channels_last)
    assert AugmentedView(True, -1).of(last).is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(AugmentedView(True, -1).of(last), AugmentedView(True, -1).of(images))


def test_flips_and_shifts_are_airbenchs_six_views(images: Tensor, network: nn.Module) -> None:
    recipe = Recipe(test_time_flip=True, test_time_shift=1)

    def mirror(pictures: Tensor) -> Tensor:
        return 0.5 * network(pictures) + 0.5 * network(pictures.flip(-1))

    down_right, up_left = padded(images)[:, :, :8, :9], padded(images)[:, :, 2:, 2:]
    with torch.no_grad():
        shifted = (mirror(down_right) + mirror(up_left)) / 2
        expected = 0.5 * mirror(images) + 0.5 * shifted
        plain = network(images)
    found = logits_over_views(recipe, plain, logits(network, images))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shift", [0, 2])
def test_weights_add_up_to_one(flip: bool, shift: int) -> None:
    views = weighted_views(Recipe(test_time_flip=flip, test_time_shift=shift))
    assert len(views) == (1 + flip) * (3 if shift else 1)
    assert sum(views.values()) == 1.0
    assert PLAIN in views


def test_only_the_least_sure_pictures_are_looked_at_again(
    images: Tensor, network: nn.Module
) -> None:
    recipe = Recipe(test_time_flip=True, test_time_part=0.3)
    with torch.no_grad():
        plain, mirrored = network(images), network(images.flip(-1))
    found = logits_over_views(recipe, plain, logits(network, images))
    probabilities = np.exp(plain.numpy()) / np.exp(plain.numpy()).sum(1, keepdims=True)
    again = np.sort(np.argsort(probabilities.max(1))[:6])
    np.testing.assert_array_equal(least_sure(plain, 6).numpy(), again)
    expected = plain.clone()
    expected[again] = (plain[again] + mirrored[again]) / 2
    torch.testing.assert_close(found, expected)
    unsure = torch.isin(torch.arange(20), torch.from_numpy(again))
    assert torch.equal(found[~unsure], plain[~unsure])


def test_names_say_what_was_done() -> None:
    assert name_of_views(Recipe()) is None
    assert name_of_views(Recipe(test_time_flip=True)) == "test_time_flip"
    assert name_of_views(Recipe(test_time_shift=1)) == "test_time_shift"
    both = Recipe(test_time_flip=True, test_time_shift=1)
    assert name_of_views(both) == "test_time_flip_shift"


def test_logits_of_some_pictures_are_those_among_all(network: nn.Module) -> None:
    random = np.random.default_rng(0)
    split = Split(
        random.integers(0, 256, (12, 3, 8, 9), dtype=np.uint8),
        np.zeros(12, np.int64),
        tuple(map(str, range(12))),
        "",
        "",
    )
    statistics = torch.full((3,), 0.5), torch.full((3,), 0.25)
    pictures = PicturesOnDevice(split, torch.device("cpu"), *statistics)
    every = logits_of(network, pictures, "fp32", AugmentedView(True, 1))
    index = torch.tensor([1, 5, 11])
    some = logits_of(network, pictures, "fp32", AugmentedView(True, 1), index)
    torch.testing.assert_close(some, every[index])
