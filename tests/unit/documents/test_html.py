"""HTML: read back with a parser, so that what counts is what a browser shows."""

import re
from html.parser import HTMLParser

from grevy.documents.blocks import Document, Formula, Matrix, Paragraph, Table
from grevy.documents.html import as_html

HOSTILE = """<script>alert(1)</script> "a" 'b' & &lt; {{ 7 * 7 }} {% raw %} \x1b[31m"""
VOID = {"meta"}


class Page(HTMLParser):
    """Tags in order, texts by the tag around them, and whether all that opens closes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open, self.texts = [], [], [], {}
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def classes(self, tag):
        return [
            attributes.get("class") or "" for name, attributes in self.attributes if name == tag
        ]


def test_numbers_are_set_to_the_right_and_texts_are_not():
    table = Table(("layer", "n"), (("conv1", "2,432"),), frozenset({1}), "Layers")
    page = Page(as_html(Document("Title", (table,))))
    assert page.texts["h1"] == ["Title"]
    assert page.texts["figcaption"] == ["Layers"]
    assert page.texts["th"] == ["layer", "n"]
    assert page.texts["td"] == ["conv1", "2,432"]
    assert page.classes("th") == page.classes("td") == ["", "right"]


def test_marked_cells_stand_in_brackets():
    matrix = Matrix("padded", (("0", "1"), ("−2", "3")), frozenset({(0, 0), (1, 1)}))
    page = Page(as_html(Document("", (matrix,))))
    assert page.texts["td"] == ["[0]", "1", "−2", "[3]"]
    assert page.classes("td") == ["marked", "", "", "marked"]
    assert "h1" not in page.tags


def test_a_formula_is_shown_in_unicode_and_breaks_before_its_operators():
    page = Page(as_html(Document("", (Formula("⌊3/2⌋ + 1 = 2", "ignored"),))))
    assert page.texts["p"] == ["⌊3/2⌋ +\u00a01 =\u00a02"]
    assert page.classes("p") == ["formula"]


def test_hostile_texts_are_shown_and_not_obeyed():
    document = Document(
        HOSTILE,
        (
            Paragraph(HOSTILE),
            Formula(HOSTILE, HOSTILE),
            Matrix(HOSTILE, ((HOSTILE, HOSTILE),), frozenset({(0, 0)})),
            Table((HOSTILE,), ((HOSTILE,),), frozenset(), HOSTILE),
        ),
    )
    page = Page(as_html(document, whole_page=True))
    shown = HOSTILE.replace("\x1b", "�")
    assert "script" not in page.tags
    assert page.texts["title"] == page.texts["h1"] == page.texts["th"] == [shown]
    assert [text.replace("\u00a0", " ") for text in page.texts["p"]] == [shown, shown]
    assert [text.replace("\u00a0", " ") for text in page.texts["td"]] == [
        f"[{shown}]",
        shown,
        shown,
    ]


def test_a_page_needs_no_script_and_no_network_and_a_fragment_styles_only_itself():
    document = Document("Title", (Paragraph("text"),))
    page, fragment = as_html(document, whole_page=True), as_html(document)
    assert not re.search(r"<script|<link|<img|url\(|@import|https?:", page)
    assert page.startswith("<!doctype html>")
    assert "prefers-color-scheme: dark" in page
    assert fragment in page
    assert Page(fragment).tags == ["style", "article", "h1", "p"]
    style = re.search(r"<style>(.*)</style>", fragment, re.DOTALL)[1]
    selectors = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL).split("{")[0]
    assert selectors.strip() == ".grevy-document:not(#grevy-nothing)"
    assert style.count("{") == style.count("}")


def test_empty_matrices_and_tables_are_no_error():
    blocks = (Paragraph(""), Matrix("", ()), Table(("a",), ()))
    assert Page(as_html(Document("", blocks), whole_page=True)).texts["title"] == ["Grevy"]
