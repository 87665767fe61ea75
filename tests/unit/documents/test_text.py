"""The plain form: hand-set pages, and what must hold for any width."""

import re

from hypothesis import given
from hypothesis import strategies as st

from grevy.documents.blocks import Document, Formula, Matrix, Paragraph, Table
from grevy.documents.columns import display_width
from grevy.documents.text import as_text

WORDS = st.text(st.sampled_from("ab·−|1 中é-+"), max_size=30)
NUMBERS = st.integers(-(10**6), 10**6).map("{:,}".format)


def lines_of(*blocks, width=80, title=""):
    return as_text(Document(title, blocks), width).split("\n")


def test_a_document_is_its_title_and_its_blocks_with_a_blank_line_between():
    document = Document(
        "Size",
        (
            Paragraph("Output follows from input."),
            Formula("(5 − 3)/1 + 1 = 3", r"\frac{5 - 3}{1} + 1 = 3"),
            Formula("(6 − 3)/1 + 1 = 4", r"\frac{6 - 3}{1} + 1 = 4"),
            Matrix("kernel", (("−1", "0"), ("10", "1"))),
            Table(("layer", "n"), (("conv1", "2,432"), ("fc", "650")), frozenset({1}), "Layers"),
        ),
    )
    assert as_text(document) == (
        "Size\n"
        "════\n"
        "\n"
        "Output follows from input.\n"
        "\n"
        "    (5 − 3)/1 + 1 = 3\n"
        "    (6 − 3)/1 + 1 = 4\n"
        "\n"
        "kernel\n"
        "    −1   0\n"
        "    10   1\n"
        "\n"
        "Layers\n"
        "layer      n\n"
        "─────  ─────\n"
        "conv1  2,432\n"
        "fc       650"
    )


def test_marked_cells_stand_in_brackets_and_their_digits_keep_their_column():
    matrix = Matrix("", (("0", "10"), ("3", "4")), frozenset({(0, 0), (1, 1)}))
    assert lines_of(matrix) == ["     [0]  10", "      3   [4]"]


def test_a_long_formula_goes_on_before_an_operator():
    formula = Formula("11·1 + 22·2 + 33·3 = 154", "")
    assert lines_of(formula, width=20) == ["    11·1 + 22·2", "      + 33·3 = 154"]


def test_a_matrix_wider_than_the_page_comes_in_parts():
    matrix = Matrix("m", (("1", "2", "3"), ("4", "5", "6")))
    assert lines_of(matrix, width=8) == [
        "m",
        "    columns 1 to 2 of 3",
        "    1  2",
        "    4  5",
        "    columns 3 to 3 of 3",
        "    3",
        "    6",
    ]


def test_a_narrow_page_wraps_heads_first_then_text_and_never_numbers():
    table = Table(
        ("layer", "worked out", "activation memory"),
        (("conv1", "(5·5·3 + 1)·32 gives 2,432", "128.0 KiB"),),
        frozenset({2}),
    )
    assert lines_of(table, width=46) == [
        "                                    activation",
        "layer  worked out                       memory",
        "─────  ──────────────────────────  ───────────",
        "conv1  (5·5·3 + 1)·32 gives 2,432    128.0 KiB",
    ]
    assert lines_of(table, width=40) == [
        "                              activation",
        "layer  worked out                 memory",
        "─────  ─────────────────────  ──────────",
        "conv1  (5·5·3 + 1)·32 gives    128.0 KiB",
        "       2,432",
    ]


def test_a_table_that_can_not_be_read_in_the_width_comes_in_parts_with_its_first_column():
    table = Table(
        ("layer", "parameters", "activation"),
        (("conv1", "2,432", "128 KiB"),),
        frozenset({1, 2}),
        "Layers",
    )
    assert lines_of(table, width=20) == [
        "Layers",
        "layer  parameters",
        "─────  ──────────",
        "conv1       2,432",
        "",
        "layer  activation",
        "─────  ──────────",
        "conv1     128 KiB",
    ]


def test_wide_letters_take_two_columns():
    assert lines_of(Table(("a", "n"), (("中文", "1"), ("x", "2")), frozenset({1}))) == [
        "a     n",
        "────  ─",
        "中文  1",
        "x     2",
    ]


def test_nothing_in_a_text_can_steer_the_terminal():
    hostile = "\x1b]0;title\x07 \x9b31m line\r\nnext"
    document = Document(
        hostile,
        (Paragraph(hostile), Matrix(hostile, ((hostile,),)), Table((hostile,), ((hostile,),))),
    )
    text = as_text(document)
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(text)
    assert "�]0;title� �31m line" in text


def test_empty_texts_matrices_and_tables_are_no_error():
    blocks = (Paragraph(""), Formula("", ""), Matrix("", ()), Table(("a",), ()), Table((), ()))
    assert as_text(Document("", blocks)).split() == ["a", "─"]


@given(
    st.lists(st.tuples(WORDS, NUMBERS, WORDS, NUMBERS), max_size=5),
    st.tuples(WORDS, WORDS, WORDS, WORDS),
    st.integers(46, 120),
)
def test_a_table_keeps_to_the_width_and_its_numbers_whole(rows, heads, width):
    text = as_text(Document("", (Table(heads, tuple(rows), frozenset({1, 3})),)), width)
    assert all(display_width(line) <= width for line in text.split("\n"))
    words = text.split()
    for row in rows:
        assert {row[1], row[3]} <= set(words)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1), st.data())
def test_every_number_of_a_matrix_ends_in_the_column_of_those_above(rows, data):
    places = [(r, c) for r in range(len(rows)) for c in range(3)]
    marked = frozenset(data.draw(st.lists(st.sampled_from(places))))
    lines = lines_of(Matrix("", tuple(rows), marked))
    ends = {tuple(found.end() for found in re.finditer(r"[-\d,]+", line)) for line in lines}
    assert len(ends) == 1
    assert len(next(iter(ends))) == 3
    assert sum(line.count("[") for line in lines) == len(marked)


@given(WORDS, st.integers(4, 60))
def test_a_sentence_keeps_to_the_width_and_loses_no_word(text, width):
    lines = lines_of(Paragraph(text), width=width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
