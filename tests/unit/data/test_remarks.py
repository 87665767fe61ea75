"""What is said of odd pictures, on both sides of each edge."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ExifTags, Image

from grevy.data.audit import audit
from grevy.data.decode import decode
from grevy.data.remarks import depth_clauses, picture_notes
from grevy.data.types import PictureFacts
from grevy.recipes.schema import PicturesConfig

SHAPE = (3, 64, 64)


def fact(name, mode="I;16", brightest=None, size=(64, 64), remarks=()):
    return PictureFacts(name, "a", *size, "PNG", mode, "x", brightest=brightest, remarks=remarks)


def notes_of(*facts, shape=SHAPE, **pictures):
    return picture_notes(facts, shape, PicturesConfig(**pictures))


@pytest.mark.parametrize(
    ("brightest", "bits"), [(1, 1), (200, 8), (1023, 10), (3000, 12), (4095, 12), (16383, 14)]
)
def test_pictures_that_come_out_dark_are_told_with_the_option_that_scales_them(brightest, bits):
    (note,) = notes_of(fact("x", brightest=brightest), fact("y", brightest=brightest // 2 or 1))
    assert note == (
        f"2 gray pictures have 16 bits and none is brighter than {brightest:,} of 65,535:"
        f" they come out dark; --pictures.bits {bits} scales them"
    )


def test_beyond_a_quarter_nothing_is_said_and_nothing_of_black_ones():
    assert notes_of(fact("x", brightest=16384)) == []
    assert notes_of(fact("x", brightest=0)) == []


def test_one_dark_picture_is_told_in_the_singular():
    (note,) = notes_of(fact("x", mode="RGB", brightest=900))
    assert note == (
        "1 colour picture has 16 bits a channel and none is brighter than 900 of 65,535:"
        " it comes out dark; --pictures.bits 10 scales it"
    )


def test_a_few_dark_ones_among_others_are_counted_with_an_example():
    (note,) = notes_of(*(fact(f"{i}", brightest=60000) for i in range(5)), fact("n", brightest=99))
    assert note == (
        "1 of 6 gray pictures with 16 bits is nowhere brighter than 99 of 65,535 and comes out"
        " dark (n)"
    )


def test_kinds_are_told_apart():
    gray, colour = notes_of(fact("x", brightest=4095), fact("y", mode="RGB", brightest=1023))
    assert "gray picture has 16 bits" in gray
    assert "--pictures.bits 12" in gray
    assert "colour picture has 16 bits a channel" in colour
    assert "--pictures.bits 10" in colour


def test_dark_floats_are_told_too():
    (note,) = notes_of(fact("x", mode="F", brightest=0.0625))
    assert note.endswith("none is brighter than 0.0625 of 1: it comes out dark; scale it to 0 to 1")
    assert notes_of(fact("x", mode="F", brightest=1.0)) == []


def test_with_bits_what_is_clipped_is_counted():
    told = notes_of(fact("x", brightest=4095), fact("y", brightest=5000), bits=12)
    assert told == [
        "2 gray pictures have 16 bits, read as 12 bits: 4,095 is white",
        "1 of them is brighter than 4,095 and clipped there (up to 5,000, y)",
    ]
    assert len(notes_of(fact("x", brightest=4095), bits=12)) == 1


def test_bits_that_are_still_too_many_or_that_nothing_has_are_told():
    assert (
        "of 4,095: it comes out dark; --pictures.bits 10"
        in notes_of(fact("x", brightest=1000), bits=12)[1]
    )
    assert notes_of(fact("x", mode="L"), bits=12) == [
        "pictures.bits 12 changes nothing: no picture has more than 8 bits a channel"
    ]


def test_of_one_picture_it_is_told_in_a_clause():
    assert list(depth_clauses(fact("x", brightest=4095), 16)) == [
        "dark, with no value above 4,095 of 65,535"
    ]
    assert list(depth_clauses(fact("x", brightest=5000), 12)) == [
        "clipped at 4,095, its values go up to 5,000"
    ]
    assert list(depth_clauses(fact("x", brightest=4095), 12)) == []


def test_tiny_pictures_and_strips_are_counted_with_the_worst_as_example():
    usual = [fact(f"{i}", "RGB", size=(480, 640)) for i in range(3)]
    told = notes_of(*usual, fact("dot.png", "RGB", size=(1, 1)), fact("s", "RGB", size=(8, 8)))
    assert told == ["2 of 5 pictures are tiny (dot.png: 1 wide and 1 high for 64×64)"]
    told = notes_of(*usual, fact("wide.png", "RGB", size=(40, 3000)))
    assert told == [
        "1 of 4 pictures is a strip (wide.png: 3,000 wide and 40 high; crop keeps 1.3 % of it)"
    ]
    assert notes_of(*usual, fact("s", "RGB", size=(9, 9)), fact("w", "RGB", size=(100, 399))) == []


def test_what_becomes_of_a_strip_goes_by_the_fit():
    tall = fact("tall", "RGB", size=(640, 64))
    assert "all but 10 % with black" in notes_of(tall, fit="pad")[0]
    assert "changes its proportions 10 times" in notes_of(tall, fit="stretch")[0]
    assert notes_of(tall, shape=(3, 640, 64)) == []


def test_small_pictures_at_their_own_size_are_neither(noise):
    assert notes_of(fact("digit", "L", size=(8, 8)), shape=(1, 8, 8)) == []


def remarks_of(data):
    pixels, facts = decode(data)
    assert pixels is not None
    return facts.remarks


def test_decoding_remembers_what_it_did_and_saw(encode, noise):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    frames = [Image.fromarray(noise(6, 6, 3, seed=s)) for s in range(3)]
    rgba = np.dstack([noise(6, 6, 3), np.full((6, 6), 255, np.uint8)])
    assert remarks_of(encode(noise(6, 6, 3))) == ()
    assert remarks_of(encode(rgba)) == ()  # it has alpha, and nothing is transparent
    assert remarks_of(encode(noise(6, 6, 3), "JPEG", exif=exif)) == ("turned",)
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
        assert remarks_of(data) == ("first frame",), kind
        assert remarks_of(encode(frames[0], kind)) == (), kind
    rgba[:3, :, 3] = 0
    assert remarks_of(encode(rgba)) == ("transparent",)
    rgba[..., 3] = 0
    assert remarks_of(encode(rgba)) == ("invisible",)
    assert remarks_of(encode(np.full((5, 4, 3), 7, np.uint8))) == ("one colour",)
    palette = Image.fromarray(noise(6, 6, 3)).quantize(4)
    assert remarks_of(encode(palette, transparency=0)) == ("transparent",)
    assert remarks_of(encode(palette, transparency=bytes(4))) == ("invisible",)


def test_a_damaged_second_frame_does_not_hide_the_first(encode, noise):
    frames = [Image.fromarray(noise(16, 16, 3, seed=s)) for s in range(2)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    whole = decode(data)[0]
    first_alone = encode(frames[0], "GIF")
    cut = data[: len(first_alone) + 4]
    found, facts = decode(cut)
    assert facts.error is None
    np.testing.assert_array_equal(found, whole)


def test_an_array_without_pixels_is_an_error_of_one_line():
    assert decode(np.zeros((0, 3), np.uint8))[1].error == "no pixels (3 wide and 0 high)"


@pytest.mark.usefixtures("own_cache")
def test_the_audit_says_each_with_its_count_and_an_example(make_source, encode, noise):
    clear = np.dstack([noise(64, 64, 3), np.zeros((64, 64), np.uint8)])
    frames = [Image.fromarray(noise(64, 64, 3, seed=s)) for s in range(3)]
    rows = [
        *((f"{i}.png", "ab"[i % 2], encode(noise(64, 64, 3, seed=10 + i))) for i in range(4)),
        ("clear.png", "a", encode(clear)),
        ("black.png", "a", encode(np.zeros((64, 64, 3), np.uint8))),
        ("gray.png", "b", encode(np.full((64, 64), 9, np.uint8))),
        ("moving.gif", "b", encode(frames[0], "GIF", save_all=True, append_images=frames[1:])),
        ("ink.tif", "b", encode(Image.fromarray(noise(64, 64, 4), "CMYK"), "TIFF")),
    ]
    notes = audit(make_source({"train": rows})).notes
    assert notes == (
        "2 of 9 pictures are of one colour throughout (first black.png)",
        "1 of 9 pictures is wholly transparent, so it is white (clear.png)",
        "1 of 9 pictures has frames or pages; the first is read (moving.gif)",
        "1 of 9 pictures is CMYK, turned into RGB without a colour profile (ink.tif)",
    )
