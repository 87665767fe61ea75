"""PDF: tagged and checked against PDF/UA-1 by Typst, deterministic, and honest about letters."""

import sys
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from grevy.documents.blocks import (
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Matrix,
    Origin,
    Paragraph,
    Table,
    Value,
)
from grevy.documents.typst import as_pdf
from grevy.documents.write import write_document
from grevy.errors import MissingPackageError

ACCURACY = Value("0.7340", "base-seed0", "results.test.accuracy", ".4f")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><path d="M0 0h9v9z"/></svg>'


def png(width=90, height=60):
    file = BytesIO()
    Image.new("RGB", (width, height), "orange").save(file, "png")
    return file.getvalue()


DOCUMENT = Document(
    "A report",
    (
        *(Heading(f"Section {number}") for number in range(5)),
        Heading("Two levels below", 5),
        Paragraph(("The test accuracy is ", ACCURACY, ".")),
        Paragraph(""),
        Items(("one", "two"), numbered=True),
        Formula("(32 + 2·2 − 5)/1 + 1 = 32", ""),
        Matrix("kernel", (("0", "−1"), ("1,234", "1/3")), frozenset({(0, 0)})),
        Matrix("wide", (tuple(map(str, range(100))),)),
        Matrix("", ()),
        Table(("class", "n"), tuple((f"c{n}", str(n)) for n in range(100)), frozenset({1}), "All"),
        Table(tuple(f"head {n}" for n in range(40)), (("1,234,567",) * 40,)),
        Figure("small", png(), "A small picture", ("accuracy ", ACCURACY), SVG),
        Figure("high", png(100, 4000), "A high picture"),
        Figure("wide", png(4000, 100), "A wide picture"),
    ),
    (Origin("base-seed0", ("runs/base-seed0",), (("run.json", "a" * 64),), "{}"),),
)


def tags(node, found=None):
    """Every structure element's type and alternative text."""
    found = [] if found is None else found
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            tags(child, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append((node["/S"], node.get("/Alt")))
        tags(node.get("/K", []), found)
    return found


@pytest.fixture(scope="module")
def pdf():
    said = []
    made = as_pdf(DOCUMENT, said.append)
    assert said == []
    return PdfReader(BytesIO(made))


def test_it_is_tagged_pdf_ua_in_english_with_a_title_on_a4(pdf):
    assert pdf.metadata.title == "A report"
    assert pdf.trailer["/Root"]["/Lang"].startswith("en")
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in pdf.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]


def test_heads_of_tables_are_heads_and_pictures_have_their_words(pdf):
    found = tags(pdf.trailer["/Root"]["/StructTreeRoot"])
    kinds = [kind for kind, _ in found]
    assert kinds.count("/TH") >= 2 + 40
    assert kinds.count("/TD") >= 2 * 100
    alternatives = {alternative for _, alternative in found}
    assert {"A small picture", "A high picture", "kernel 0 −1; 1,234 1/3"} <= alternatives


def test_it_has_bookmarks_contents_and_page_numbers(pdf):
    names = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    assert names == [f"Section {number}" for number in range(5)]
    first = pdf.pages[0].extract_text()
    assert first.count("Section 3") == 2
    assert pdf.pages[1].extract_text().rstrip().endswith("2")


def test_no_number_of_a_wide_table_is_lost(pdf):
    text = "".join(page.extract_text() for page in pdf.pages)
    assert text.count("1,234,567") >= 40
    assert text.count("0.7340") == 2


def test_the_same_document_gives_the_same_bytes():
    assert as_pdf(DOCUMENT, print) == as_pdf(DOCUMENT, print)


def test_a_letter_that_no_font_has_is_written_as_its_code_and_said(tmp_path, capsys):
    path = write_document(Document("x", (Paragraph("a \U0010ffff b"),)), tmp_path / "a.pdf")
    assert "[U+10FFFF]" in PdfReader(path).pages[0].extract_text()
    (line,) = capsys.readouterr().err.splitlines()
    assert "no font" in line
    assert "U+10FFFF" in line


def test_without_the_package_one_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'grevy\[pdf\]'"):
        write_document(DOCUMENT, tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_the_records_stand_at_the_end_of_what_is_written_with_their_sums(tmp_path):
    path = write_document(DOCUMENT, tmp_path / "a.md")
    assert "## Records" in path.read_text()
    assert " ".join(["a" * 16] * 4) in path.read_text()
