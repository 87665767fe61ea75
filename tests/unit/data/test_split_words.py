"""Which pictures are train, which are test."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from source_forms import cells, parquet

from grevy.data.load import load_data
from grevy.data.sources import find_source
from grevy.data.sources.split_words import (
    are_splits,
    how_to_name,
    is_numbered_split,
    is_split_column,
    looks_like_split,
    split_of,
)
from grevy.errors import DataFormatError, OneClassError
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
        ("Trainingsdaten", "train"),
        ("测试集", "test"),
        ("entrai\u0302nement", "train"),
        ("hold-out", "test"),
        ("HeldOut_set", "test"),
        ("threshold_out", None),
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
    with pytest.raises(DataFormatError, match=r"--pictures.splits train=NAME,test=NAME"):
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


def refusal(root, choice=""):
    with pytest.raises(DataFormatError) as caught:
        find_source(root, SplitChoice(parse_splits(choice)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "typed"),
    [
        (["hold-out", "train"], "train=train,test=hold-out"),
        (["extra", "test", "train"], "train=train,test=test ('extra' left out until"),
        (
            ["test", "train_a", "train_b"],
            "train=NAME,test=test (NAME for train is one of 'train_a', ",
        ),
        (["a", "b"], "train=NAME,test=NAME (each NAME one of 'a', 'b'"),
        (["unlabelled", "test"], "test=test ('unlabelled' left"),
        (["my test/train"], "'train=my test/train', or"),
        ([], "train=NAME,test=NAME, or"),
    ],
)
def test_a_hint_says_what_names_say_and_guesses_nothing(names, typed):
    assert how_to_name(names).startswith(f"--pictures.splits {typed}")


def test_a_hint_proposes_no_folder_that_can_be_no_split(tmp_path):
    fill(folders(tmp_path / "d", "train"), "unlabeled/1.png", "unlabeled/2.png")
    assert "--pictures.splits train=train, or" in refusal(tmp_path / "d")
    fill(tmp_path / "e", "bus/1.png", "train/1.png", "tram/1.png")
    assert "give --pictures.splits train=. if the folders at the top are" in refusal(tmp_path / "e")


@pytest.mark.parametrize(
    ("train", "test"), [("part1/train", "part2/test"), ("data/in/train", "Data/test")]
)
def test_splits_below_the_top_are_no_classes(tmp_path, train, test):
    root = folders(tmp_path / "d", train, test)
    assert f"--pictures.splits train={train},test={test}, or" in refusal(root)
    source = find_source(root, SplitChoice(parse_splits(f"train={train},test={test}")))
    assert source.class_names == ("a", "b")


def test_a_folder_of_splits_beside_another_is_named(tmp_path):
    root = fill(folders(tmp_path / "d", "site/train", "site/test"), "docs/figure.png")
    assert f"give the folder {root / 'site'}, or" in refusal(root)


def test_splits_inside_of_classes_are_told_to_be_moved(tmp_path):
    names = (f"{label}/{split}/1.png" for label in ("cat", "dog") for split in ("train", "test"))
    root = fill(tmp_path / "d", *names)
    assert "move cat/test to test/cat, and so on" in refusal(root)
    assert "splits inside of classes" in refusal(root, "train=cat,test=dog")


def test_sites_that_share_folders_are_no_classes(tmp_path):
    names = ("A/good/1.png", "A/bad/1.png", "B/good/1.png")
    assert "train=NAME,test=NAME (each NAME one of 'A', 'B'" in refusal(fill(tmp_path, *names))


def test_one_folder_that_all_classes_hold_is_no_split(tmp_path, own_cache):
    source = find_source(fill(tmp_path / "d", "a/images/1.png", "b/images/1.png"))
    assert source.class_names == ("a", "b")


@pytest.mark.parametrize("name", ["trainA", "testB", "train_2", "Val 01", "training-set-b"])
def test_a_split_with_a_number_or_letter_looks_like_one(tmp_path, name):
    assert is_numbered_split(name)
    assert name in refusal(fill(tmp_path, f"{name}/1.png", "other/1.png"))


@pytest.mark.parametrize("name", ["test_tube", "bullet_train", "a", "class2", "trainer", "test"])
def test_other_names_are_no_numbered_splits(name):
    assert not is_numbered_split(name)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["train", "test", "train"], True),
        (["train", "train", ""], True),
        (["Training", "PublicTest", "other"], True),
        (["valid", "invalid"], False),
        (["train station", "test tube"], False),
        (["train/0001.png", "test/0001.png"], False),
        ([""], False),
    ],
)
def test_values_say_whether_a_column_is_a_split(values, told):
    assert are_splits(values) == told


@pytest.mark.parametrize("name", ["kfold", "cv_fold", "fold_id", "k-fold"])
def test_folds_for_cross_validation_are_splits(name):
    assert is_split_column(name)


def test_columns_of_split_words_are_refused_whatever_they_are_called(tmp_path, own_cache):
    fill(tmp_path, *(f"{n}.png" for n in range(4)))
    modes = ["train", "train", "test", "test"]
    lines = (f"{n}.png,{'ab'[n % 2]},{mode}" for n, mode in enumerate(modes))
    (tmp_path / "t.csv").write_text("\n".join(["path,label,mode", *lines]))
    pixels, labels = np.zeros((4, 4, 4), np.uint8), [0, 1, 0, 1]
    np.savez(tmp_path / "t.npz", images=pixels, labels=labels, mode=np.array(modes))
    parquet(tmp_path / "t.parquet", cells(b"1", b"2", b"3", b"4"), labels)
    table = pq.read_table(tmp_path / "t.parquet").append_column("mode", [modes])
    table = table.append_column("more", [[{"depth": 1}] * 4])
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    for name in ("t.csv", "t.npz", "t.parquet"):
        assert "--pictures.split-column mode" in refusal(tmp_path / name)
        assert list(find_source(tmp_path / name, SplitChoice({".": "train"})).splits) == ["train"]
        assert len(find_source(tmp_path / name, SplitChoice(column="mode")).splits) == 2


def test_a_folder_that_only_wraps_is_named_with_the_one_inside(tmp_path):
    root = folders(tmp_path / "d", "dataset")
    with pytest.raises(OneClassError, match=f"give the folder {root / 'dataset'} if"):
        find_source(root)
