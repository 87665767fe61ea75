"""What an audit finds in pictures whose faults are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import ExifTags, Image

import grevy
from grevy.data.audit import Audit, PictureName, Range, audit, find_duplicates
from grevy.data.types import PictureFacts
from grevy.errors import ClassMismatchError
from grevy.recipes.schema import PicturesConfig

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def zoo(tmp_path, encode, noise):
    """A folder of two classes in two splits with one picture of every odd kind."""
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    jpeg = encode(noise(20, 30, 3), "JPEG")
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    palette = Image.fromarray(noise(10, 10, 3)).quantize(8)
    pictures = {
        "train/cat/1.png": encode(noise(10, 10, 3)),
        "train/cat/2.jpg": jpeg,
        "train/cat/3-turned.jpg": encode(noise(20, 30, 3, seed=1), "JPEG", exif=turned),
        "train/cat/4-cmyk.jpg": encode(Image.new("CMYK", (40, 24), (0, 9, 200, 3)), "JPEG"),
        "train/cat/5-truncated.jpg": jpeg[: len(jpeg) // 2],
        "train/dog/1-deep.png": encode(noise(10, 10).astype(np.uint16) * 257),
        "train/dog/2-palette.png": encode(palette, transparency=0),
        "train/dog/3-one-bit.png": encode(Image.fromarray(noise(10, 10)).convert("1")),
        "train/dog/4.gif": encode(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "train/dog/5-empty.png": b"",
        "train/dog/6-text.png": b"hello",
        "train/dog/7-again.bmp": encode(noise(10, 10, 3), "BMP"),
        "test/cat/1-leak.png": encode(noise(10, 10, 3)),
        "test/dog/1.png": encode(noise(10, 10, 3, seed=5)),
    }
    for name, content in pictures.items():
        place = tmp_path / "zoo" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return tmp_path / "zoo"


@pytest.fixture
def found(zoo) -> Audit:
    return audit(zoo)


def test_classes_are_counted_by_split(found):
    assert found.classes == ("cat", "dog")
    assert found.counts == {"train": {"cat": 5, "dog": 7}, "test": {"cat": 1, "dog": 1}}


def test_sizes_are_those_after_the_exif_turn(found):
    # Heights: 1.png 10, 2.jpg 20, turned 30, cmyk 24, then 10, 10, 10, gif 9, 10, 10, 10.
    assert found.height == Range(9, 10.0, 30)
    assert found.width == Range(9, 10.0, 40)
    assert found.distinct_sizes == 5


def test_formats_and_modes_are_counted(found):
    assert found.formats == {"PNG": 6, "JPEG": 3, "GIF": 1, "BMP": 1}
    assert found.modes["CMYK"] == 1
    assert found.modes["I;16"] == 1
    assert found.modes["1"] == 1
    assert sum(found.modes.values()) == 11


def test_unreadable_pictures_are_named_with_their_reason(found):
    said = {picture.id: (picture.split, picture.reason) for picture in found.unreadable}
    assert set(said) == {
        "train/cat/5-truncated.jpg",
        "train/dog/5-empty.png",
        "train/dog/6-text.png",
    }
    assert said["train/dog/5-empty.png"] == ("train", "empty file")
    assert "truncated" in said["train/cat/5-truncated.jpg"][1].lower()
    assert "b'hello'" in said["train/dog/6-text.png"][1]


def test_duplicates_are_found_across_formats_labels_and_splits(found):
    (group,) = found.duplicates
    assert group.pictures == (
        PictureName("train", "train/cat/1.png", "cat"),
        PictureName("train", "train/dog/7-again.bmp", "dog"),
        PictureName("test", "test/cat/1-leak.png", "cat"),
    )
    assert group.across_splits
    assert group.contradictory


def test_the_input_of_the_network_is_told(zoo, found):
    assert found.input_shape == (3, 64, 64)
    assert any("brought to 64×64 (crop)" in note for note in found.notes)
    assert audit(zoo, PicturesConfig(size=16, channels="gray")).input_shape == (1, 16, 16)


def test_the_audit_goes_through_json_unchanged(found):
    told = found.to_dict()
    again = json.loads(json.dumps(told))
    assert again["counts"]["train"] == {"cat": 5, "dog": 7}
    assert again["height"] == {"smallest": 9, "median": 10.0, "largest": 30}
    assert again["duplicates"][0]["pictures"][0]["id"] == "train/cat/1.png"
    assert again["duplicates"][0]["across_splits"] is True


def test_all_pictures_unreadable_is_still_an_audit(make_source):
    found = audit(make_source({"train": [("x", "a", b""), ("y", "b", b"no")]}))
    assert len(found.unreadable) == 2
    assert found.height is None
    assert found.duplicates == ()


def test_a_split_without_a_class_is_one_clear_error(zoo):
    (zoo / "test" / "dog" / "1.png").unlink()
    (zoo / "test" / "dog").rmdir()
    with pytest.raises(ClassMismatchError, match="dog"):
        audit(zoo)


def facts(picture_id, label, pixel_hash, error=None):
    return PictureFacts(picture_id, label, 1, 1, "PNG", "RGB", pixel_hash, error)


def test_leaks_come_first_then_contradictions_then_plain_duplicates():
    found = find_duplicates(
        {
            "train": [
                facts("1", "a", "x"),
                facts("2", "a", "x"),
                facts("3", "a", "y"),
                facts("4", "b", "y"),
                facts("5", "a", "z"),
                facts("6", "a", "alone"),
                facts("7", "a", "", "empty file"),
                facts("8", "a", "", "empty file"),
            ],
            "test": [facts("9", "a", "z")],
        }
    )
    ids = [[picture.id for picture in group.pictures] for group in found]
    assert ids == [["5", "9"], ["3", "4"], ["1", "2"]]
    kinds = [(group.across_splits, group.contradictory) for group in found]
    assert kinds == [(True, False), (False, True), (False, False)]


def test_the_public_door_leads_to_the_audit():
    assert grevy.audit is audit
