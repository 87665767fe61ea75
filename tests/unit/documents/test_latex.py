"""LaTeX: hand-written pages; where pdflatex is installed, hostile pages are compiled and read."""

import shutil
import subprocess
from itertools import product

import pytest

from grevy.documents.blocks import Document, Formula, Matrix, Paragraph, Table
from grevy.documents.latex import as_latex

SPECIALS = r"50% of $5 & a_b #1 {x} <b> ~y ^z \input{/etc/passwd} [0] `c` --mode --- ?` x*"

needs_tex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")),
    reason="pdflatex and pdftotext (texlive-latex-recommended, poppler-utils) are not installed",
)


def body(*blocks, title=""):
    text = as_latex(Document(title, blocks))
    return text.partition("\n\\begin{document}\n")[2].removesuffix("\n\\end{document}")


def printed(document, folder):
    """The words that the compiled document shows."""
    (folder / "page.tex").write_text(as_latex(document), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    read = ["pdftotext", "-layout", "page.pdf", "-"]
    return subprocess.run(read, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_special_signs_are_escaped():
    assert body(Paragraph(SPECIALS)) == (
        r"50\% of \$5 \& a\_b \#1 \{x\} \textless{}b\textgreater{} \textasciitilde{}y "
        r"\textasciicircum{}z \textbackslash{}input\{/etc/passwd\} [0] "
        r"\textasciigrave{}c\textasciigrave{} -{}-mode -{}-{}- ?\textasciigrave{} x*"
    )


def test_signs_of_arithmetic_become_mathematics_and_unknown_letters_come_both_ways():
    assert body(Paragraph("é ⌊3/2⌋ − 1 中")) == (
        r"é \ensuremath{\lfloor }3/2\ensuremath{\rfloor } \ensuremath{-} 1 "
        r"\letters{cjk}{4E2D}{\texttt{[U+4E2D]}}{中}"
    )


def test_a_formula_is_taken_as_it_is_but_for_signs():
    assert body(Formula("", r"2 \cdot 3 − 1")) == r"\worked{2 \cdot 3 \ensuremath{-} 1}"
    assert body(Formula("", r"\left( 1 \right)")) == r"\worked{\fit{\left( 1 \right)}}"


def test_a_matrix_has_its_numbers_to_the_right_and_marked_cells_in_boxes():
    matrix = Matrix("kernel", (("0", "−1"), ("1,234", "1/3")), frozenset({(0, 0)}))
    assert body(matrix) == (
        "\\textit{kernel}\\nopagebreak\n\n"
        "\\worked{\\fit{\\left[\\begin{array}{rr}\n"
        "\\boxed{0} & -1 \\\\\n"
        "1{,}234 & 1/3\n"
        "\\end{array}\\right]}}"
    )


def test_a_table_is_a_longtable_with_rules():
    table = Table(("layer", "n"), (("conv_1", "2,432"), ("[0]", "650")), frozenset({1}), "Layers")
    assert body(table) == (
        "\\textit{Layers}\\nopagebreak\n\n"
        "{\\small\\setlength{\\tabcolsep}{4pt}\\setlength{\\LTleft}{0pt}\n"
        "\\begin{longtable}{@{}lr@{}}\n"
        "\\toprule\n"
        "layer & n \\\\\n"
        "\\midrule \\endhead\n"
        "conv\\_1 & 2,432 \\\\\n"
        "{}[0] & 650 \\\\\n"
        "\\bottomrule\n"
        "\\end{longtable}}"
    )


@needs_tex
def test_hostile_texts_are_printed_as_they_are(tmp_path):
    document = Document(
        "50% & more_of #1",
        (
            Paragraph(SPECIALS),
            Formula("", r"\frac{32 + 2 \cdot 2 − 5}{1} + 1 = 32"),
            Matrix("a_b", (("[0]", "a_b"), ("*", "é中")), frozenset({(0, 0)})),
            Matrix("", ()),
            Table(("a&b", "n"), (("[0]", "1"), ("*", "−2"), ("\\", "3")), frozenset({1})),
            Table(tuple(f"a long head {i}" for i in range(30)), (("1,234,567",) * 30,)),
        ),
    )
    text = printed(document, tmp_path)
    words = text.split()
    assert "50% & more_of #1" in text
    for word in SPECIALS.split():
        assert word in words
    assert text.count("1,234,567") >= 30
    assert "−2" in words
    assert "é[U+4E2D]" in text


@needs_tex
def test_every_pair_of_signs_and_every_latin_letter_compiles(tmp_path):
    signs = [chr(code) for code in range(33, 127) if not chr(code).isalnum()] + ["x", "−"]
    pairs = ["".join(pair) for pair in product(signs, signs)]
    letters = " ".join(map(chr, [*range(0xA0, 0x250), *range(0x2000, 0x2300), 0x1F600]))
    rows = tuple((pair, pair) for pair in pairs)
    blocks = (Paragraph(" ".join(pairs)), Paragraph(letters), Table(("first", "second"), rows))
    words = printed(Document("Signs", blocks), tmp_path).split()
    assert {"--", ",,", "?`", "<<", "\\\\", "[*", "&&"} <= set(words)
    assert {"é", "ß", "[U+1F600]"} <= set(words)
