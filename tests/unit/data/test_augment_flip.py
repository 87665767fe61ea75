import numpy as np
import pytest
import torch

from grevy.data.augment.flip import alternating_flips, draw_flips, flip


def test_only_the_chosen_pictures_are_mirrored():
    images = torch.randint(0, 256, (4, 3, 5, 6), dtype=torch.uint8)
    result = flip(images, torch.tensor([True, False, False, True])).numpy()
    assert np.array_equal(result[0], images.numpy()[0, :, :, ::-1])
    assert np.array_equal(result[1:3], images.numpy()[1:3])
    assert np.array_equal(result[3], images.numpy()[3, :, :, ::-1])


def test_every_pair_of_byte_values_is_exchanged_exactly():
    left, right = np.meshgrid(np.arange(256), np.arange(256))
    images = torch.tensor(np.stack([left, right], -1).reshape(-1, 1, 1, 2), dtype=torch.uint8)
    result = flip(images, torch.ones(len(images), dtype=torch.bool))
    assert torch.equal(result, images.flip(-1))


def test_random_flips_come_half_of_the_time():
    drawn = draw_flips(10_000, torch.Generator().manual_seed(0))
    assert abs(drawn.float().mean().item() - 0.5) < 4 * 0.5 / 100  # four standard errors


def test_alternating_flips_turn_every_picture_in_every_epoch():
    ids = torch.arange(1000)
    first = alternating_flips(ids, 0, 5)
    for epoch in range(1, 6):
        assert torch.equal(alternating_flips(ids, epoch, 5), first ^ (epoch % 2 == 1))


def test_alternating_flips_belong_to_the_picture_not_to_its_place_in_the_batch():
    ids = torch.arange(1000)
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(1))
    assert torch.equal(alternating_flips(ids[order], 2, 5), alternating_flips(ids, 2, 5)[order])


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**63 - 1])
def test_the_first_epoch_flips_half_and_looks_random(seed):
    flips = alternating_flips(torch.arange(10_000), 0, seed).float()
    assert abs(flips.mean().item() - 0.5) < 0.02
    # Neighbours agree as often as not: no pattern along the ids.
    for lag in (1, 2, 3, 10):
        assert abs((flips[lag:] == flips[:-lag]).float().mean().item() - 0.5) < 0.02


def test_seeds_flip_independent_halves():
    ids = torch.arange(10_000)
    for seed in (1, 2, 100):
        agree = alternating_flips(ids, 0, 0) == alternating_flips(ids, 0, seed)
        assert abs(agree.float().mean().item() - 0.5) < 0.02


def test_the_hash_is_splitmix64():
    def splitmix64(z):
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return z ^ z >> 31

    ids = [0, 1, 7, 49_999, 2**40]
    expected = [splitmix64((i + 1) * 0x9E3779B97F4A7C15 % 2**64) >> 1 & 1 for i in ids]
    assert alternating_flips(torch.tensor(ids), 0, 0).int().tolist() == expected
