"""Parquet files in the Hugging Face image layout."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_forms import cells, parquet

from grevy.data.sources import find_source
from grevy.errors import ClassMismatchError, DataFormatError, DataNotFoundError, MissingSplitError

NAMES = ["zebra", "ass"]
FOUR = cells(b"p0", b"p1", b"p2", b"p3")


def test_shards_are_read_in_natural_order_with_the_publishers_names(tmp_path, own_cache):
    parquet(tmp_path / "p/train-10-of-11.parquet", cells(b"t2", b"t3"), [1, 1], NAMES)
    parquet(tmp_path / "p/train-9-of-11.parquet", cells(b"t0", b"t1"), [0, 1], NAMES)
    parquet(tmp_path / "p/test-0.parquet", cells(b"e0", b"e1"), [1, 0], NAMES)
    source = find_source(tmp_path / "p")
    assert source.name == "p"
    assert source.class_names == ("zebra", "ass")
    train, test = source.splits["train"], source.splits["test"]
    assert train.labels == ("zebra", "ass", "ass", "ass")
    assert list(train.pictures()) == [b"t0", b"t1", b"t2", b"t3"]
    assert train.ids == tuple(f"train/00000{n}" for n in range(4))
    assert test.labels == ("ass", "zebra")
    assert list(test.pictures()) == [b"e0", b"e1"]


def test_pictures_are_read_by_position_slice_and_backwards(tmp_path, own_cache):
    contents = [bytes([n]) for n in range(23)]
    parquet(tmp_path / "p/train-0.parquet", cells(*contents[:9]), [0, 1, 2] * 3)
    parquet(tmp_path / "p/train-1.parquet", cells(*contents[9:]), [0, 1] * 7, row_group_size=5)
    pictures = find_source(tmp_path / "p").splits["train"].pictures()
    assert len(pictures) == 23
    assert [pictures[n] for n in range(23)] == contents
    assert pictures[-1] == contents[-1]
    assert pictures[7:20:3] == contents[7:20:3]
    assert list(reversed(pictures)) == contents[::-1]
    with pytest.raises(IndexError):
        pictures[23]


def test_listing_reads_no_pictures(tmp_path, own_cache):
    content = np.random.default_rng(0).bytes(10_000)
    path = tmp_path / "p/train-0.parquet"
    parquet(path, cells(content, content[::-1]), [0, 1])
    damaged = path.read_bytes().replace(content[:5000], bytes(5000))
    assert damaged != path.read_bytes()
    before = find_source(path.parent)
    path.write_bytes(damaged)
    after = find_source(path.parent)
    assert after.splits["train"].labels == ("0", "1")
    assert after.content_hash != before.content_hash


@pytest.mark.parametrize("place", ["data", "plain_text", "default", "mnist"])
@pytest.mark.parametrize("shape", ["{}-00000-of-00001", "{}/0000", "{}"])
def test_the_hubs_folders_are_understood(tmp_path, own_cache, place, shape):
    for split in ("train", "val", "test"):
        path = tmp_path / "p" / place / f"{shape.format(split)}.parquet"
        parquet(path, FOUR, ["a", "b", "b", "a"])
    source = find_source(tmp_path / "p")
    assert set(source.splits) == {"train", "validation", "test"}
    assert source.splits["validation"].labels == ("a", "b", "b", "a")
    (note,) = source.notes
    assert f"validation is '{place}/{shape.format('val')}.parquet'" in note


def test_several_data_sets_are_refused_unless_one_is_in_the_usual_place(tmp_path, own_cache):
    for name in ("red", "blue"):
        parquet(tmp_path / "p" / name / "train-0.parquet", FOUR, [0, 1, 0, 1])
    with pytest.raises(DataFormatError, match="'blue', 'red'"):
        find_source(tmp_path / "p")
    parquet(tmp_path / "p/data/train-0.parquet", FOUR, [0, 1, 0, 1])
    source = find_source(tmp_path / "p")
    assert len(source.splits["train"].ids) == 4
    assert "'blue/train-0.parquet'" in source.notes[0]


def test_a_file_of_no_split_is_noted(tmp_path, own_cache):
    parquet(tmp_path / "p/train-0.parquet", FOUR, [0, 1, 0, 1])
    parquet(tmp_path / "p/unsupervised-0.parquet", FOUR, [0, 1, 0, 1])
    assert "'unsupervised-0.parquet'" in find_source(tmp_path / "p").notes[0]


def test_one_file_is_train_whatever_its_name_unless_it_says_test(tmp_path, own_cache):
    parquet(tmp_path / "training_pets.parquet", FOUR, [0, 1, 0, 1])
    source = find_source(tmp_path / "training_pets.parquet")
    assert source.name == "training_pets"
    assert set(source.splits) == {"train"}
    parquet(tmp_path / "test.parquet", FOUR, [0, 1, 0, 1])
    with pytest.raises(MissingSplitError):
        find_source(tmp_path / "test.parquet")


@pytest.mark.parametrize(
    "columns", [("image", "labels"), ("photo", "fine_label"), ("img", "Category")]
)
def test_columns_have_usual_names(tmp_path, own_cache, columns):
    parquet(tmp_path / "p.parquet", FOUR, [0, 1, 0, 1], NAMES, columns)
    train = find_source(tmp_path / "p.parquet").splits["train"]
    assert train.labels == ("zebra", "ass", "zebra", "ass")


def test_a_column_that_the_hub_calls_a_class_label_is_the_label(tmp_path, own_cache):
    parquet(tmp_path / "p.parquet", FOUR, [0, 1, 0, 1], NAMES, ("img", "species"))
    assert find_source(tmp_path / "p.parquet").class_names == ("zebra", "ass")


def test_the_fine_label_is_taken_before_the_coarse_one(tmp_path, own_cache):
    parquet(tmp_path / "p.parquet", FOUR, [0, 1, 0, 1], columns=("img", "fine_label"))
    table = pq.read_table(tmp_path / "p.parquet").append_column("coarse_label", [[7, 7, 7, 7]])
    pq.write_table(table.select(["coarse_label", "img", "fine_label"]), tmp_path / "p.parquet")
    assert find_source(tmp_path / "p.parquet").splits["train"].labels == ("0", "1", "0", "1")


def test_categories_of_pandas_are_names(tmp_path, own_cache):
    parquet(tmp_path / "p.parquet", FOUR, ["a", "b", "a", "b"])
    table = pq.read_table(tmp_path / "p.parquet")
    table = table.set_column(1, "label", table["label"].dictionary_encode())
    pq.write_table(table, tmp_path / "p.parquet")
    assert find_source(tmp_path / "p.parquet").splits["train"].labels == ("a", "b", "a", "b")


def test_names_that_no_picture_has_are_left_out_and_said(tmp_path, own_cache):
    parquet(tmp_path / "p.parquet", FOUR, [0, 2, 0, 2], ["a", "b", "c"])
    source = find_source(tmp_path / "p.parquet")
    assert source.class_names == ("a", "c")
    assert "'b'" in source.notes[0]


def test_a_class_that_a_split_lacks_is_named(tmp_path, own_cache):
    parquet(tmp_path / "p/train-0.parquet", FOUR, [0, 1, 0, 1], NAMES)
    parquet(tmp_path / "p/test-0.parquet", FOUR, [0, 0, 0, 0], NAMES)
    with pytest.raises(ClassMismatchError, match=r"'test'.*'ass'"):
        find_source(tmp_path / "p")


def test_files_with_different_names_are_refused(tmp_path, own_cache):
    parquet(tmp_path / "p/train-0.parquet", FOUR, [0, 1, 0, 1], NAMES)
    parquet(tmp_path / "p/test-0.parquet", FOUR, [0, 1, 0, 1], NAMES[::-1])
    with pytest.raises(DataFormatError, match="different lists"):
        find_source(tmp_path / "p")


@pytest.mark.parametrize("labels", [[0, 1, -1, 1], [0, 1, 2, 1], [0.0, 1.0, 0, 1], [0.5, 1, 0, 1]])
def test_labels_without_a_name_are_refused(tmp_path, own_cache, labels):
    parquet(tmp_path / "p.parquet", FOUR, labels, NAMES)
    with pytest.raises(DataFormatError, match=r"p\.parquet has a label"):
        find_source(tmp_path / "p.parquet")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, 1, None, 1], r"no label in row 3 \(None\)"),
        ([0.0, float("nan"), 1.0, None], r"no label in 2 of 4 rows \(2, 4\)"),
        (["a", "nan", "b", None], r"no label in 2 of 4 rows \(2, 4\) \('nan', None\)"),
    ],
)
def test_labels_that_are_not_there_are_counted(tmp_path, own_cache, labels, said):
    parquet(tmp_path / "p.parquet", FOUR, labels)
    with pytest.raises(DataFormatError, match=said):
        find_source(tmp_path / "p.parquet")


def test_null_bytes_with_a_path_refer_to_a_file_that_is_hashed(tmp_path, own_cache):
    (tmp_path / "one.png").write_bytes(b"1")
    contents = [{"bytes": None, "path": "one.png"}, {"bytes": b"2", "path": "two.png"}]
    parquet(tmp_path / "p.parquet", [*contents, {"bytes": None, "path": None}, None], [0, 1, 0, 1])
    source = find_source(tmp_path / "p.parquet")
    assert list(source.splits["train"].pictures()) == [tmp_path / "one.png", b"2", b"", b""]
    (tmp_path / "one.png").write_bytes(b"another")
    assert find_source(tmp_path / "p.parquet").content_hash != source.content_hash
    (tmp_path / "one.png").unlink()
    with pytest.raises(DataNotFoundError, match=r"one\.png"):
        find_source(tmp_path / "p.parquet")


def test_tables_without_pictures_or_labels_are_refused(tmp_path, own_cache):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"label": [0, 1]}), path)
    with pytest.raises(DataFormatError, match="column of pictures"):
        find_source(path)
    parquet(path, FOUR, [0, 1, 0, 1], columns=("img", "price"))
    with pytest.raises(DataFormatError, match="column of labels"):
        find_source(path)


def test_two_columns_of_pictures_are_refused(tmp_path, own_cache):
    parquet(tmp_path / "p.parquet", FOUR, [0, 1, 0, 1], columns=("left", "label"))
    table = pq.read_table(tmp_path / "p.parquet")
    pq.write_table(table.append_column("right", table["left"]), tmp_path / "p.parquet")
    with pytest.raises(DataFormatError, match="'left', 'right'"):
        find_source(tmp_path / "p.parquet")


@pytest.mark.parametrize("keep", [0, 20, -20])
def test_a_damaged_file_is_named(tmp_path, own_cache, keep):
    path = tmp_path / "p/train-0.parquet"
    parquet(path, FOUR, [0, 1, 0, 1])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataFormatError, match=r"train-0\.parquet is damaged"):
        find_source(tmp_path / "p")


@pytest.mark.real_data
def test_the_whole_cifar_10_is_listed(cifar10_folder, own_cache):
    source = find_source(cifar10_folder)
    assert source.name == "cifar10"
    names = "airplane automobile bird cat deer dog frog horse ship truck".split()  # noqa: SIM905
    assert source.class_names == tuple(names)
    assert Counter(source.splits["train"].labels) == dict.fromkeys(names, 5_000)
    assert Counter(source.splits["test"].labels) == dict.fromkeys(names, 1_000)
    pictures = source.splits["test"].pictures()
    assert len(pictures) == 10_000
    assert pictures[9_999][:4] == b"\x89PNG"
