"""Typst, and PDF by it: A4, tagged, with outline and alternative texts (PDF/UA-1, ISO 14289-1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from grevy.documents.blocks import (
    Block,
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Matrix,
    Paragraph,
    Table,
    Text,
)
from grevy.documents.columns import break_long_words, code_line, hold_operators, one_line, parts
from grevy.documents.outline import CONTENTS_FROM, sections, stepwise
from grevy.documents.pictures import best_form
from grevy.documents.scripts import code, right_to_left
from grevy.errors import MissingPackageError

if TYPE_CHECKING:
    from typst import Fonts

PAGE_WIDTH = 104
"""Characters of a table that fit on the page."""

LINE, HIGHEST = 481.0, 560.0
"""Points that a figure may be wide and high."""

POINTS_PER_PIXEL = 72 / 150
"""Figures are drawn with 150 dots an inch."""

_PREAMBLE = """
// Written by Grevy. `typst compile --pdf-standard ua-1` makes a PDF of it.
#set page(paper: "a4", margin: (x: 2cm, y: 2.2cm), numbering: "1")
#set text(lang: "en", size: 10.5pt, number-width: "tabular", font: (
  "Libertinus Serif", "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans Hebrew", "Noto Sans Arabic"))
#set par(leading: 0.62em, spacing: 0.95em)
#set figure(numbering: none, supplement: none)
#set figure.caption(separator: none)
#set table(stroke: none, inset: (x: 4pt, y: 3pt))
#set math.mat(delim: "[", align: right, row-gap: 0.6em, column-gap: 1.1em)
#show title: set text(size: 17pt)
#show title: set block(below: 1.2em)
#show heading: set block(above: 1.5em, below: 0.8em, sticky: true)
#show heading.where(level: 1): set text(size: 14pt)
#show heading.where(level: 2): set text(size: 11.5pt)
#show figure: set block(above: 1.2em, below: 1.2em)
#show figure.caption: set text(size: 9.5pt)
#show table: set text(size: 9pt)
#show raw: set text(size: 8.5pt)
#show table.cell.where(y: 0): strong
#let named(body) = block(sticky: true, below: 0.6em, strong(body))
#let worked(body) = pad(left: 1.8em, par(hanging-indent: 1.2em, body))
#let inset(body) = pad(left: 1.8em, layout(space => {
  let natural = measure(body).width
  let shrink = calc.min(1, space.width / natural)
  align(left, scale(100% * shrink, origin: left, reflow: true, body))
}))
""".strip()

_MISSING = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_CODE = re.compile(r"\\u\{([0-9a-f]+)\}")
_ZERO_WIDTH_SPACE = "\u200b"


def as_typst(document: Document, figures: str = "") -> str:
    """`document` in Typst's language, without a line end after the last line.

    All texts are string literals, so that none of their signs acts as markup. Marked cells of a
    matrix stand in boxes; words that are longer than a column may break.

    Args:
        document: what is written.
        figures: the folder in which the figures lie, as SVG or PNG as `best_form` chooses.
    """
    document = stepwise(document)
    title = one_line(document.title) or "Grevy"
    lines = [f"{_PREAMBLE}\n#set document(title: {_literal(title)}, date: none)"]
    if one_line(document.banner):
        banner = _words(document.banner)
        lines.append(f"#set page(header: text(size: 9pt, strong({banner})))")
    lines += ["#title()"] if one_line(document.title) else []
    if len(sections(document)) >= CONTENTS_FROM:
        lines.append("#outline(title: none, depth: 1)")
    lines += [_block(block, figures) for block in document.blocks]
    return "\n\n".join(lines)


def as_pdf(document: Document, say: Callable[[str], None]) -> bytes:
    """`document` as a tagged PDF, checked against PDF/UA-1; without a date.

    Fonts are Typst's own, then those of this machine, then those that matplotlib carries. A letter
    that none of them has is written as its code, [U+4E2D].

    Args:
        document: what is written.
        say: hears in one line which letters have no font.

    Raises:
        MissingPackageError: typst is not installed.
    """
    with TemporaryDirectory() as folder:
        fonts = _fonts(Path(folder))
        for figure in document.figures:
            kind, content = best_form(figure)
            (Path(folder) / f"{figure.name}.{kind}").write_bytes(content)
        source = as_typst(document)
        while missing := _letters_without_font(source, folder, fonts):
            say(_missing_in_words(missing))
            source = source.translate({ord(letter): code(letter) for letter in missing})
        return _compile(source, folder, fonts)


def _fonts(folder: Path) -> Fonts:
    """Those of Typst, of this machine, and DejaVu Sans, of which matplotlib brings a copy.

    Only that: a font of last resort lies beside it, which has a box for every letter there is.
    """
    try:
        from typst import Fonts
    except ImportError:
        raise MissingPackageError(
            "a PDF without the package typst", "it", "pip install 'grevy[pdf]'"
        ) from None
    matplotlib = find_spec("matplotlib")
    if matplotlib and matplotlib.origin:
        home = Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf"
        for path in home.glob("DejaVuSans*.ttf"):
            copyfile(path, folder / path.name)
    return Fonts(font_paths=[folder])


def _compile(source: str, folder: str, fonts: Fonts) -> bytes:
    from typst import Compiler

    compiler = Compiler(source.encode(), root=folder, font_paths=fonts)
    pdf, _ = compiler.compile_with_warnings(format="pdf", pdf_standards=["ua-1"])
    if not isinstance(pdf, bytes):
        raise TypeError("typst made no PDF")
    return pdf


def _letters_without_font(source: str, folder: str, fonts: Fonts) -> list[str]:
    """What PDF/UA-1 forbids to leave as empty boxes, in order of its code."""
    from typst import TypstError

    try:
        _compile(source, folder, fonts)
    except TypstError as error:
        texts = _MISSING.findall(error.diagnostic)
        letters = "".join(_CODE.sub(lambda match: chr(int(match[1], 16)), text) for text in texts)
        found = sorted(letter for letter in set(letters) if not letter.isascii())
        if not found:
            raise
        return found
    return []


def _missing_in_words(letters: list[str]) -> str:
    shown = " ".join(f"{letter} ({code(letter)[1:-1]})" for letter in letters[:8])
    more = f" and {len(letters) - 8} more" if len(letters) > 8 else ""
    return (
        f"no font here has {shown}{more}: written as codes, such as {code(letters[0])};"
        " install a font that has them, such as Noto"
    )


def _block(block: Block, figures: str) -> str:  # noqa: PLR0911, one kind of block a line
    match block:
        case Heading(text, level):
            return f"#heading(level: {level - 1}, {_words(text)})"
        case Paragraph(words):
            return f"#par({_words(words)})"
        case Items():
            kind = "enum" if block.numbered else "list"
            return f"#{kind}({', '.join(map(_item, block.items))})"
        case Code(text, name):
            lines = "\\n".join(_literal(code_line(line))[1:-1] for line in text.splitlines())
            return f'{_named(name)}#raw("{lines}", block: true)'
        case Formula(text):
            return f"#worked({_words(hold_operators(text))})"
        case Matrix():
            return _matrix(block)
        case Table():
            return _named(block.title) + "\n".join(map(_table, parts(block, PAGE_WIDTH)))
        case Figure():
            return _figure(block, figures)


def _item(text: Text) -> str:
    """Beside its mark, which stands to the left whatever the words are in."""
    return f"align(left, {_words(text)})" if right_to_left(one_line(text)) else _words(text)


def _figure(figure: Figure, figures: str) -> str:
    width, height = (POINTS_PER_PIXEL * pixels for pixels in figure.size)
    shrink = min(1, LINE / width, HIGHEST / height)
    name = f"{figure.name}.{best_form(figure)[0]}"
    path = _literal(f"{figures}/{name}" if figures else name)
    alternative = _literal(one_line(figure.alternative) or figure.name)
    picture = f"image({path}, alt: {alternative}, width: {shrink * width:.1f}pt)"
    caption = _words(figure.caption) if one_line(figure.caption) else "none"
    return f"#figure({picture}, caption: {caption})"


def _matrix(matrix: Matrix) -> str:
    rows = [
        ", ".join(_cell(cell, (r, c) in matrix.marked) for c, cell in enumerate(row))
        for r, row in enumerate(matrix.rows)
    ]
    spoken = "; ".join(" ".join(map(one_line, row)) for row in matrix.rows)
    alternative = _literal(f"{one_line(matrix.name)} {spoken}".strip() or "empty matrix")
    body = f"math.mat({', '.join(f'({row},)' for row in rows)})"
    equation = f"math.equation(block: true, alt: {alternative}, {body})"
    return f"{_named(matrix.name)}#inset({equation})"


def _cell(text: str, marked: bool) -> str:
    return f"box(stroke: 0.5pt, inset: 2pt, {_words(text)})" if marked else _words(text)


def _table(table: Table) -> str:
    if not table.columns:
        return ""
    sides = ("right" if index in table.right else "left" for index in range(len(table.columns)))
    rows = [", ".join(map(_words, row)) for row in table.rows]
    return "\n".join(
        [
            "#table(",
            f"  columns: {len(table.columns)}, align: ({', '.join(sides)},),",
            f"  table.hline(), table.header({', '.join(map(_words, table.columns))}),",
            "  table.hline(stroke: 0.5pt),",
            *(f"  {row}," for row in rows),
            "  table.hline())",
        ]
    )


def _named(text: str) -> str:
    return f"#named({_words(text)})\n" if one_line(text) else ""


def _words(text: Text) -> str:
    """A text as content, from right to left where its first letter is so."""
    words = one_line(text)
    literal = _literal(break_long_words(words, _ZERO_WIDTH_SPACE))
    return f"text(dir: rtl, {literal})" if right_to_left(words) else f"text({literal})"


def _literal(text: str) -> str:
    r"""A string of Typst: only `\` and `"` mean anything in one."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
