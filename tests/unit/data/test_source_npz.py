"""NumPy's .npz files."""

from __future__ import annotations

import numpy as np
import pytest
from source_forms import pixels

from grevy.data.sources import find_source
from grevy.errors import ClassMismatchError, DataFormatError

X, Y = pixels(4, 6, 6, 3), np.array([0, 1, 0, 1])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_splits_come_by_their_keys(tmp_path, own_cache, save):
    gray = pixels(2, 6, 6, 1)
    save(
        tmp_path / "a.npz",
        x_train=X,
        y_train=Y,
        x_test=X[:2],
        y_test=[[1], [0]],
        x_validation=gray,
        y_validation=np.array([0, 1], np.uint8),
    )
    source = find_source(tmp_path / "a.npz")
    assert source.name == "a"
    assert source.splits["train"].labels == ("0", "1", "0", "1")
    assert source.splits["test"].labels == ("1", "0")
    np.testing.assert_array_equal(source.splits["train"].pictures(), X)
    np.testing.assert_array_equal(source.splits["validation"].pictures(), gray[..., 0])
    assert source.splits["test"].ids == ("test/000000", "test/000001")


def test_images_labels_and_classes_are_train(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X, labels=Y, classes=["zebra", "ass"])
    source = find_source(tmp_path / "a.npz")
    assert source.class_names == ("zebra", "ass")
    assert source.splits["train"].labels == ("zebra", "ass", "zebra", "ass")


def test_labels_may_be_names(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X, labels=["a", "b", "b", "a"])
    assert find_source(tmp_path / "a.npz").splits["train"].labels == ("a", "b", "b", "a")


def test_listing_reads_no_pictures(tmp_path, own_cache):
    """Damage inside the pixels is noticed when they are asked for, not before."""
    images = pixels(4, 300, 300)
    np.savez(tmp_path / "a.npz", images=images, labels=Y)
    content = (tmp_path / "a.npz").read_bytes()
    damaged = content.replace(images.tobytes(), bytes(images.nbytes))
    assert damaged != content
    (tmp_path / "a.npz").write_bytes(damaged)
    source = find_source(tmp_path / "a.npz")
    with pytest.raises(DataFormatError, match="CRC"):
        source.splits["train"].pictures()


def test_other_arrays_are_noted(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X, labels=Y, ages=Y)
    assert "'ages'" in find_source(tmp_path / "a.npz").notes[0]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"a": X, "b": Y}, "'a', 'b'"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "in pairs"),
        ({"x_train": X, "y_train": Y, "images": X, "labels": Y}, "'images'"),
        ({"images": X / 255, "labels": Y}, "float64.*255"),
        ({"images": X.transpose(0, 3, 1, 2), "labels": Y}, "transpose"),
        ({"images": X, "labels": Y[:3]}, "4 pictures"),
        ({"images": X, "labels": np.array(["a", "b", None, "a"], dtype=object)}, "allow_pickle"),
        ({"images": X, "labels": Y + 1, "classes": ["a", "b"]}, "2, and there are names"),
    ],
)
def test_other_contents_are_refused(tmp_path, own_cache, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataFormatError, match=said):
        find_source(tmp_path / "a.npz")


@pytest.mark.parametrize("keep", [0, 10, 300, -30])
def test_a_damaged_file_is_said(tmp_path, own_cache, keep):
    np.savez(tmp_path / "a.npz", images=X, labels=Y)
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:keep])
    with pytest.raises(DataFormatError, match=r"a\.npz"):
        find_source(tmp_path / "a.npz")


def test_a_class_that_no_label_names_is_a_mismatch(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X, labels=Y, classes=["a", "b", "c"])
    with pytest.raises(ClassMismatchError, match="'c'"):
        find_source(tmp_path / "a.npz")
