"""NumPy's .npz files."""

from __future__ import annotations

import numpy as np
import pytest
from source_forms import pixels

from grevy.data.sources import find_source
from grevy.errors import ClassMismatchError, DataFormatError, EmptyDataError
from grevy.recipes.split_choice import SplitChoice, parse_splits

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


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        *(("x_{}", "y_{}"), ("X_{}", "y_{}"), ("{}_x", "{}_y"), ("{}X", "{}Y"), ("x{}", "y{}")),
        *(("{}_images", "{}_labels"), ("images_{}", "labels_{}"), ("{}Images", "{}Labels")),
        *(("{}_data", "{}_targets"), ("{}_data", "{}_labels"), ("{}_image", "{}_label")),
    ],
)
@pytest.mark.parametrize("words", [("train", "val", "test"), ("training", "valid", "testing")])
def test_arrays_of_splits_have_usual_names(tmp_path, own_cache, images, labels, words):
    arrays = {}
    for word in words:
        arrays |= {images.format(word): X, labels.format(word): Y}
    np.savez(tmp_path / "a.npz", **arrays)
    source = find_source(tmp_path / "a.npz")
    assert list(source.splits) == ["train", "validation", "test"]
    assert f"test is '{images.format(words[2])}'" in source.notes[0]


@pytest.mark.parametrize(
    ("images", "labels"),
    [("images", "labels"), ("data", "targets"), ("X", "y"), ("img", "label"), ("Data", "Target")],
)
def test_arrays_without_a_split_are_train(tmp_path, own_cache, images, labels):
    np.savez(tmp_path / "a.npz", **{images: X, labels: Y})
    source = find_source(tmp_path / "a.npz")
    assert list(source.splits) == ["train"]
    assert source.notes == ()


def test_arrays_that_look_like_splits_are_refused_until_they_are_named(tmp_path, own_cache):
    arrays = {f"{kind}_fold{n}": v for n in range(3) for kind, v in (("x", X + n), ("y", Y))}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataFormatError, match=r"--pictures.splits train=NAME,test=NAME"):
        find_source(tmp_path / "a.npz")
    choice = SplitChoice(parse_splits("train=fold2,train=x_fold1,test=fold0"))
    source = find_source(tmp_path / "a.npz", choice)
    np.testing.assert_array_equal(source.splits["test"].pictures(), X)
    train = source.splits["train"]
    np.testing.assert_array_equal(train.pictures(), np.concatenate([X + 2, X + 1]))
    assert train.labels == ("0", "1") * 4
    some = find_source(tmp_path / "a.npz", SplitChoice(parse_splits("train=fold0,test=fold1")))
    assert "'x_fold2', 'y_fold2'" in some.notes[0]
    every = find_source(tmp_path / "a.npz", SplitChoice(parse_splits("train=.")))
    assert len(every.splits["train"].ids) == 12
    with pytest.raises(DataFormatError, match=r"no arrays called 'fold9'"):
        find_source(tmp_path / "a.npz", SplitChoice(parse_splits("train=fold0,test=fold9")))


def test_an_array_says_the_split_of_each_picture(tmp_path, own_cache):
    split = np.array(["train", "train", "test", "test"])
    np.savez(tmp_path / "a.npz", images=X, labels=Y, split=split, ages=Y)
    source = find_source(tmp_path / "a.npz")
    np.testing.assert_array_equal(source.splits["test"].pictures(), X[2:])
    assert source.splits["test"].labels == ("0", "1")
    assert source.splits["train"].ids == ("train/000000", "train/000001")
    assert source.notes[0] == "not read: the arrays 'ages'"
    assert "in the column 'split'" in source.notes[1]


def test_an_array_that_may_be_a_split_is_refused_until_it_is_named(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X, labels=Y, is_valid=np.array([0, 0, 1, 1], bool))
    with pytest.raises(DataFormatError, match=r"--pictures.split-column is_valid"):
        find_source(tmp_path / "a.npz")
    source = find_source(tmp_path / "a.npz", SplitChoice(column="is_valid"))
    assert source.splits["validation"].labels == ("0", "1")
    np.savez(tmp_path / "b.npz", images=X, labels=Y, split=np.array(["train", "test"]))
    with pytest.raises(DataFormatError, match=r"split has 4 pictures and labels of shape \[2\]"):
        find_source(tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": X[:, :0], "labels": Y}, "0×6 pixels"),
        ({"images": X[:, :, :0], "labels": Y}, "6×0 pixels"),
        ({"images": X[..., :0], "labels": Y}, r"\[4, 6, 6, 0\]"),
        ({"images": X[..., :2], "labels": Y}, r"\[4, 6, 6, 2\]"),
        ({"images": X[0, 0], "labels": Y}, r"\[6, 3\]"),
        ({"images": np.uint8(3), "labels": Y}, r"shape \[\]"),
        ({"images": X[None], "labels": Y}, r"\[1, 4, 6, 6, 3\]"),
        ({"images": X, "labels": np.int64(1)}, r"labels of shape \[\]"),
        ({"images": X, "labels": np.eye(4)}, "one-hot"),
        ({"images": X, "labels": Y[:0]}, r"labels of shape \[0\]"),
        ({"images": X, "labels": np.array([0, 1, np.nan, 1])}, r"no label in row 3 \(nan\)"),
        ({"images": X, "labels": np.array([0.5, 1, 0, 1])}, "0.5 of type float"),
        ({"images": X, "labels": ["a", "nan", "b", "None"]}, r"2 of 4 rows \(2, 4\)"),
        ({"images": X.astype(object), "labels": Y}, "object"),
        ({"images": X, "data": X, "labels": Y}, "'images', 'data'.* mean the same"),
        ({"x_val": X, "y_val": Y, "x_valid": X, "y_valid": Y, "X": X, "y": Y}, "one split twice"),
        ({"images": X, "labels": Y, "classes": [["a", "b"]]}, r"classes of shape \[1, 2\]"),
        ({"images": X, "labels": Y, "classes": "ab", "class_names": "ab"}, "both"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_one_line(tmp_path, own_cache, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataFormatError, match=said) as caught:
        find_source(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


def test_empty_arrays_are_no_pictures(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X[:0], labels=Y[:0])
    with pytest.raises(EmptyDataError, match="'train'"):
        find_source(tmp_path / "a.npz")


def test_class_names_may_be_bytes(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=X, labels=Y, class_names=np.array([b"ass", b"zebra"]))
    assert find_source(tmp_path / "a.npz").class_names == ("ass", "zebra")
    np.savez(tmp_path / "b.npz", images=X, labels=np.array([b"ass", b"zebra"] * 2))
    assert find_source(tmp_path / "b.npz").splits["train"].labels == ("ass", "zebra") * 2


def test_a_single_array_is_no_npz(tmp_path, own_cache):
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataFormatError, match="a single array"):
        find_source(tmp_path / "a.npz")


def test_two_pairs_for_one_split_are_refused_with_what_to_type(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", x_train=X, y_train=Y, x_train_more=X, y_train_more=Y)
    with pytest.raises(DataFormatError, match=r"--pictures\.splits train=x_train$"):
        find_source(tmp_path / "a.npz")
    source = find_source(tmp_path / "a.npz", SplitChoice(parse_splits("train=x_train")))
    assert len(source.splits["train"].ids) == 4
    assert "'x_train_more'" in source.notes[0]
