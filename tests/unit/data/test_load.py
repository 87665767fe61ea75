"""From a place to image data: splits, classes, labels, notes and refusals."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from grevy.data.load import load_data
from grevy.data.splits import data_fingerprint, split_hash
from grevy.errors import (
    ClassMismatchError,
    DataFormatError,
    DataNotFoundError,
    EmptyDataError,
    MissingSplitError,
    OneClassError,
    SplitTooSmallError,
    UnreadablePictureError,
)
from grevy.recipes.schema import PicturesConfig

LEAVE_OUT = PicturesConfig(unreadable="leave-out")

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def arrays(noise):
    """40 + 8 pictures in two classes."""
    return {
        "train": (noise(40, 8, 8, 3), np.array(["cat", "dog"] * 20)),
        "test": (noise(8, 8, 8, 3, seed=1), np.array(["dog", "cat"] * 4)),
    }


@pytest.fixture
def folder(tmp_path, encode, noise):
    """A folder of two classes with ten readable pictures each."""
    root = tmp_path / "pets"
    for number, name in enumerate(["cat", "dog"]):
        (root / name).mkdir(parents=True)
        for i in range(10):
            pixels = noise(12, 12, 3, seed=100 * number + i)
            (root / name / f"{i}.png").write_bytes(encode(pixels))
    return root


def rows(data, split):
    """Each picture of a split by id."""
    part = data.splits[split]
    return {
        picture_id: (data.classes[label], image.tobytes())
        for picture_id, label, image in zip(part.ids, part.labels_N, part.images_NCHW, strict=True)
    }


def test_every_picture_keeps_its_label_and_pixels(arrays):
    data = load_data(arrays)
    images, labels = arrays["train"]
    expected = {
        f"train/{i:06d}": (str(label), image.transpose(2, 0, 1).tobytes())
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    }
    assert {**rows(data, "train"), **rows(data, "validation")} == expected
    assert len(rows(data, "test")) == 8
    assert data.classes == ("cat", "dog")
    assert data.input_shape == (3, 8, 8)
    assert data.splits["train"].labels_N.dtype == np.int64


def test_a_missing_validation_split_is_carved_from_train_and_said(arrays):
    data = load_data(arrays)
    assert list(data.splits) == ["train", "validation", "test"]
    assert [len(split) for split in data.splits.values()] == [36, 4, 8]
    assert np.bincount(data.splits["validation"].labels_N).tolist() == [2, 2]
    assert data.notes == (
        "no validation split: 10 % of train (4 of 40 pictures), stratified, seed 0",
    )


def test_the_carved_part_follows_fraction_and_seed(arrays):
    def validation(**changes):
        return load_data(arrays, PicturesConfig(**changes)).splits["validation"].ids

    assert validation() == validation()
    assert validation() != validation(split_seed=1)
    assert len(validation(validation_fraction=0.25)) == 10


def test_the_carved_part_does_not_depend_on_the_order_or_form_of_the_pictures(
    arrays, tmp_path, encode
):
    images, labels = arrays["train"]
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = tmp_path / "form" / label / f"{i}.bmp"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encode(image, "BMP"))
    turned = {"train": (images[::-1], labels[::-1])}
    found = [load_data(w) for w in ({"train": arrays["train"]}, turned, tmp_path / "form")]
    hashes = [{name: s.content_hash for name, s in data.splits.items()} for data in found]
    assert hashes[0] == hashes[1] == hashes[2]
    assert len({data.fingerprint for data in found}) == 1


def test_a_validation_split_of_the_data_is_kept(arrays, noise):
    given = {**arrays, "validation": (noise(4, 8, 8, 3, seed=2), np.array(["cat", "dog"] * 2))}
    data = load_data(given)
    assert [len(split) for split in data.splits.values()] == [40, 4, 8]
    assert data.notes == ()


def test_without_a_test_split_there_is_none_and_it_is_said(arrays):
    data = load_data({"train": arrays["train"]})
    assert list(data.splits) == ["train", "validation"]
    assert "no test split: test figures are absent" in data.notes


def test_hashes_are_those_of_the_labelled_pixels(make_source, encode, noise):
    from grevy.data.decode import decode

    pictures = [noise(4, 4, 3, seed=i) for i in range(4)]
    made = [(str(i), "ab"[i % 2], encode(p)) for i, p in enumerate(pictures)]
    data = load_data(make_source({"train": made, "validation": made, "test": made}))
    digest = split_hash(["a", "b"] * 2, [decode(p)[1].pixel_hash for p in pictures])
    assert {split.content_hash for split in data.splits.values()} == {digest}
    assert data.fingerprint == data_fingerprint(
        ("a", "b"), dict.fromkeys(("train", "validation", "test"), digest)
    )


def test_pictures_shared_between_splits_are_said(arrays):
    images, labels = arrays["train"]
    leaky = {"train": arrays["train"], "test": (images[:3], labels[:3])}
    notes = load_data(leaky, PicturesConfig(validation_fraction=0.01)).notes
    assert any("test pictures are in train, too" in note for note in notes)


def test_classes_are_in_the_publishers_order_else_in_natural_order(make_source, encode, noise):
    made = [(f"{n}{i}", n, encode(noise(4, 4, 3, seed=i))) for n in ("10", "9") for i in range(2)]
    source = make_source({"train": made})
    assert load_data(source).classes == ("9", "10")
    assert load_data(replace(source, class_names=("10", "9"))).classes == ("10", "9")


def test_pictures_brought_to_another_size_are_said(folder, encode, noise):
    (folder / "cat" / "big.png").write_bytes(encode(noise(30, 40, 3)))
    data = load_data(folder)
    assert data.input_shape == (3, 64, 64)
    assert "21 of 21 pictures brought to 64×64 (crop)" in data.notes
    assert data.fit == "crop"
    assert (data.name, data.where) == ("pets", str(folder))


def test_unreadable_pictures_stop_and_are_named(folder):
    for i in range(7):
        (folder / "cat" / f"bad{i}.png").touch()
    with pytest.raises(UnreadablePictureError) as caught:
        load_data(folder)
    said = str(caught.value)
    assert said.startswith("7 of 27 pictures can't be read: 'cat/bad0.png', 'cat/bad1.png'")
    assert "'cat/bad4.png' and 2 more (the first because: empty file)" in said
    assert f"`grevy data {folder}` lists them all" in said
    assert "--pictures.unreadable leave-out" in said


def test_unreadable_pictures_are_left_out_and_named_if_asked(folder):
    (folder / "cat" / "empty.png").touch()
    (folder / "dog" / "note.png").write_text("a text")
    data = load_data(folder, LEAVE_OUT)
    assert sum(len(split) for split in data.splits.values()) == 20
    assert not any("empty" in i or "note" in i for s in data.splits.values() for i in s.ids)
    assert all(image.any() for split in data.splits.values() for image in split.images_NCHW)
    (note,) = [note for note in data.notes if "left out" in note]
    assert note == (
        "left out 2 of 22 pictures that can't be read: train: cat/empty.png (empty file);"
        " train: dog/note.png (not a picture (begins with b'a text'))"
    )


def test_a_class_that_loses_all_pictures_is_an_error(folder):
    for place in (folder / "cat").iterdir():
        place.write_bytes(b"")
    with pytest.raises((OneClassError, ClassMismatchError), match="10 unreadable pictures"):
        load_data(folder, LEAVE_OUT)


def test_a_split_that_loses_all_pictures_is_an_error(make_source, encode, noise):
    good = encode(noise(4, 4, 3))
    train = [(str(i), "ab"[i % 2], good) for i in range(6)]
    source = make_source({"train": train, "test": [("x", "a", b""), ("y", "b", b"")]})
    with pytest.raises(EmptyDataError, match="2 unreadable pictures are left out"):
        load_data(source, LEAVE_OUT)


def test_one_picture_of_a_class_cannot_be_split(make_source, encode, noise):
    made = [(str(i), "aaab"[i], encode(noise(4, 4, 3, seed=i))) for i in range(4)]
    with pytest.raises(SplitTooSmallError, match="'b'"):
        load_data(make_source({"train": made}))


def test_splits_and_classes_of_a_source_are_checked(make_source, encode, noise):
    def made(names):
        return [(str(i), name, encode(noise(4, 4, 3, seed=i))) for i, name in enumerate(names)]

    faults = {
        DataFormatError: {"train": made("aabb"), "holdout": made("ab")},
        MissingSplitError: {"test": made("ab")},
        EmptyDataError: {"train": made("ab"), "test": []},
        OneClassError: {"train": made("aa")},
        ClassMismatchError: {"train": made("aabb"), "test": made("a")},
    }
    for error, splits in faults.items():
        with pytest.raises(error):
            load_data(make_source(splits))


def test_no_such_place_is_an_error(tmp_path):
    with pytest.raises(DataNotFoundError):
        load_data(tmp_path / "nothing")


def test_loading_needs_no_torch(folder):
    code = (
        "import sys; from grevy.data.load import load_data;"
        f"load_data({str(folder)!r}); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.real_data
def test_cifar10_is_whole_and_its_second_start_is_five_times_faster(cifar10_folder):
    began = time.perf_counter()
    first = load_data(cifar10_folder)
    between = time.perf_counter()
    second = load_data(cifar10_folder)
    ended = time.perf_counter()
    print(f"first start {between - began:.2f} s, second {ended - between:.2f} s")
    assert [len(split) for split in first.splits.values()] == [45_000, 5_000, 10_000]
    assert first.input_shape == (3, 32, 32)
    assert np.bincount(first.splits["validation"].labels_N).tolist() == [500] * 10
    assert first.classes[:3] == ("airplane", "automobile", "bird")
    assert first.fingerprint == second.fingerprint
    assert between - began > 5 * (ended - between)
