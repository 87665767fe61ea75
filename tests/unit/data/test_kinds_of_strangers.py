"""What somebody who had not read the code gave, and what was wrong with the answers."""

from __future__ import annotations

import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from source_forms import cells, parquet

from grevy.data.sources import find_source
from grevy.data.sources.find import find_labelled
from grevy.errors import DataFormatError, EmptyDataError, NoLabelsError


def picture(place, form="PNG"):
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 4, 3), len(place.name), np.uint8)).save(place, form)


def test_what_is_a_picture_by_its_first_bytes_is_read_whatever_its_suffix(tmp_path, own_cache):
    for name, form in (
        ("a/1.JFIF", "JPEG"),
        ("a/2", "PNG"),
        ("b/3.tga-not", "GIF"),
        ("c/4", "BMP"),
    ):
        picture(tmp_path / "d" / name, form)
    (tmp_path / "d/c/notes.txt").write_text("no picture")
    source = find_source(tmp_path / "d")
    assert source.splits["train"].ids == ("a/1.JFIF", "a/2", "b/3.tga-not", "c/4")
    assert "'c/notes.txt'" in source.notes[0]


def test_a_folder_is_a_class_whatever_its_name(tmp_path, own_cache):
    for name in ("NA", "nan", "None", "null"):
        picture(tmp_path / "d" / name / "1.png")
    source = find_source(tmp_path / "d")
    assert set(source.splits["train"].labels) == {"NA", "nan", "None", "null"}
    picture(tmp_path / "namibia" / "NA" / "1.png")
    assert find_labelled(tmp_path / "namibia").splits["train"].labels == ("NA",)


def test_an_error_names_the_archive_and_not_the_cache(tmp_path, own_cache):
    packed = tmp_path / "flat.zip"
    picture(tmp_path / "1.png")
    with zipfile.ZipFile(packed, "w") as file:
        file.write(tmp_path / "1.png", "1.png")
    with pytest.raises(NoLabelsError) as caught:
        find_source(packed)
    assert str(packed) in str(caught.value)
    assert "archives" not in str(caught.value)


def test_an_empty_zip_is_told(tmp_path, own_cache):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(EmptyDataError, match="holds nothing"):
        find_source(tmp_path / "empty.zip")


def test_two_zips_behind_each_other_are_refused(tmp_path, own_cache):
    parts = []
    for name in ("a", "b"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as file:
            file.writestr(f"{name}/1.png", b"1")
        parts.append((tmp_path / f"{name}.zip").read_bytes())
    (tmp_path / "both.zip").write_bytes(b"".join(parts))
    with pytest.raises(DataFormatError, match="does not name: two zips"):
        find_source(tmp_path / "both.zip")


def test_a_missing_part_of_a_data_set_is_named(tmp_path, own_cache):
    for number in (0, 2):
        parquet(tmp_path / f"train-{number:05d}-of-00003.parquet", cells(b"1", b"2"), [0, 1])
    with pytest.raises(DataFormatError, match=r"lacks 'train-00001-of-00003\.parquet'"):
        find_source(tmp_path)
    parquet(tmp_path / "train-00001-of-00003.parquet", cells(b"1", b"2"), [0, 1])
    assert len(find_source(tmp_path).splits["train"].labels) == 6


def test_tables_of_labels_in_the_splits_are_named(tmp_path, own_cache):
    for split in ("train", "test"):
        picture(tmp_path / "d" / split / "0.png")
        (tmp_path / "d" / split / "metadata.csv").write_text("file_name,label\n0.png,cat\n")
    with pytest.raises(NoLabelsError, match=r"stand in .*test/metadata\.csv.*column|metadata"):
        find_source(tmp_path / "d")


def test_an_address_is_told_as_it_is_written(tmp_path, own_cache):
    (tmp_path / "t.csv").write_text("path,label\nhttps://example.org/1.png,cat\n")
    with pytest.raises(
        DataFormatError, match=r"'https://example\.org/1\.png', which is on the net"
    ):
        find_source(tmp_path / "t.csv")


def test_numbers_with_an_exponent_and_several_labels_are_told_as_what_they_are(tmp_path, own_cache):
    picture(tmp_path / "1.png")
    (tmp_path / "t.csv").write_text("path,label\n1.png,1e3\n")
    with pytest.raises(DataFormatError, match="not written plain: '1e3'"):
        find_source(tmp_path / "t.csv")
    table = pa.table({"image": cells(b"1"), "label": [["cat"]]})
    pq.write_table(table, tmp_path / "train.parquet")
    with pytest.raises(DataFormatError, match="several labels for a picture"):
        find_source(tmp_path / "train.parquet")
