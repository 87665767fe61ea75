"""Which pictures are train, which are test."""

from __future__ import annotations

import numpy as np
import pytest
from source_forms import cells, parquet

from grevy.data.load import load_data
from grevy.data.sources import find_source
from grevy.data.sources.split_words import is_split_column, looks_like_split, split_of
from grevy.errors import DataFormatError
from grevy.recipes.schema import PicturesConfig
from grevy.recipes.split_choice import SplitChoice, parse_splits


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def folders(root, *splits):
    return fill(root, *(f"{split}/{label}/1.png" for split in splits for label in "ab"))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("TRAINING", "train"),
        ("seg_train", "train"),
        ("trainset", "train"),
        ("train2017", "train"),
        ("TestImages", "test"),
        ("data-val-0-of-2", "validation"),
        ("dev", "validation"),
        ("fold0", None),
        ("train_test", None),
        ("latest", None),
        ("trainer", None),
    ],
)
def test_a_word_between_what_is_no_letter_means_a_split(name, split):
    assert split_of(name) == split


@pytest.mark.parametrize("name", ["is_valid", "subset", "Fold", "partition", "Usage", "train"])
def test_columns_that_may_be_splits(name):
    assert is_split_column(name)
    assert not is_split_column(f"{name}_result_cm")


@pytest.mark.parametrize(
    ("train", "test"), [("Training", "Testing"), ("seg_train", "seg_test"), ("train", "test_set")]
)
def test_folders_of_other_spellings_are_splits_and_said(tmp_path, own_cache, train, test):
    source = find_source(folders(tmp_path / "d", train, test))
    assert source.splits["test"].ids == (f"{test}/a/1.png", f"{test}/b/1.png")
    assert f"test is '{test}'" in source.notes[0]


def test_classes_with_such_words_stay_classes(tmp_path, own_cache):
    source = find_source(fill(tmp_path / "d", "test_tube/1.png", "bullet_train/1.png"))
    assert source.class_names == ("bullet_train", "test_tube")


def test_folders_that_look_like_splits_are_refused_until_they_are_named(tmp_path, own_cache):
    root = folders(tmp_path / "d", "fold0", "fold1", "fold2")
    assert looks_like_split("fold0")
    with pytest.raises(DataFormatError, match=r"--pictures.splits train=fold0,test=fold2"):
        find_source(root)
    chosen = SplitChoice(parse_splits("train=fold0,train=fold1,test=fold2"))
    assert len(find_source(root, chosen).splits["train"].ids) == 4
    every = find_source(root, SplitChoice(parse_splits("train=.")))
    assert every.class_names == ("fold0", "fold1", "fold2")


def test_parquet_files_are_split_by_a_word_anywhere_and_refused_without(tmp_path, own_cache):
    for name in ("pets_train", "pets_test"):
        parquet(tmp_path / f"p/{name}.parquet", cells(b"1", b"2"), [0, 1])
    assert set(find_source(tmp_path / "p").splits) == {"train", "test"}
    parquet(tmp_path / "p/more.parquet", cells(b"1", b"2"), [0, 1])
    with pytest.raises(DataFormatError, match=r"'more\.parquet', which say no split"):
        find_source(tmp_path / "p")


def test_a_split_column_is_read_and_its_relatives_refused_by_name(tmp_path, own_cache):
    rows = fill(tmp_path, *(f"{n}.png" for n in range(4))) / "t.csv"
    lines = ["0.png,a,0", "1.png,b,0", "2.png,a,1", "3.png,b,1"]
    rows.write_text("\n".join(["file_name,label,is_valid", *lines]))
    with pytest.raises(DataFormatError, match=r"--pictures.split-column is_valid"):
        find_source(rows)
    source = find_source(rows, SplitChoice(column="is_valid"))
    assert source.splits["validation"].ids == ("2.png", "3.png")
    chosen = SplitChoice(parse_splits("train=0,test=1"), "is_valid")
    assert find_source(rows, chosen).splits["test"].ids == ("2.png", "3.png")


@pytest.mark.parametrize("text", ["fold0", "train=", "dev=a", "train=a,test=a", "train=.,test=a"])
def test_what_is_no_choice_is_refused(text):
    with pytest.raises(ValueError, match=r"NAME|twice"):
        parse_splits(text)


def test_arrays_have_splits_of_their_own(stripes: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    for config in (PicturesConfig(split_column="fold"), PicturesConfig(splits="train=a")):
        with pytest.raises(DataFormatError, match=r"--pictures\.split-column"):
            load_data(stripes, config)
