"""Class names of any script and full of markup come out right in every form and every place."""

import re
import shutil
import subprocess
import unicodedata
from html.parser import HTMLParser
from io import BytesIO

import pytest
from markdown_it import MarkdownIt
from PIL import Image
from pypdf import PdfReader

from grevy.documents.blocks import Document, Figure, Heading, Items, Paragraph, Table, Value
from grevy.documents.html import as_html
from grevy.documents.latex import as_latex
from grevy.documents.markdown import as_markdown
from grevy.documents.scripts import runs
from grevy.documents.text import as_text
from grevy.documents.typst import as_pdf, as_typst

NAMES = {
    "Chinese": "斑马",
    "Hebrew": "זברה",
    "Arabic": "حمار وحشي",
    "tag": "<b>bold</b>",
    "mathematics": "$x_1$",
    "Typst": '#let x = "1" \\ *a* _b_ @c',
    "pipe": "a|b",
    "lines": "two\nlines",
    "long": "W" * 200,
}


def picture(name: str) -> Figure:
    file = BytesIO()
    Image.new("RGB", (30, 20), "orange").save(file, "png")
    return Figure("figure", file.getvalue(), f"picture of {name}", f"caption of {name}")


def document(name: str) -> Document:
    """`name` as heading, paragraph, item, value, table head and cell, alternative and caption."""
    return Document(
        f"title {name}",
        (
            Heading(name),
            Paragraph(name),
            Paragraph(("the answer ", Value(name, name, name), " it is")),
            Items((name,)),
            Table((name, "n"), ((name, "1"),), frozenset({1}), name),
            picture(name),
        ),
    )


def squeezed(text: str) -> str:
    """Without blanks and the marks of direction, in which forms may differ."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")


SHOWN = 10
"""Times that a reader sees the name: title, heading, ..., table title, head, cell, caption."""


class Words(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.alternatives, self.tags = "", [], set()
        self.feed(html.partition("<body>")[2].replace("<style>", "<style >"))

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.alternatives += [value for key, value in attrs if key == "alt"]

    def handle_data(self, data):
        if self.get_starttag_text() != "<style >":
            self.words += data


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_html_shows_the_name_in_every_place(name):
    page = Words(as_html(document(name), whole_page=True))
    assert squeezed(page.words).count(squeezed(name)) == SHOWN - 1
    assert page.alternatives == [f"picture of {' '.join(name.split())}"]
    assert "b" not in page.tags


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_markdown_shows_the_name_in_every_place(name):
    tokens = MarkdownIt("commonmark").enable("table").parse(as_markdown(document(name)))
    inline = [leaf for token in tokens for leaf in token.children or ()]
    leaves = [part for leaf in inline for part in (leaf.children or [leaf])]
    shown = "".join(leaf.content for leaf in leaves)
    assert squeezed(shown).count(squeezed(name)) == SHOWN
    assert {leaf.type for leaf in leaves} <= {
        *("text", "text_special", "strong_open", "strong_close", "softbreak")
    }


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_plain_text_shows_the_name_in_every_place(name):
    assert squeezed(as_text(document(name), 10_000)).count(squeezed(name)) == SHOWN


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_pdf_shows_the_name_in_every_place_or_says_that_it_can_not(name):
    said = []
    pdf = PdfReader(BytesIO(as_pdf(document(name), said.append)))
    words = squeezed("".join(page.extract_text() for page in pdf.pages))
    sought = squeezed(name)
    if said:  # no font on this machine: never silent, never boxes
        assert f"U+{ord(name[0]):04X}" in said[0]
        sought = "".join(f"[U+{ord(letter):04X}]" for letter in sought)
    seen = max(words.count(sought), words.count(sought[::-1]), *map(words.count, _shaped(name)))
    assert seen >= SHOWN - 1
    assert pdf.metadata.title == f"title {' '.join(name.split())}"


def _shaped(name: str) -> list[str]:
    """Arabic as readers give it back: word by word, from either end."""
    return [squeezed(name.split(maxsplit=1)[0])]


@pytest.mark.parametrize("engine", ["pdflatex", "xelatex", "lualatex"])
def test_latex_shows_the_names_or_their_codes(engine, tmp_path):
    if not (shutil.which(engine) and shutil.which("pdftotext")):
        pytest.skip(f"{engine} or pdftotext (texlive, poppler-utils) is not installed")
    blocks = tuple(block for name in NAMES.values() for block in document(name).blocks[:-1])
    (tmp_path / "page.tex").write_text(as_latex(Document("names", blocks)), encoding="utf-8")
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    read = ["pdftotext", "page.pdf", "-"]
    text = subprocess.run(read, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    words = squeezed(unicodedata.normalize("NFKC", text))
    for name in NAMES.values():
        codes = "".join(f"[U+{ord(c):04X}]" for c in squeezed(name) if not c.isascii())
        sought = codes if codes and (engine == "pdflatex" or codes in words) else squeezed(name)
        assert words.count(sought) >= 6, (name, text)


def test_latex_sets_words_from_right_to_left_as_one_run():
    text = as_latex(Document("", (Paragraph("a שלום, עולם b"),)))
    assert r"{\rightward{שלום, עולם}}" in text
    assert r"\texttt{[U+05E9]}" in text
    assert re.search(r"a \\letters\{hebrew\}\{05E9,", text)


def test_runs_part_scripts_and_keep_marks_with_their_letters():
    parts = list(runs("ab 中文 γ שָׁלוֹם 1", str.isascii))
    assert [script for script, _ in parts] == ["", "cjk", "", "other", "", "hebrew", ""]
    assert "".join(words for _, words in parts) == "ab 中文 γ שָׁלוֹם 1"


def test_typst_gets_all_words_as_string_literals():
    text = as_typst(document(NAMES["Typst"]))
    assert r'text("#let x = \"1\" \\ *a* _b_ @c")' in text
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text.partition("#title()")[2])
    assert "#let x" not in outside
    assert "@c" not in outside
