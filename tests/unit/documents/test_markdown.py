"""Markdown: hand-written pages, and a real parser for what is hostile."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grevy.documents.blocks import Document, Formula, Matrix, Paragraph, Table
from grevy.documents.markdown import as_markdown

HOSTILE = r"a|b \| *c* _d_ <b>e</b> $5 and $6 `f` [g](h) ![i](j) &amp; ~~k~~ # l\ "

parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def inline_texts(markdown):
    """What a reader sees in each paragraph, heading and cell, and that nothing is markup."""
    texts = []
    for token in parser.parse(markdown):
        if token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special"}, token
            texts.append("".join(child.content for child in token.children))
    return texts


def test_a_document_in_markdown():
    document = Document(
        "Size",
        (
            Paragraph("Output follows from input."),
            Formula("5 − 3 = 2", "5 - 3 = 2"),
            Matrix("padded", (("0", "−1"), ("1,234", "1/3")), frozenset({(0, 0)})),
            Table(("layer", "n"), (("conv_1", "2,432"), ("fc", "650")), frozenset({1}), "Layers"),
        ),
    )
    assert as_markdown(document) == (
        "# Size\n"
        "\n"
        "Output follows from input.\n"
        "\n"
        "$$\n"
        "5 - 3 = 2\n"
        "$$\n"
        "\n"
        "**padded**\n"
        "\n"
        "$$\n"
        "\\begin{bmatrix}\n"
        "\\boxed{0} & -1 \\\\\n"
        "1{,}234 & 1/3\n"
        "\\end{bmatrix}\n"
        "$$\n"
        "\n"
        "**Layers**\n"
        "\n"
        "| layer   |     n |\n"
        "| ------- | ----: |\n"
        "| conv\\_1 | 2,432 |\n"
        "| fc      |   650 |"
    )


def test_a_table_with_pipes_keeps_its_cells():
    table = Table(("a|b", HOSTILE), ((r"x\|y", "|"), ("\\", HOSTILE)))
    html_cells = inline_texts(as_markdown(Document("", (table,))))
    assert html_cells == ["a|b", HOSTILE.strip(), r"x\|y", "|", "\\", HOSTILE.strip()]


def test_hostile_titles_and_sentences_are_shown_as_they_are():
    assert inline_texts(as_markdown(Document(HOSTILE, (Paragraph(HOSTILE),)))) == [
        HOSTILE.strip(),
        HOSTILE.strip(),
    ]


def test_dollar_signs_start_no_mathematics():
    assert as_markdown(Document("", (Paragraph("$5 and $6"),))) == r"\$5 and \$6"


@pytest.mark.parametrize("start", ["- a", "+ a", "* a", "1. a", "12) a", "# a", "> a", "~~~", "-"])
def test_a_sentence_that_begins_like_a_list_or_heading_is_a_paragraph(start):
    tokens = parser.parse(as_markdown(Document("", (Paragraph(start),))))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[1].children) == start


def test_cells_that_are_no_numbers_are_upright_and_escaped():
    matrix = Matrix("", (("a b", "50%"), ("é", "−1.5e-3")))
    assert r"\mathrm{a\ b} & \mathrm{50\%} \\" in as_markdown(Document("", (matrix,)))
    assert r"\mathrm{\text{é}} & -1.5 \cdot 10^{-3}" in as_markdown(Document("", (matrix,)))


ASCII = st.text(string.ascii_letters[:4] + string.digits[:2] + string.punctuation + " ", min_size=1)


@given(ASCII.map(str.strip).filter(bool))
def test_any_text_comes_back_from_the_parser(text):
    table = Table(("head",), ((text,),))
    assert inline_texts(as_markdown(Document("", (Paragraph(text), table)))) == [text, "head", text]
