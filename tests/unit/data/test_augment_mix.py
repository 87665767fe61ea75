import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from grevy.data.augment.cutout import cutout, draw_centres
from grevy.data.augment.mix import cutmix, draw_beta, draw_box, mix, mixup


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_cutout_sets_a_clipped_square_to_zero():
    images = torch.ones(3, 2, 6, 6)
    result = cutout(images, torch.tensor([3, 0, 5]), torch.tensor([3, 0, 2]), 4)
    expected = torch.ones(3, 2, 6, 6)
    expected[0, :, 1:5, 1:5] = 0
    expected[1, :, 0:2, 0:2] = 0
    expected[2, :, 3:6, 0:4] = 0
    assert torch.equal(result, expected)


def test_an_odd_square_is_centred():
    result = cutout(torch.ones(1, 1, 5, 5), torch.tensor([2]), torch.tensor([2]), 3)
    assert (result == 0).sum() == 9
    assert (result[0, 0, 1:4, 1:4] == 0).all()


def test_every_pixel_is_a_centre_equally_often():
    rows, columns = draw_centres(20_000, 4, 5, generator())
    counts = torch.bincount(rows * 5 + columns, minlength=20)
    assert counts.min() > 850  # 1000 expected, standard deviation 31
    assert counts.max() < 1150


def test_mixup_averages_pictures_and_targets():
    images = torch.tensor([0.0, 1.0, 4.0]).view(3, 1, 1, 1)
    partner = torch.tensor([1, 2, 0])
    mixed, targets = mixup(images, torch.eye(3), partner, 0.75)
    assert mixed.flatten().tolist() == pytest.approx([0.25, 1.75, 3.0])
    assert targets[0].tolist() == pytest.approx([0.75, 0.25, 0.0])


def test_cutmix_pastes_the_partners_box_and_weighs_by_its_area():
    images = torch.arange(3.0).view(3, 1, 1, 1).expand(3, 2, 4, 5).contiguous()
    mixed, targets = cutmix(images, torch.eye(3), torch.tensor([1, 2, 0]), (1, 3, 2, 5))
    pasted = mixed[0] == 1
    assert pasted.sum() == 2 * 6
    assert pasted[:, 1:3, 2:5].all()
    assert targets[0].tolist() == pytest.approx([14 / 20, 6 / 20, 0])


@pytest.mark.parametrize("seed", range(20))
def test_the_cutmix_target_is_the_real_area_of_each_source(seed):
    labels = torch.arange(6)
    images = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 3, 9, 7).contiguous()
    mixed, targets = mix(images, labels, 0.0, 1.0, 6, generator(seed))
    areas = torch.stack([(mixed == source).float().mean((1, 2, 3)) for source in range(6)], 1)
    assert torch.allclose(targets, areas, atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_the_mixup_target_is_the_weight_of_each_source(seed):
    images = F.one_hot(torch.arange(6)).float().view(6, 6, 1, 1)
    mixed, targets = mix(images, torch.arange(6), 0.5, 0.0, 6, generator(seed))
    assert torch.allclose(targets, mixed.flatten(1), atol=1e-6)
    assert torch.allclose(targets.sum(1), torch.ones(6))


def test_partners_are_a_permutation_so_every_label_keeps_its_mass():
    labels = torch.tensor([0, 0, 0, 1, 2])
    images = torch.rand(5, 3, 8, 8)
    _, targets = mix(images, labels, 1.0, 0.0, 4, generator())
    assert targets.sum(0).tolist() == pytest.approx([3, 1, 1, 0])


def test_a_fair_coin_chooses_where_both_are_on():
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 16, 16).contiguous()
    flat = 0  # mixup of flat pictures stays flat
    for seed in range(400):
        mixed, _ = mix(images, torch.arange(4), 1.0, 1.0, 4, generator(seed))
        flat += int((mixed.amax((1, 2, 3)) == mixed.amin((1, 2, 3))).all())
    # A box of no or full area, or a partner of its own, is flat as well: rarely.
    assert 150 < flat < 270


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_mixing_weights_follow_the_beta_distribution(alpha):
    source = generator(1)
    drawn = [draw_beta(alpha, source) for _ in range(2000)]
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_a_box_in_the_middle_has_the_area_that_was_asked_for():
    areas = set()
    for seed in range(300):
        top, bottom, left, right = draw_box(32, 32, 0.75, generator(seed))
        assert 0 <= top < bottom <= 32
        assert 0 <= left < right <= 32
        areas.add((bottom - top) * (right - left))
    assert max(areas) == 256  # a quarter of 32 · 32; less where clipped
    assert draw_box(32, 32, 0.0, generator(0))[1] > 0
    top, bottom, *_ = draw_box(32, 32, 1.0, generator(0))
    assert top == bottom
