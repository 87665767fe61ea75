import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grevy.data.augment.normalise import normalise
from grevy.data.augment.pipeline import augment
from grevy.recipes.augment import AugmentConfig

MEAN = torch.tensor([0.49, 0.48, 0.45])
DEVIATION = torch.tensor([0.25, 0.24, 0.26])
EVERYTHING = AugmentConfig(
    flip="random",
    translate=2,
    crop_scale=0.5,
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
    hue=0.1,
    randaugment=2,
    cutout=4,
    mixup=0.2,
    cutmix=1.0,
)
EACH = {
    "random flip": AugmentConfig(flip="random"),
    "alternating flip": AugmentConfig(flip="alternating"),
    "translate": AugmentConfig(translate=3),
    "crop": AugmentConfig(crop_scale=0.3),
    "jitter": AugmentConfig(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
    "randaugment": AugmentConfig(randaugment=2),
    "cutout": AugmentConfig(cutout=5),
    "mixup": AugmentConfig(mixup=1.0),
    "cutmix": AugmentConfig(cutmix=1.0),
    "everything": EVERYTHING,
}


def pictures(count=24, channels=3, height=12, width=10):
    generator = torch.Generator().manual_seed(7)
    shape = (count, channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def run(images, config, seed=0, epoch=0, classes=5):
    channels = images.shape[1]
    return augment(
        images,
        torch.arange(len(images)) % classes,
        torch.arange(len(images)) + 100,
        config=config,
        classes=classes,
        epoch=epoch,
        mean_C=MEAN[:channels],
        standard_deviation_C=DEVIATION[:channels],
        generator=torch.Generator().manual_seed(seed),
        flip_seed=11,
    )


def test_normalise_is_the_formula():
    images = pictures()
    expected = (images.double() / 255 - MEAN.view(3, 1, 1)) / DEVIATION.view(3, 1, 1)
    result = normalise(images, MEAN, DEVIATION)
    assert result.dtype == torch.float32
    assert torch.allclose(result.double(), expected, atol=1e-6)


def test_normalise_takes_one_number_for_all_channels():
    images = pictures()
    one = normalise(images, torch.tensor([0.5]), torch.tensor([0.25]))
    assert torch.equal(one, normalise(images, torch.full((3,), 0.5), torch.full((3,), 0.25)))
    assert one.min() >= -2
    assert one.max() <= 2


@pytest.mark.parametrize("channels", [1, 3])
def test_both_layouts_are_normalised_to_the_same_bits(channels):
    images = pictures(channels=channels)
    last = images.contiguous(memory_format=torch.channels_last)
    mean, deviation = MEAN[:channels], DEVIATION[:channels]
    assert torch.equal(normalise(images, mean, deviation), normalise(last, mean, deviation))


def test_with_all_off_augment_is_bitwise_normalise_and_draws_nothing():
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    images, labels = pictures(), torch.arange(24) % 5
    result, targets = augment(
        images,
        labels,
        torch.arange(24),
        config=AugmentConfig(),
        classes=5,
        epoch=0,
        mean_C=MEAN,
        standard_deviation_C=DEVIATION,
        generator=generator,
        flip_seed=0,
    )
    assert torch.equal(result, normalise(images, MEAN, DEVIATION))
    assert torch.equal(targets, labels)
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("name", EACH)
def test_the_same_generator_seed_gives_the_same_bytes_and_another_does_not(name):
    images = pictures()
    first, first_targets = run(images, EACH[name], seed=1)
    torch.rand(5)  # the global random state must not matter
    again, again_targets = run(images, EACH[name], seed=1)
    assert torch.equal(first, again)
    assert torch.equal(first_targets, again_targets)
    if name != "alternating flip":  # a function of the picture and the epoch alone
        assert not torch.equal(first, run(images, EACH[name], seed=2)[0])


@pytest.mark.parametrize("name", EACH)
def test_the_global_random_state_is_neither_read_nor_changed(name):
    before = torch.get_rng_state()
    run(pictures(), EACH[name])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("channels", [1, 3])
def test_layouts_agree_and_are_kept_and_the_input_is_never_changed(name, channels):
    images = pictures(channels=channels)
    kept = images.clone()
    last = images.contiguous(memory_format=torch.channels_last)
    result, _ = run(images, EACH[name])
    result_last, _ = run(last, EACH[name])
    assert result.is_contiguous()
    assert result_last.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(result, result_last, atol=1e-5)
    assert torch.equal(images, kept)
    assert torch.equal(last, kept)
    assert result.dtype == torch.float32
    assert result.shape == images.shape


@pytest.mark.parametrize("name", EACH)
def test_values_stay_within_those_of_black_and_white(name):
    result, _ = run(pictures(), EACH[name])
    black = (-MEAN / DEVIATION).view(3, 1, 1) - 1e-5
    white = ((1 - MEAN) / DEVIATION).view(3, 1, 1) + 1e-5
    assert (result >= black).all()
    assert (result <= white).all()


@pytest.mark.parametrize("name", EACH)
def test_only_mixing_changes_the_targets(name):
    _, targets = run(pictures(), EACH[name])
    if EACH[name].mixup or EACH[name].cutmix:
        assert targets.shape == (24, 5)
        assert torch.allclose(targets.sum(1), torch.ones(24))
    else:
        assert torch.equal(targets, torch.arange(24) % 5)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from([1, 3]),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 1000),
)
def test_any_size_of_batch_and_picture_works(count, channels, height, width, seed):
    images = pictures(count, channels, height, width)
    config = EVERYTHING.model_copy(update={"translate": 12, "cutout": 20})
    result, targets = run(images, config, seed=seed)
    assert result.shape == images.shape
    assert result.isfinite().all()
    assert targets.isfinite().all()
