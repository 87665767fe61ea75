"""A CSV of paths and labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from grevy.data.load import class_order
from grevy.data.sources import find_source
from grevy.errors import ClassMismatchError, DataFormatError, DataNotFoundError, EmptyDataError
from grevy.recipes.split_choice import SplitChoice, parse_splits


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


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("first", ["", "sep={}\r\n", '"sep={}"\n'])
def test_the_header_shows_what_separates_the_columns(table, separator, first):
    rows = [("path", "label", "note"), ("a.png", "x", "1,5"), ("b.png", "y", "2;5")]
    text = "\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
    train = find_source(table(first.format(separator) + text)).splits["train"]
    assert train.ids == ("a.png", "b.png")
    assert train.labels == ("x", "y")


def test_a_tab_separated_file_may_be_called_tsv(table, tmp_path):
    table("path\tlabel\na.png\tx\nb.png\ty\n").rename(tmp_path / "list.tsv")
    source = find_source(tmp_path / "list.tsv")
    assert (source.name, source.splits["train"].labels) == ("list", ("x", "y"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_of_encodings_and_line_ends_are_understood(table, encoding, end):
    text = end.join(["path,label", "a.png,dög", "b.png,猫", ""])
    assert find_source(table(text, encoding)).splits["train"].labels == ("dög", "猫")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_refused_with_how_to_convert(table, encoding):
    with pytest.raises(DataFormatError, match=r"no text in UTF-8 \(.* line .*iconv"):
        find_source(table("path,label\na.png,x\nb.png,dög\n", encoding))


def test_a_quoted_cell_may_hold_a_line_end(table):
    text = 'path,label,note\na.png,x,"two\nlines"\nb.png,y,\n'
    assert find_source(table(text)).splits["train"].labels == ("x", "y")
    with pytest.raises(DataFormatError, match="no label in row 3"):
        find_source(table(text.replace(",y,", ",,")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,label,label\na.png,x,y\nb.png,y,x\n", "the column 'label' twice"),
        ("path,path,label\na.png,b.png,y\n", "the column 'path' twice"),
        ("path,label,split,note\na.png,x,train\n", "3 fields in row 2, not 4"),
        ("path,label\na.png\n", "1 fields in row 2, not 2"),
    ],
)
def test_rows_and_headers_that_do_not_fit_are_refused(table, text, said):
    with pytest.raises(DataFormatError, match=said):
        find_source(table(text))


def test_a_second_column_that_is_not_read_may_be_there_twice(table):
    source = find_source(table("path,label,n,n\na.png,x,1,2\nb.png,y,1,2\n"))
    assert "'n', 'n'" in source.notes[0]


@pytest.mark.parametrize("none", ["nan", "NaN", "null", "None", "NA", "N/A", "#N/A", "<NA>", ""])
def test_labels_that_are_none_are_refused_with_their_rows(table, none):
    text = f"path,label\na.png,x\nb.png,{none}\nsub/e.dat,y\n"
    with pytest.raises(DataFormatError, match=rf"no label in row 3 \('{none}'\)"):
        find_source(table(text))
    text = f'path,label\na.png,x\nb.png,{none}\nsub/e.dat, {none} \n"c, d.png",y\n'
    with pytest.raises(DataFormatError, match=r"no label in 2 of 4 rows \(3, 4\)"):
        find_source(table(text))


def test_labels_are_not_asked_of_rows_that_are_in_no_chosen_split(table):
    text = "path,label,part\na.png,x,p\nb.png,y,p\nsub/e.dat,,q\n"
    choice = SplitChoice(parse_splits("train=p"), "part")
    source = find_source(table(text), choice)
    assert source.splits["train"].labels == ("x", "y")
    assert any("1 row not read" in note for note in source.notes)
    with pytest.raises(DataFormatError, match=r"no 'gone' in the column 'part'.*'p', 'q'"):
        find_source(table(text), SplitChoice(parse_splits("train=p,test=gone"), "part"))


@pytest.mark.parametrize("doubtful", ["none", "NONE", "na", "?"])
def test_what_may_be_a_class_or_none_is_read_and_said(table, doubtful):
    source = find_source(table(f"path,label\na.png,x\nb.png,{doubtful}\n"))
    assert source.splits["train"].labels == ("x", doubtful)
    assert f"read as the name of a class: '{doubtful}'" in source.notes[0]


def test_whole_numbers_with_a_point_are_those_without_it(table):
    text = 'path,label\na.png,0.0\nb.png,1\nsub/e.dat,1.0\n"c, d.png",0\n'
    source = find_source(table(text))
    assert source.splits["train"].labels == ("0", "1", "1", "0")
    assert "read without it: 0.0 as 0" in source.notes[0]


def test_numbers_with_a_fraction_are_no_classes(table):
    with pytest.raises(DataFormatError, match=r"with a fraction: '0\.5'"):
        find_source(table("path,label\na.png,0.5\nb.png,1\n"))


def test_among_names_a_number_with_a_point_is_a_name(table):
    source = find_source(table("path,label\na.png,v1.0\nb.png,2.5\nsub/e.dat,v1\n"))
    assert source.splits["train"].labels == ("v1.0", "2.5", "v1")
    assert "'v1', 'v1.0'" in source.notes[0]


def test_numbers_stay_names_in_the_order_of_numbers(table):
    text = 'path,label\na.png,180\nb.png,90\nsub/e.dat,0\n"c, d.png",270\n'
    data = find_source(table(text))
    assert class_order(data) == ("0", "90", "180", "270")
    signs = find_source(table("path,label\na.png,+1\nb.png,-1\n"))
    assert signs.splits["train"].labels == ("+1", "-1")


def test_spaces_around_labels_are_left_out_and_capitals_are_said(table):
    source = find_source(table('path,label\na.png,cat\nb.png,"cat "\nsub/e.dat,Cat\n'))
    assert source.splits["train"].labels == ("cat", "cat", "Cat")
    assert any("spaces around 1 label left out: 'cat '" in note for note in source.notes)
    assert any("'Cat', 'cat'" in note for note in source.notes)


def test_backslashes_of_windows_are_understood(table, tmp_path):
    train = find_source(table("path,label\nsub\\e.dat,x\nb.png,y\n")).splits["train"]
    assert train.ids == ("sub/e.dat", "b.png")
    (tmp_path / "sub\\e.dat").write_text("a file of this name")
    train = find_source(table("path,label\nsub\\e.dat,x\nb.png,y\n")).splits["train"]
    assert train.pictures()[0].read_text() == "a file of this name"
