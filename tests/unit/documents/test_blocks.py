"""Headings, lists, figures and values, in every form that a document is written in."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image

from grevy.documents.blocks import (
    Document,
    Figure,
    Heading,
    Items,
    Paragraph,
    Table,
    Value,
    plain,
)
from grevy.documents.html import as_html
from grevy.documents.latex import as_latex
from grevy.documents.markdown import as_markdown
from grevy.documents.text import as_text
from grevy.documents.write import write_document


def png() -> bytes:
    file = BytesIO()
    Image.new("RGB", (7, 5), "orange").save(file, "png")
    return file.getvalue()


ACCURACY = Value("0.7340", "cifar10-base-seed0", "results.test.accuracy")
PICTURE = Figure("zebra-conv1", png(), "A zebra <b>", ("test accuracy ", ACCURACY, " & more"))
DOCUMENT = Document(
    "A report",
    (
        Heading("Results"),
        Heading("By split", 3),
        Paragraph(("The test accuracy is ", ACCURACY, ", as the source has it.")),
        Items(("a zebra", "an <i>okapi</i>")),
        Items(("first this", ("then ", ACCURACY)), numbered=True),
        Table(("split", "accuracy"), (("test", (ACCURACY,)),), frozenset({1})),
        PICTURE,
    ),
)


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_on_a_terminal_headings_are_underlined_and_lists_hang() -> None:
    lines = as_text(DOCUMENT, 30).splitlines()
    assert lines[lines.index("Results") + 1] == "───────"
    assert lines[lines.index("By split") + 1] == ""
    assert "- an <i>okapi</i>" in lines
    assert "2. then 0.7340" in lines
    assert "[zebra-conv1: A zebra <b>]" in lines
    narrow = as_text(Document("", (Items(("a list whose items are long",)),)), 12).splitlines()
    assert narrow == ["- a list", "  whose", "  items are", "  long"]


def test_markdown_has_the_markup_of_each_block_and_escapes_the_words() -> None:
    text = as_markdown(DOCUMENT, "report-figures")
    assert "\n## Results\n" in text
    assert "\n### By split\n" in text
    assert "- an \\<i\\>okapi\\</i\\>" in text
    assert "\n2. then 0.7340" in text
    assert "![A zebra \\<b\\>](report-figures/zebra-conv1.png)" in text
    assert "The test accuracy is 0.7340, as the source has it." in text


def test_a_list_item_that_begins_like_a_list_stays_text() -> None:
    assert as_markdown(Document("", (Items(("1. not a list",)),))) == "- 1\\. not a list"


def test_in_html_a_value_says_where_it_is_from_and_is_reached_by_keyboard() -> None:
    tags = Tags(as_html(DOCUMENT))
    values = [span for span in tags.of("span") if span.get("class") == "value"]
    assert len(values) == 4
    for value in values:
        assert value["data-record"] == "cifar10-base-seed0"
        assert value["data-field"] == "results.test.accuracy"
        assert value["tabindex"] == "0"
    html = as_html(DOCUMENT)
    assert "an &lt;i&gt;okapi" in html
    words = re.sub(r"<[^>]+>", "", html.partition("<article")[2])
    assert "The test accuracy is 0.7340, as the source has it." in words


def test_in_html_a_figure_holds_its_picture_its_size_and_its_words() -> None:
    html = as_html(DOCUMENT)
    (image,) = Tags(html).of("img")
    assert image["src"] is not None
    assert image["src"].startswith("data:image/png;base64,")
    assert (image["width"], image["height"], image["alt"]) == ("7", "5", "A zebra <b>")
    assert "A zebra <b>" not in html


def test_files_that_hold_no_pictures_have_them_beside(tmp_path) -> None:
    for name in ("report.md", "report.tex", "report.txt"):
        path = write_document(DOCUMENT, tmp_path / name)
        assert (tmp_path / "report-figures" / "zebra-conv1.png").read_bytes() == png()
        assert "zebra-conv1" in path.read_text()
        shutil.rmtree(tmp_path / "report-figures")
    write_document(DOCUMENT, tmp_path / "report.html")
    assert not (tmp_path / "report-figures").exists()


def test_latex_has_sections_lists_and_the_picture() -> None:
    text = as_latex(DOCUMENT, "report-figures")
    assert r"\subsection*{Results}" in text
    assert r"\subsubsection*{By split}" in text
    assert r"\begin{enumerate}" in text
    assert r"{report-figures/zebra-conv1.png}" in text
    assert r"test accuracy 0.7340 \& more" in text


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_the_latex_compiles_with_its_figures(tmp_path) -> None:
    path = write_document(DOCUMENT, tmp_path / "report.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_text_of_words_and_values_reads_as_it_is_printed() -> None:
    assert plain(("accuracy ", ACCURACY, "!")) == "accuracy 0.7340!"
    assert plain("words") == "words"


def test_a_kind_of_block_that_html_does_not_know_is_never_dropped() -> None:
    with pytest.raises(TypeError, match="no HTML for a str"):
        as_html(Document("", ("not a block",)))  # type: ignore[arg-type]
