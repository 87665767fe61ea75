import pytest
import torch

from grevy.data.augment.randaugment import OPERATIONS, randaugment

WITHOUT_STRENGTH = {"auto-contrast", "equalize"}


def pictures(count=8, channels=3):
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, 32, 32)
    return torch.randint(20, 200, shape, dtype=torch.uint8, generator=generator)


def test_the_set_is_that_of_the_paper():
    assert len(OPERATIONS) == 14


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_operation_keeps_type_and_shape_and_acts_on_each_picture_alone(name, channels):
    images = pictures(channels=channels)
    strength = torch.linspace(-1, 1, 8)
    together = OPERATIONS[name](images, strength)
    assert together.dtype == torch.uint8
    assert together.shape == images.shape
    for number in range(8):
        one = slice(number, number + 1)
        assert torch.equal(OPERATIONS[name](images[one], strength[one]), together[one])


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - WITHOUT_STRENGTH))
def test_strength_zero_changes_nothing(name):
    images = pictures()
    assert torch.equal(OPERATIONS[name](images, torch.zeros(8)), images)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"identity"}))
def test_full_strength_changes_every_picture(name):
    images = pictures()
    changed = OPERATIONS[name](images, torch.ones(8))
    assert (changed != images).flatten(1).any(1).all()


def test_no_round_changes_nothing():
    images = pictures()
    assert torch.equal(randaugment(images, 0, 9, torch.Generator()), images)


def test_each_picture_draws_its_own_operation_and_sign():
    # One picture many times: a round shows the outcome of every operation with both signs.
    image = pictures(count=1)
    many = image.expand(2000, -1, -1, -1).contiguous()
    result = randaugment(many, 1, 15, torch.Generator().manual_seed(0))
    outcomes, counts = result.flatten(1).unique(dim=0, return_counts=True)
    possible = {
        tuple(operation(image, torch.tensor([sign * 0.5])).flatten().tolist())
        for operation in OPERATIONS.values()
        for sign in (-1, 1)
    }
    assert {tuple(outcome.tolist()) for outcome in outcomes} == possible
    # Outcomes with a sign are expected 71 times, those without 143 times.
    assert counts.min() > 40
    assert counts.max() < 200
