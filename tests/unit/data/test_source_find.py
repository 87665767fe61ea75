"""What is read where several things lie in one folder."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from source_forms import cells, cifar10_batches, idx_files, parquet, pixels

from grevy.data.archives import ARCHIVE_SUFFIXES
from grevy.data.load import typed_place
from grevy.data.sources import csv_table, find_source, npz_keys, split_words
from grevy.data.sources import parquet as parquet_files
from grevy.data.sources.find import _FILES
from grevy.errors import DataFormatError, NoLabelsError, OneClassError
from grevy.recipes.schema import PicturesConfig

ROOT = Path(__file__).parents[3]


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def batches(root):
    cifar10_batches(root / "cifar-10-batches-py")


def mnist(root):
    idx_files(root / "MNIST/raw")


def fashion(root):
    idx_files(root / "FashionMNIST/raw")


def classes(root):
    fill(root, "a/1.png", "b/1.png")


def table(root):
    parquet(root / "train-0.parquet", cells(b"1", b"2"), [0, 1])


@pytest.mark.parametrize(
    ("first", "second"),
    [(batches, classes), (mnist, classes), (batches, mnist), (mnist, fashion), (batches, table)],
)
def test_two_data_sets_in_one_folder_are_refused(tmp_path, own_cache, first, second):
    first(tmp_path / "d")
    assert find_source(tmp_path / "d").splits
    second(tmp_path / "d")
    with pytest.raises(DataFormatError, match="one data set; give the folder or file"):
        find_source(tmp_path / "d")


@pytest.mark.parametrize("make", [batches, mnist, classes])
def test_a_stray_file_beside_the_data_is_named(tmp_path, own_cache, make):
    make(tmp_path / "d")
    parquet(tmp_path / "d/scores.parquet", cells(b"1", b"2"), [0, 1])
    np.savez(tmp_path / "d/old.npz", images=pixels(2, 4, 4), labels=[0, 1])
    fill(tmp_path / "d", "notes.csv", "more/readme.txt" if make is not classes else "a/readme.txt")
    source = find_source(tmp_path / "d")
    said = " ".join(source.notes)
    assert "not read" in said
    assert all(name in said for name in ("'scores.parquet'", "'old.npz'", "'notes.csv'"))


def test_the_second_form_of_an_idx_file_is_named(tmp_path, own_cache):
    idx_files(tmp_path / "raw")
    idx_files(tmp_path / "plain", compress=False)
    for file in (tmp_path / "plain").iterdir():
        file.rename(tmp_path / "raw" / file.name)
    (note,) = find_source(tmp_path / "raw").notes
    assert "'t10k-images-idx3-ubyte.gz'" in note


def test_a_table_that_lists_flat_pictures_is_pointed_to(tmp_path, own_cache):
    root = fill(tmp_path / "d", "images/1.png", "images/2.png", "labels.csv")
    with pytest.raises(OneClassError, match="or give the table that lists labels"):
        find_source(root)
    flat = fill(tmp_path / "f", "1.png", "labels.csv")
    with pytest.raises(NoLabelsError, match=r"or give the file .*labels\.csv'"):
        find_source(flat)


@pytest.mark.parametrize("names", [("train", "test"), ("train", "validation", "test")])
def test_plain_folders_of_splits_are_said_too(tmp_path, own_cache, names):
    root = fill(tmp_path / "d", *(f"{split}/{label}/1.png" for split in names for label in "ab"))
    (note,) = find_source(root).notes
    assert note.startswith("taken as splits: ")
    assert all(f"{split} is '{split}'" in note for split in names)


def test_a_place_is_typed_again_with_what_was_said_about_its_splits():
    assert typed_place("my pets", PicturesConfig()) == "'my pets'"
    config = PicturesConfig(splits="train=0,test=1", split_column="is valid")
    typed = "d --pictures.splits train=0,test=1 --pictures.split-column 'is valid'"
    assert typed_place("d", config) == typed


@pytest.mark.parametrize(
    "words",
    [
        *(csv_table._COLUMNS.values()),
        *(npz_keys._WORDS.values()),
        *(parquet_files._LABEL_COLUMNS, npz_keys.CLASSES, tuple(split_words._WORDS)),
        tuple(_FILES),
        ARCHIVE_SUFFIXES,
    ],
)
def test_every_accepted_word_is_in_the_docs(words):
    said = re.findall(r"[\w.]+", (ROOT / "docs/data.md").read_text("utf-8"))
    assert set(words) <= set(said)
