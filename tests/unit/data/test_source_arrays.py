"""Arrays in Python and the digits of scikit-learn."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from source_forms import pixels

from grevy.data.sources import array_source, find_source
from grevy.errors import (
    ClassMismatchError,
    DataFormatError,
    EmptyDataError,
    MissingSplitError,
    OneClassError,
)


@pytest.mark.parametrize(
    ("shape", "read"),
    [((4, 8, 6), (4, 8, 6)), ((4, 8, 6, 1), (4, 8, 6)), ((4, 8, 6, 3), (4, 8, 6, 3))],
)
def test_gray_and_rgb_arrays_are_taken_as_they_are(shape, read):
    images = pixels(*shape)
    source = array_source("mine", {"train": (images, [0, 1, 10, 2])})
    split = source.splits["train"]
    np.testing.assert_array_equal(split.pictures(), images.reshape(read))
    assert split.labels == ("0", "1", "10", "2")
    assert split.ids == ("train/000000", "train/000001", "train/000002", "train/000003")


def test_labels_may_be_names_or_positions_in_the_class_names():
    images = pixels(2, 4, 4)
    named = array_source("a", {"train": (images, np.array(["dog", "cat"]))})
    numbered = array_source("a", {"train": (images, [[1], [0]])}, class_names=["cat", "dog"])
    assert named.splits["train"].labels == numbered.splits["train"].labels == ("dog", "cat")
    assert named.class_names is None
    assert numbered.class_names == ("cat", "dog")


def test_tensors_are_arrays():
    images = torch.arange(2 * 4 * 4 * 3, dtype=torch.uint8).reshape(2, 4, 4, 3)
    source = array_source("t", {"train": (images, torch.tensor([0, 1]))})
    np.testing.assert_array_equal(source.splits["train"].pictures(), images.numpy())


def test_the_content_hash_changes_with_every_pixel_label_and_shape():
    images = pixels(4, 6, 6)
    changed = images.copy()
    changed[2, 3, 3] ^= 1
    hashes = [
        array_source("a", {"train": (x, y)}).content_hash
        for x, y in [
            (images, [0, 1, 0, 1]),
            (changed, [0, 1, 0, 1]),
            (images, [0, 1, 1, 0]),
            (images.reshape(4, 4, 9), [0, 1, 0, 1]),
        ]
    ]
    assert len(set(hashes)) == 4
    assert array_source("b", {"train": (images.copy(), [0, 1, 0, 1])}).content_hash == hashes[0]


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (pixels(2, 4, 4) / 255, [0, 1], r"float64.*\* 255"),
        (pixels(2, 4, 4).astype(np.int64), [0, 1], "int64"),
        (pixels(2, 3, 8, 8), [0, 1], r"\[2, 3, 8, 8\].*transpose"),
        (pixels(2, 4), [0, 1], r"\[2, 4\]"),
        (pixels(2, 4, 4), [0], "2 pictures"),
        (pixels(2, 4, 4), [[1, 0], [0, 1]], "one-hot"),
        (pixels(2, 4, 4), [0.0, 1.0], "float"),
        (pixels(2, 4, 4), [True, False], "bool"),
        (pixels(2, 4, 4), ["cat", ""], "''"),
        (pixels(2, 4, 4), [0, None], "None"),
        ([[1], [2, 3]], [0, 1], "no array"),
    ],
)
def test_what_is_no_picture_or_label_is_refused_with_a_way_out(images, labels, said):
    with pytest.raises(DataFormatError, match=said):
        array_source("a", {"train": (images, labels)})


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_without_a_name_is_refused(label):
    with pytest.raises(DataFormatError, match=rf"{label}.* 0 to 1"):
        array_source("a", {"train": (pixels(3, 4, 4), [0, 1, label])}, ["cat", "dog"])


def test_splits_must_have_the_classes_of_train():
    images = pixels(3, 4, 4)
    splits = {"train": (images, ["a", "b", "c"]), "test": (images, ["a", "d", "a"])}
    with pytest.raises(ClassMismatchError, match=r"'test'.*'b', 'c'.*extra class 'd'"):
        array_source("x", splits)
    with pytest.raises(ClassMismatchError, match=r"'train'.*'d'"):
        array_source("x", {"train": (images, ["a", "b", "c"])}, ["a", "b", "c", "d"])


def test_sources_that_cannot_be_trained_on_are_refused():
    images = pixels(2, 4, 4)
    with pytest.raises(OneClassError, match="'a'"):
        array_source("x", {"train": (images, ["a", "a"])})
    with pytest.raises(MissingSplitError, match="'test'"):
        array_source("x", {"test": (images, ["a", "b"])})
    with pytest.raises(EmptyDataError, match="'test'"):
        array_source("x", {"train": (images, ["a", "b"]), "test": (images[:0], [])})
    with pytest.raises(EmptyDataError):
        array_source("x", {})
    with pytest.raises(DataFormatError, match="'dev'"):
        array_source("x", {"dev": (images, ["a", "b"])})


def test_digits_are_the_real_ones_enlarged_and_scaled():
    from sklearn.datasets import load_digits

    source = find_source("digits")
    splits = {name: (split.pictures(), split.labels) for name, split in source.splits.items()}
    images = np.concatenate([images for images, _ in splits.values()])
    labels = [int(label) for _, labels in splits.values() for label in labels]
    assert images.shape == (1797, 32, 32)
    assert images.dtype == np.uint8
    table = {v: int(v * 255 / 16 + 0.5) for v in range(17)}
    assert (table[0], table[1], table[8], table[16]) == (0, 16, 128, 255)

    found = Counter((image.tobytes(), y) for image, y in zip(images, labels, strict=True))
    digits = load_digits()
    square = np.ones((4, 4))
    expected = Counter(
        (np.kron(np.vectorize(table.get)(image), square).astype(np.uint8).tobytes(), int(y))
        for image, y in zip(digits.images, digits.target, strict=True)
    )
    assert found == expected


def test_the_test_split_of_digits_is_a_fixed_fifth_of_each_class():
    source = find_source("digits")
    train, test = (Counter(source.splits[name].labels) for name in ("train", "test"))
    for digit in "0123456789":
        assert test[digit] == round((train[digit] + test[digit]) / 5)
    assert source.class_names == tuple("0123456789")
    assert "seed 0" in source.notes[0]
    assert source.content_hash == find_source("digits").content_hash
