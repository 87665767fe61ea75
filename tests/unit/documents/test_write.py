"""Documents as files."""

import pytest

from grevy.documents.blocks import Document, Paragraph
from grevy.documents.write import write_document
from grevy.errors import SaveError, UsageError

DOCUMENT = Document("Title", (Paragraph("é − 1"),))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.txt", "Title\n═════\n\né − 1\n"),
        ("a.md", "# Title\n\né − 1\n"),
        ("a.tex", "% Written by Grevy"),
        ("a.html", "<!doctype html>"),
        ("A.HTML", "<!doctype html>"),
    ],
)
def test_the_suffix_decides_the_form(tmp_path, name, start):
    path = write_document(DOCUMENT, tmp_path / name)
    assert path == tmp_path / name
    content = path.read_bytes().decode()
    assert content.startswith(start)
    assert content.endswith("\n")
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.docx", "a", ".md", "a.md.gz"])
def test_another_suffix_is_refused_by_a_line_that_names_those_there_are(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.html, \.pdf, \.md, \.tex or \.txt") as error:
        write_document(DOCUMENT, tmp_path / name)
    assert f"'{name}'" in error.value.received
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_save_error(tmp_path):
    with pytest.raises(SaveError, match="No such file"):
        write_document(DOCUMENT, tmp_path / "absent" / "a.md")


def test_what_can_not_be_replaced_stays_and_no_temporary_file_is_left(tmp_path):
    (tmp_path / "a.md").mkdir()
    with pytest.raises(SaveError):
        write_document(DOCUMENT, tmp_path / "a.md")
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]
