import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grevy.data.augment.geometry import crop_and_resize, draw_crops, draw_shifts, translate


def random_pictures(*shape):
    generator = torch.Generator().manual_seed(4)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def test_translation_is_a_window_of_the_reflect_padded_picture():
    images = random_pictures(25, 3, 7, 9)
    shifts = torch.cartesian_prod(torch.arange(-2, 3), torch.arange(-2, 3))
    result = translate(images, shifts[:, 0], shifts[:, 1])
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    for number, (down, right) in enumerate(shifts.tolist()):
        window = padded[number, :, 2 - down : 9 - down, 2 - right : 11 - right]
        assert np.array_equal(result[number].numpy(), window)


def test_a_shift_down_and_right_moves_the_first_pixel_there():
    images = torch.arange(16, dtype=torch.uint8).view(1, 1, 4, 4)
    result = translate(images, torch.tensor([1]), torch.tensor([2]))
    assert result[0, 0].tolist() == [[6, 5, 4, 5], [2, 1, 0, 1], [6, 5, 4, 5], [10, 9, 8, 9]]


def test_shifts_beyond_the_picture_reflect_again_and_again():
    images = random_pictures(1, 1, 3, 3)
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (10, 10), (10, 10)), mode="reflect")
    result = translate(images, torch.tensor([10]), torch.tensor([-9]))
    assert np.array_equal(result[0].numpy(), padded[0, :, 0:3, 19:22])


def test_every_shift_appears_about_equally_often():
    down, right = draw_shifts(25_000, 2, torch.Generator().manual_seed(0))
    counts = torch.bincount((down + 2) * 5 + right + 2, minlength=25)
    assert counts.min() > 850  # 1000 expected, standard deviation 31
    assert counts.max() < 1150
    assert len(counts) == 25


def test_a_crop_is_the_cut_box_enlarged_by_interpolate():
    images = random_pictures(4, 3, 12, 16)
    boxes = torch.tensor([[0, 0, 12, 16], [3, 5, 6, 8], [11, 15, 1, 1], [2, 0, 9, 7]])
    result = crop_and_resize(images, boxes)
    for picture, (top, left, height, width), ours in zip(
        images, boxes.tolist(), result, strict=True
    ):
        box = picture[None, :, top : top + height, left : left + width].float()
        expected = F.interpolate(box, (12, 16), mode="bilinear", align_corners=False)[0]
        assert (ours.float() - expected).abs().max() <= 0.51  # rounding to whole levels


def test_the_whole_picture_as_box_changes_nothing():
    images = random_pictures(2, 3, 11, 13)
    assert torch.equal(crop_and_resize(images, torch.tensor([[0, 0, 11, 13]] * 2)), images)


def test_boxes_lie_inside_and_obey_scale_and_ratio():
    boxes = draw_crops(5000, 32, 40, 0.3, torch.Generator().manual_seed(0))
    top, left, height, width = boxes.unbind(1)
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 32).all()
    assert (left + width <= 40).all()
    area = (height * width).double() / (32 * 40)
    assert area.min() > 0.3 - 0.03  # sides are rounded to whole pixels
    assert area.max() <= 1.0
    ratio = width.double() / height
    assert ratio.min() > 3 / 4 - 0.05
    assert ratio.max() < 4 / 3 + 0.05
    assert top[height == 20].unique().tolist() == list(range(13))


def test_boxes_are_distributed_as_those_of_torchvision():
    RandomResizedCrop = pytest.importorskip("torchvision.transforms").RandomResizedCrop
    torch.manual_seed(0)
    picture = torch.empty(3, 32, 32)
    theirs = torch.tensor(
        [RandomResizedCrop.get_params(picture, [0.2, 1.0], [3 / 4, 4 / 3]) for _ in range(4000)]
    ).double()
    ours = draw_crops(4000, 32, 32, 0.2, torch.Generator().manual_seed(0)).double()
    error = ((ours.var(0) + theirs.var(0)) / 4000).sqrt()
    assert ((ours.mean(0) - theirs.mean(0)).abs() < 4 * error).all()
    assert torch.allclose(ours.std(0), theirs.std(0), rtol=0.08)


def test_a_picture_too_narrow_for_any_trial_gets_its_largest_central_box():
    # Of a 4 × 100 picture at least 90 % must be kept, but no allowed box holds so much.
    boxes = draw_crops(3, 4, 100, 0.9, torch.Generator().manual_seed(0))
    assert boxes.tolist() == [[0, 47, 4, 5]] * 3
    boxes = draw_crops(3, 100, 4, 0.9, torch.Generator().manual_seed(0))
    assert boxes.tolist() == [[47, 0, 5, 4]] * 3
