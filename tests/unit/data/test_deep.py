"""10, 12 and 14 bits in 16, in every form in which they come, against the formula by hand."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from deep_files import GRAY, GRAY_ALPHA, RGB, RGBA, png16, tiff16
from PIL import Image

import grevy
from grevy.data.cache import decode_source
from grevy.data.decode import decode
from grevy.data.load import load_data
from grevy.recipes.schema import PicturesConfig
from grevy.training.listeners.listener import Listener


def by_hand(values, bits):
    """Nearest of 0 … 255, what is brighter being white."""
    top = 2**bits - 1
    table = [round(Fraction(255 * min(value, top), top)) for value in range(65536)]
    return np.array(table, np.uint8)[values]


def values_of(channels, seed=0, size=(5, 7)):
    values = np.random.default_rng(seed).integers(0, 4096, (*size, channels))
    values[0, 0] = 4095
    return values.astype(np.uint16)


GRAYS = values_of(1)
COLOURS = values_of(3)
OPAQUE = np.full((5, 7, 1), 65535, np.uint16)
WITH_ALPHA = np.concatenate([COLOURS, OPAQUE], 2)

COLOUR_FILES = {
    "png": png16(COLOURS, RGB),
    "png with alpha": png16(WITH_ALPHA, RGBA),
    "ppm": b"P6\n7 5\n65535\n" + COLOURS.astype(">u2").tobytes(),
    **{
        f"tiff {big=} {packed=} {values.shape[2]}": tiff16(values, big_endian=big, packed=packed)
        for big in (True, False)
        for packed in (True, False)
        for values in (COLOURS, WITH_ALPHA)
    },
}


def saved(image, kind):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


GRAY_FILES = {
    "png": png16(GRAYS, GRAY),
    "tiff": saved(Image.fromarray(GRAYS[..., 0]), "TIFF"),
    "mode I": saved(Image.fromarray(GRAYS[..., 0].astype(np.int32)), "TIFF"),
    "floats": saved(Image.fromarray(GRAYS[..., 0].astype(np.float32)), "TIFF"),
    "pgm": b"P5\n7 5\n65535\n" + GRAYS.astype(">u2").tobytes(),
}


@pytest.mark.parametrize("bits", [1, 8, 10, 12, 14, 15])
@pytest.mark.parametrize("name", GRAY_FILES)
def test_gray_is_scaled_exactly(name, bits):
    pixels, facts = decode(GRAY_FILES[name], bits=bits)
    np.testing.assert_array_equal(pixels, by_hand(GRAYS, bits))
    assert facts.brightest == 4095


@pytest.mark.parametrize("bits", [1, 8, 10, 12, 14, 15])
@pytest.mark.parametrize("name", COLOUR_FILES)
def test_colours_are_scaled_exactly_from_both_their_bytes(name, bits):
    pixels, facts = decode(COLOUR_FILES[name], bits=bits)
    np.testing.assert_array_equal(pixels, by_hand(COLOURS, bits))
    assert facts.brightest == 4095


@pytest.mark.parametrize("name", COLOUR_FILES)
def test_unscaled_colours_are_as_before_and_their_brightest_value_is_known(name):
    pixels, facts = decode(COLOUR_FILES[name])
    expected = by_hand(COLOURS, 16) if name == "ppm" else COLOURS >> 8
    np.testing.assert_array_equal(pixels, expected)
    assert facts.brightest == 4095


def test_gray_with_alpha_is_scaled_and_laid_on_white():
    values = np.concatenate([GRAYS, OPAQUE], 2)
    values[0, 1] = (4095, 0)
    values[0, 2] = (0, 0x8000)
    pixels, facts = decode(png16(values, GRAY_ALPHA), bits=12)
    np.testing.assert_array_equal(pixels[1:, :, 0], by_hand(GRAYS[1:, :, 0], 12))
    assert pixels[0, 1].tolist() == [255, 255, 255]
    assert pixels[0, 2].tolist() == [127, 127, 127]  # (0·128 + 255·127) / 255
    assert facts.remarks == ("transparent",)


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("packed", [True, False])
def test_what_lies_on_its_side_is_turned_in_both_bytes(orientation, packed):
    data = tiff16(COLOURS, big_endian=False, packed=packed, orientation=orientation)
    turns = {3: 2, 6: -1, 8: 1}[orientation]
    pixels, facts = decode(data, bits=12)
    np.testing.assert_array_equal(pixels, np.rot90(by_hand(COLOURS, 12), turns))
    assert "turned" in facts.remarks


def test_what_is_brighter_than_the_bits_is_white_and_known():
    values = np.array([[[100], [4095], [4096], [9000]]], np.uint16)
    pixels, facts = decode(png16(values, GRAY), bits=12)
    assert pixels.ravel().tolist() == [6, 255, 255, 255]
    assert facts.brightest == 9000


def test_pictures_of_8_bits_stay_as_they_are(encode, noise):
    for pixels in (noise(4, 4), noise(4, 4, 3)):
        data = encode(pixels)
        np.testing.assert_array_equal(decode(data)[0], decode(data, bits=10)[0])
        assert decode(data)[1].brightest is None


def test_floats_that_are_counts_say_how_they_can_be_read():
    _, facts = decode(GRAY_FILES["floats"])
    assert facts.error is not None
    assert facts.error.endswith("only 0 to 1 have a meaning (--pictures.bits 12 takes 0 to 4095)")
    _, negative = decode(saved(Image.fromarray(np.float32([[-3.0, 900.0]])), "TIFF"))
    assert "--pictures.bits" not in str(negative.error)


def test_of_a_picture_of_pillows_the_low_byte_can_not_be_had(tmp_path):
    (tmp_path / "deep.png").write_bytes(COLOUR_FILES["png"])
    with Image.open(tmp_path / "deep.png") as image:
        assert "name its file" in str(decode(image, bits=12)[1].error)
    with Image.open(tmp_path / "deep.png") as image:
        pixels, facts = decode(image)
        np.testing.assert_array_equal(pixels, COLOURS >> 8)
        assert facts.brightest == 4095  # here the end of its 256 values


def folder_of(place, seed=0):
    """Two classes, twelve gray pictures of 12 bits each."""
    for number, name in enumerate(("across", "down")):
        for i in range(12):
            values = values_of(1, seed=100 * number + i, size=(16, 16))
            values[1 :: number + 1] //= 2
            file = place / name / f"{i}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png16(values, GRAY))
    return place


def test_scaled_pictures_are_other_data_and_another_entry_of_the_cache(tmp_path, own_cache):
    place = folder_of(tmp_path / "deep")
    dark, scaled = load_data(place), load_data(place, PicturesConfig(bits=12))
    assert dark.fingerprint != scaled.fingerprint
    assert (dark.bits, scaled.bits) == (16, 12)
    assert dark.splits["train"].images_NCHW.max() == 16
    assert scaled.splits["train"].images_NCHW.max() == 255
    assert len([p for p in (own_cache / "decoded").iterdir() if p.name[0] != "."]) == 2


def test_facts_come_back_from_the_cache(make_source, own_cache):
    pictures = [("x", "a", png16(GRAYS, GRAY)), ("y", "b", COLOUR_FILES["png with alpha"])]
    source = make_source({"train": pictures})
    first = decode_source(source, PicturesConfig())
    assert decode_source(source, PicturesConfig()).facts == first.facts
    assert [fact.brightest for fact in first.facts["train"]] == [4095, 4095]


def test_a_run_does_with_new_pictures_what_it_did_in_training(tmp_path, own_cache):
    place = folder_of(tmp_path / "deep")
    recipe = {"batch_size": 8, "epochs": 1, "precision": "fp32", "pictures": {"bits": 12}}
    run = grevy.train(place, recipe, out=tmp_path / "run", listener=Listener())
    assert run.record.preprocessing.bits == 12
    assert run.record.recipe["pictures"]["bits"] == 12
    assert any("4,095 is white" in note for note in run.record.data.notes)
    values = values_of(1, seed=7, size=(16, 16))
    (tmp_path / "new.png").write_bytes(png16(values, GRAY))
    opened = grevy.open(run)
    from_file = opened.predict(tmp_path / "new.png")[0]
    from_pixels = opened.predict(by_hand(values, 12)[..., 0])[0]
    assert from_file.probabilities == from_pixels.probabilities
    np.testing.assert_array_equal(
        opened.prepare(tmp_path / "new.png").pixels_NHWC[0], by_hand(values, 12)
    )
    assert from_file.note == ""


def test_a_run_without_them_has_no_bits_in_its_record_and_says_what_is_dark(tmp_path, own_cache):
    place = folder_of(tmp_path / "deep")
    recipe = {"batch_size": 8, "epochs": 1, "precision": "fp32"}
    run = grevy.train(place, recipe, out=tmp_path / "run", listener=Listener())
    assert "bits" not in run.record.preprocessing.to_dict()
    assert "bits" not in run.record.recipe["pictures"]
    assert any("none is brighter than 4,095" in note for note in run.record.data.notes)
    (found,) = grevy.open(run).predict(place / "down" / "0.png")
    assert found.note == "dark, with no value above 4,095 of 65,535"
