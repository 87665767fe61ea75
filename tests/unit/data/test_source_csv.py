"""A CSV of paths and labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from grevy.data.sources import find_source
from grevy.errors import ClassMismatchError, DataFormatError, DataNotFoundError, EmptyDataError


@pytest.fixture
def table(tmp_path: Path, own_cache: Path):
    """Writes a CSV beside the pictures a.png, b.png, "c, d.png" and sub/e.dat."""
    for name in ("a.png", "b.png", "c, d.png", "sub/e.dat"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_paths_and_labels_are_read_in_order(table, tmp_path):
    source = find_source(table("path,label\nb.png,dog\nsub/e.dat,cat\na.png,dog\n"))
    train = source.splits["train"]
    assert source.name == "list"
    assert train.ids == ("b.png", "sub/e.dat", "a.png")
    assert train.labels == ("dog", "cat", "dog")
    assert train.pictures() == [tmp_path / name for name in train.ids]
    assert source.class_names is None


@pytest.mark.parametrize("path", ["path", "file", "filename", "image", "Image"])
@pytest.mark.parametrize("label", ["label", "class", "category", " LABEL "])
def test_columns_have_usual_names_in_any_order(table, path, label):
    source = find_source(table(f"id,{label},{path}\n1,x,a.png\n2,y,b.png\n"))
    assert source.splits["train"].labels == ("x", "y")


def test_quotes_bom_windows_lines_and_empty_lines_are_read(table):
    text = '\ufeffpath,label\r\n"c, d.png","ca""t"\r\n\r\na.png, dög \r\n'
    train = find_source(table(text)).splits["train"]
    assert train.ids == ("c, d.png", "a.png")
    assert train.labels == ('ca"t', "dög")


def test_the_split_column_makes_splits(table):
    text = "path,label,split\na.png,x,train\nb.png,y,Train\n"
    source = find_source(table(text + '"c, d.png",x,val\nsub/e.dat,y,validation\n'))
    assert source.splits["train"].ids == ("a.png", "b.png")
    assert source.splits["validation"].labels == ("x", "y")
    assert set(source.splits) == {"train", "validation"}


def test_absolute_paths_are_taken(table, tmp_path):
    source = find_source(table(f"path,label\n{tmp_path}/a.png,x\nb.png,y\n"))
    assert source.splits["train"].pictures() == [tmp_path / "a.png", tmp_path / "b.png"]


def test_the_content_hash_changes_with_a_label(table):
    hashes = {
        find_source(table(f"path,label\na.png,{x}\nb.png,{y}\n")).content_hash
        for x, y in [("x", "y"), ("y", "x")]
    }
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "columns"),
        ("a.png,x\nb.png,y\n", "'a.png', 'x'"),
        ("path:label\na.png:x\n", "path:label.*commas"),
        ("path,label\na.png,x\nb.png,\n", "no label in row 3"),
        ("path,label\n,x\nb.png,y\n", "no path in row 2"),
        ("path,label\na.png,x,more\n", "3 fields in row 2"),
        ("path,label\na.png,x\nb.png,y\na.png,y\n", r"a\.png in rows 2 and 4"),
        ("path,label,split\na.png,x,fold1\n", "'fold1' in row 2"),
        ("path,label,split\na.png,x,\n", "no split in row 2"),
        ('path,label\n"a.png,x\n', "no CSV"),
    ],
)
def test_a_malformed_table_is_said_with_its_row(table, text, said):
    with pytest.raises(DataFormatError, match=said):
        find_source(table(text))


def test_a_table_in_another_encoding_is_refused(table):
    with pytest.raises(DataFormatError, match="UTF-8"):
        find_source(table("path,label\na.png,dög\n", "latin-1"))


def test_pictures_that_are_not_there_are_named(table):
    with pytest.raises(DataNotFoundError, match=r"'gone\.png', 'lost\.png'"):
        find_source(table("path,label\na.png,x\ngone.png,y\nlost.png,y\n"))


def test_a_table_without_lines_is_empty(table):
    with pytest.raises(EmptyDataError):
        find_source(table("path,label\n"))


def test_a_class_missing_in_a_split_is_named(table):
    text = "path,label,split\na.png,x,train\nb.png,y,train\nsub/e.dat,x,test\n"
    with pytest.raises(ClassMismatchError, match=r"'test'.*'y'"):
        find_source(table(text))
