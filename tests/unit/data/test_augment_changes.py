"""Colour, levels and warps against torchvision, and against values worked out by hand."""

import pytest
import torch

from grevy.data.augment import colour, levels, warp


@pytest.fixture(scope="module")
def oracle():
    return pytest.importorskip("torchvision.transforms.v2.functional")


@pytest.fixture(scope="module")
def pictures():
    """Smooth and rough, dark and bright pictures, and a flat one."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (5, 3, 24, 20), dtype=torch.uint8, generator=generator)
    noise[1] = noise[1] // 4 + 30
    noise[2] = torch.arange(480).view(24, 20) // 2 % 256
    noise[3, 1] = 77
    noise[4] = 100
    return noise


def one_by_one(function, pictures):
    return torch.stack([function(picture) for picture in pictures])


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])
@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_enhancements_agree_with_torchvision(oracle, pictures, name, factor):
    ours = getattr(colour, name)(pictures.float(), torch.full((5,), factor))
    theirs = getattr(oracle, f"adjust_{name}")(pictures.float() / 255, factor) * 255
    assert (ours - theirs).abs().max() < 0.05  # its luma weights sum to 0.9999


@pytest.mark.parametrize("turn", [-0.5, -0.21, 0.0, 0.1, 0.4])
def test_hue_agrees_with_torchvision(oracle, pictures, turn):
    ours = colour.hue(pictures.float(), torch.full((5,), turn))
    theirs = oracle.adjust_hue(pictures.float() / 255, turn) * 255
    assert (ours - theirs).abs().max() < 0.01


def test_a_third_of_the_hue_circle_turns_red_to_green_to_blue():
    red = torch.tensor([200.0, 10.0, 10.0]).view(1, 3, 1, 1)
    green = colour.hue(red, torch.tensor([1 / 3]))
    assert green.flatten().tolist() == pytest.approx([10, 200, 10], abs=1e-3)
    blue = colour.hue(green, torch.tensor([1 / 3]))
    assert blue.flatten().tolist() == pytest.approx([10, 10, 200], abs=1e-3)


def test_each_picture_has_its_own_factor():
    images = torch.full((3, 3, 2, 2), 100.0)
    result = colour.brightness(images, torch.tensor([0.0, 0.5, 3.0]))
    assert result[:, 0, 0, 0].tolist() == [0, 50, 255]


def test_saturation_and_hue_leave_gray_pictures_alone():
    images = torch.rand(2, 1, 4, 4) * 255
    assert torch.equal(colour.saturation(images, torch.tensor([0.0, 2.0])), images)
    assert torch.equal(colour.hue(images, torch.tensor([0.2, 0.5])), images)


def test_jitter_draws_within_its_range():
    images = torch.full((2000, 1, 1, 1), 100, dtype=torch.uint8)
    generator = torch.Generator().manual_seed(0)
    result = colour.jitter(images, (0.4, 0.0, 0.0), 0.0, generator)
    assert 60 <= result.min() < 62
    assert 138 < result.max() <= 140
    wide = colour.jitter(images, (1.5, 0.0, 0.0), 0.0, generator)
    assert wide.min() < 2  # factors below 0 are cut off at 0
    assert wide.max() > 240


@pytest.mark.parametrize("bits", range(9))
def test_posterize_agrees_with_torchvision(oracle, pictures, bits):
    ours = levels.posterize(pictures, torch.full((5,), bits))
    assert torch.equal(ours, oracle.posterize(pictures, bits))


@pytest.mark.parametrize("threshold", [0.0, 99.5, 128.0, 255.0])
def test_solarize_agrees_with_torchvision(oracle, pictures, threshold):
    ours = levels.solarize(pictures, torch.full((5,), threshold))
    assert torch.equal(ours, oracle.solarize(pictures, threshold))


def test_solarize_at_256_inverts_nothing(pictures):
    assert torch.equal(levels.solarize(pictures, torch.full((5,), 256.0)), pictures)


def test_auto_contrast_agrees_with_torchvision(oracle, pictures):
    difference = levels.auto_contrast(pictures).int() - oracle.autocontrast(pictures).int()
    assert difference.abs().max() <= 1  # ours rounds, theirs cuts off


def test_equalize_agrees_with_torchvision(oracle, pictures):
    assert torch.equal(levels.equalize(pictures), one_by_one(oracle.equalize, pictures))


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.9])
def test_sharpness_agrees_with_torchvision(oracle, pictures, factor):
    ours = levels.sharpness(pictures, torch.full((5,), factor))
    theirs = oracle.adjust_sharpness(pictures.float() / 255, factor) * 255
    assert (ours.float() - theirs).abs().max() <= 0.51


@pytest.mark.parametrize("degrees", [-30.0, -7.3, 0.0, 12.0, 90.0])
def test_rotation_agrees_with_torchvision_on_all_but_ties(oracle, pictures, degrees):
    ours = warp.rotate(pictures, torch.full((5,), degrees))
    theirs = oracle.rotate(pictures, degrees, fill=[128.0])
    assert (ours != theirs).float().mean() < 0.01


@pytest.mark.parametrize("slope", [-0.3, -0.11, 0.0, 0.17])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_shear_agrees_with_torchvision_on_all_but_ties(oracle, pictures, slope, axis):
    degrees = torch.rad2deg(torch.atan(torch.tensor(slope))).item()
    shear = [degrees, 0.0] if axis == "x" else [0.0, degrees]
    # Its positive shear moves the picture the way that our slope does about the corner.
    theirs = oracle.affine(
        pictures,
        angle=0.0,
        translate=[0, 0],
        scale=1.0,
        shear=shear,
        center=[0, 0],
        fill=[128.0],
    )
    ours = getattr(warp, f"shear_{axis}")(pictures, torch.full((5,), slope))
    assert (ours != theirs).float().mean() < 0.01


def test_each_picture_is_warped_by_its_own_parameter(pictures):
    degrees = torch.tensor([5.0, -20.0, 0.0, 30.0, 11.0])
    together = warp.rotate(pictures, degrees)
    for number in range(5):
        alone = warp.rotate(pictures[number : number + 1], degrees[number : number + 1])
        assert torch.equal(together[number], alone[0])


def test_a_quarter_turn_is_counter_clockwise():
    images = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).view(1, 1, 2, 2)
    assert warp.rotate(images, torch.tensor([90.0]))[0, 0].tolist() == [[2, 4], [1, 3]]


def test_slides_move_right_and_down_and_fill_with_gray():
    images = torch.tensor([[1, 2, 3], [4, 5, 6]], dtype=torch.uint8).view(1, 1, 2, 3)
    right = warp.slide_x(images, torch.tensor([1.9]))
    assert right[0, 0].tolist() == [[128, 1, 2], [128, 4, 5]]
    up = warp.slide_y(images, torch.tensor([-1.0]))
    assert up[0, 0].tolist() == [[4, 5, 6], [128, 128, 128]]
