"""Tables by themselves, and the list of forms from which every message is made."""

import csv

import pytest

from grevy.documents.blocks import Document, Paragraph, Table, Value
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.documents.tables import as_csv, write_tables
from grevy.documents.write import write_document
from grevy.errors import UsageError

ROWS = (('斑马, "quoted"', (Value("2,432", "a", "b"),)), ("two\nlines", "−1"))
TABLE = Table(("class", "n"), ROWS, frozenset({1}))


def test_csv_is_read_back_as_it_was():
    rows = list(csv.reader(as_csv(TABLE).splitlines()))
    assert rows == [["class", "n"], ['斑马, "quoted"', "2,432"], ["two lines", "−1"]]


def test_the_main_table_goes_to_csv_and_all_go_to_documents(tmp_path):
    document = Document("t", (Table(("first",), (("1",),)), Paragraph("p"), TABLE))
    path = write_tables(document, tmp_path / "a.csv", main=1)
    assert path.read_text(encoding="utf-8") == as_csv(TABLE)
    text = write_tables(document, tmp_path / "a.md").read_text(encoding="utf-8")
    assert "first" in text
    assert "class" in text


def test_another_ending_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"\.html, \.pdf, \.md, \.tex, \.txt or \.csv"):
        write_tables(Document("t", (TABLE,)), tmp_path / "a.xlsx")


@pytest.mark.parametrize("suffix", DOCUMENTS)
def test_every_form_that_is_named_is_written(suffix, tmp_path):
    assert write_document(Document("t", (TABLE,)), tmp_path / f"a{suffix}").stat().st_size > 50


def test_forms_are_listed_in_words():
    assert listed((".a", ".b", ".c")) == ".a, .b or .c"
    assert listed((".a",)) == ".a"
