"""A LaTeX document that pdflatex compiles as it is; xelatex, lualatex and tectonic too."""

from __future__ import annotations

import re
import unicodedata

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
from grevy.documents.columns import (
    break_long_words,
    code_line,
    column_widths,
    hold_operators,
    one_line,
    parts,
    wrap,
)
from grevy.documents.mathematics import matrix_body
from grevy.documents.scripts import RIGHT_TO_LEFT, Script, code, runs

PAGE_WIDTH = 104
"""Characters of a table that fit on the page."""

_PREAMBLE = r"""
% Written by Grevy. `pdflatex` compiles it as it is; the columns of long tables want it twice.
% Letters that its fonts lack are shown as codes; `xelatex`, `lualatex` and `tectonic` show them.
% To take it into a document of your own, copy what stands between \documentclass and
% \begin{document} into its preamble, and the text between \begin{document} and \end{document}.
\documentclass[a4paper]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\else
  \usepackage{fontspec}
  % Without TeX's ligatures, which would join two hyphens.
  \setmainfont{lmroman10-regular.otf}[Ligatures=TeXOff, BoldFont=lmroman10-bold.otf,
    ItalicFont=lmroman10-italic.otf, BoldItalicFont=lmroman10-bolditalic.otf]
  \setmonofont{lmmono10-regular.otf}
\fi
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath, array, booktabs, graphicx, longtable}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\setlength{\emergencystretch}{3em}
\setlength{\fboxsep}{1.5pt}
% Mathematics, set in; its further lines are set in more.
\newcommand{\worked}[1]{{\raggedright\leftskip2em\hangindent1.5em $\displaystyle #1$\par}}
% Mathematics that can't be broken: made smaller where it is wider than the line.
\newcommand{\fit}[1]{\sbox0{$\displaystyle #1$}\dimen0=\dimexpr\linewidth-2em\relax
  \ifdim\wd0>\dimen0 \resizebox{\dimen0}{!}{\usebox0}\else\usebox0\fi}
% Letters of other scripts: script, their numbers, what stands for them, and they themselves.
\newif\ifletters
\ifPDFTeX
  \newcommand{\letters}[4]{#3}
\else
  \ifXeTeX \TeXXeTstate=1 \fi
  \newcommand{\tryfont}[3]{\ifcsname letters#1\endcsname\else\IfFontExistsTF{#3}%
    {\expandafter\newfontfamily\csname letters#1\endcsname[#2,ItalicFont=*]{#3}}{}\fi}
  \tryfont{cjk}{}{Noto Serif CJK SC} \tryfont{cjk}{}{Noto Sans CJK SC}
  \tryfont{cjk}{}{Source Han Serif SC} \tryfont{cjk}{}{Songti SC} \tryfont{cjk}{}{SimSun}
  \tryfont{hebrew}{Script=Hebrew}{Noto Sans Hebrew} \tryfont{hebrew}{Script=Hebrew}{DejaVu Sans}
  \tryfont{hebrew}{Script=Hebrew}{FreeSerif} \tryfont{hebrew}{Script=Hebrew}{Arial}
  \tryfont{arabic}{Script=Arabic}{Noto Naskh Arabic} \tryfont{arabic}{Script=Arabic}{Amiri}
  \tryfont{arabic}{Script=Arabic}{DejaVu Sans} \tryfont{arabic}{Script=Arabic}{Arial}
  \tryfont{other}{}{DejaVu Sans} \tryfont{other}{}{Noto Sans}
  \tryfont{other}{}{FreeSerif} \tryfont{other}{}{Arial Unicode MS}
  \makeatletter
  \newcommand{\letters}[4]{\begingroup \letterstrue
    \ifcsname letters#1\endcsname
      \begingroup \csname letters#1\endcsname
        \@for\next:=#2\do{\iffontchar\font"\next\else\global\lettersfalse\fi}\endgroup
    \else\lettersfalse\fi
    \ifletters
      \ifmmode\text{\csname letters#1\endcsname #4}\else\csname letters#1\endcsname #4\fi
    \else#3\fi\global\letterstrue\endgroup}
  \makeatother
  \newcommand{\rightward}[1]{\ifXeTeX\beginR#1\endR\else\leavevmode{\textdir TRT #1}\fi}
\fi
""".strip()

_SPECIALS = {sign: rf"\{sign}" for sign in "{}#%&_$"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
}
_SIGNS = {
    "−": "-",
    "·": r"\cdot ",
    "×": r"\times ",
    "÷": r"\div ",
    "±": r"\pm ",
    "°": r"{}^{\circ}",
    "²": "{}^{2}",
    "³": "{}^{3}",
    "½": r"\tfrac{1}{2}",
    "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
    "⌈": r"\lceil ",
    "⌉": r"\rceil ",
    "→": r"\to ",
    "←": r"\leftarrow ",
    "↑": r"\uparrow ",
    "↓": r"\downarrow ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "≈": r"\approx ",
    "∈": r"\in ",
    "√": r"\surd ",
    "∞": r"\infty ",
    "Σ": r"\Sigma ",
    "σ": r"\sigma ",
    "μ": r"\mu ",
    "µ": r"\mu ",
    "\u2009": r"\,",
    "\u202f": r"\,",
}
"""Unicode signs and what they are in mathematics."""

_LETTERS = frozenset(map(chr, range(0xA0, 0x180))) - frozenset("ĦħĸĿŀŉŦŧſ") | frozenset(
    "–—‘’“”„…†‡•€™"
)
"""What the T1 fonts hold beyond ASCII."""

_LIGATURE = re.compile(r"(?<=([-,']))(?=\1)")
_BREAK = "\1"
_OPTION = re.compile(r"^(?=[\[*])")


_SECTIONS = {2: "subsection", 3: "subsubsection", 4: "paragraph"}
"""Headings by level, below the title, which is a section; deeper ones are like the last."""


def as_latex(document: Document, figures: str = "") -> str:
    """`document` as a whole LaTeX document, without a line end after the last line.

    Its head says how to take it into another document. Marked cells of a matrix stand in boxes.
    A letter that pdflatex has no font for is written as its code, [U+4E2D]; the newer engines show
    the letter itself where they find a font, Hebrew and Arabic from right to left.

    Args:
        document: what is written.
        figures: address of the folder in which the figures lie, as PNG files.
    """
    title = [rf"\section*{{{_escape(document.title)}}}"] if one_line(document.title) else []
    banner = [_banner(document.banner)] if one_line(document.banner) else []
    body = [*banner, *title, *(_block(block, figures) for block in document.blocks)]
    lines = [_PREAMBLE, "", r"\begin{document}", "\n\n".join(body) or r"\null", r"\end{document}"]
    return "\n".join(lines)


def _banner(text: str) -> str:
    """At the head of every page."""
    return rf"\pagestyle{{myheadings}}\thispagestyle{{myheadings}}\markright{{{_escape(text)}}}"


def _block(block: Block, figures: str) -> str:  # noqa: PLR0911, one kind of block a line
    match block:
        case Heading(text, level):
            return rf"\{_SECTIONS.get(level, 'paragraph')}*{{{_escape(text)}}}"
        case Paragraph(words):
            return _escape(words)
        case Items():
            return _items(block)
        case Code():
            return _caption(block.name) + _code(block.text)
        case Formula(latex=latex):
            return _formula(_encode(one_line(latex)))
        case Matrix():
            return _matrix(block)
        case Table():
            return _caption(block.title) + "\n\n".join(
                _table(part) for part in parts(block, PAGE_WIDTH)
            )
        case Figure():
            return _figure(block, figures)


def _items(block: Items) -> str:
    kind = "enumerate" if block.numbered else "itemize"
    lines = (rf"\item {{}}{_escape(item)}" for item in block.items)
    return "\n".join([rf"\begin{{{kind}}}", *lines, rf"\end{{{kind}}}"])


def _code(text: str) -> str:
    """In a typewriter's letters, line by line; blanks at the beginning are kept."""
    lines = [code_line(line) for line in text.splitlines()]
    kept = (r"\ " * (len(line) - len(line.lstrip(" "))) + _escape(line) for line in lines)
    body = "\\\\\n".join(rf"\strut {line}" for line in kept)
    return rf"{{\ttfamily\footnotesize\raggedright {body}\par}}"


def _figure(figure: Figure, figures: str) -> str:
    """Not afloat: it stands where the text speaks of it."""
    path = f"{figures}/{figure.name}.png" if figures else f"{figure.name}.png"
    size = r"width=\linewidth,height=0.85\textheight,keepaspectratio"
    picture = rf"\includegraphics[{size}]{{{path}}}"
    caption = rf"\\ {{\small {_escape(figure.caption)}}}" if one_line(figure.caption) else ""
    return rf"\begin{{center}}{picture}{caption}\end{{center}}"


def _formula(latex: str) -> str:
    """A plain line of arithmetic may break at its signs; what LaTeX can't break is made to fit."""
    breakable = not re.search(r"\\(begin|left)\b", latex)
    return rf"\worked{{{latex}}}" if breakable else rf"\worked{{\fit{{{latex}}}}}"


def _matrix(matrix: Matrix) -> str:
    columns = "r" * max((len(row) for row in matrix.rows), default=1)
    begin, end = rf"\left[\begin{{array}}{{{columns}}}", r"\end{array}\right]"
    array = f"{begin}\n{_encode(matrix_body(matrix))}\n{end}"
    return _caption(matrix.name) + rf"\worked{{\fit{{{array}}}}}"


def _caption(text: str) -> str:
    return rf"\textit{{{_escape(text)}}}\nopagebreak" + "\n\n" if one_line(text) else ""


def _table(table: Table) -> str:
    widths = column_widths(table, PAGE_WIDTH)
    wrapped = [wrap(head, width) for head, width in zip(table.columns, widths, strict=True)]
    height = max(map(len, wrapped), default=0)
    heads = zip(*([""] * (height - len(lines)) + lines for lines in wrapped), strict=True)
    columns = "".join(_column(table, index, width) for index, width in enumerate(widths))
    lines = [
        r"{\small\setlength{\tabcolsep}{4pt}\setlength{\LTleft}{0pt}",
        rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        *map(_row, heads),
        r"\midrule \endhead",
        *map(_row, table.rows),
        r"\bottomrule",
        r"\end{longtable}}",
    ]
    return "\n".join(lines)


def _column(table: Table, index: int, width: int) -> str:
    """Right, left, or a paragraph where a cell is wider than its column."""
    if index in table.right:
        return "r"
    wraps = any(len(wrap(row[index], width)) > 1 for row in table.rows)
    return rf">{{\raggedright\arraybackslash}}p{{{0.52 * width:.1f}em}}" if wraps else "l"


def _row(cells: tuple[Text, ...]) -> str:
    return " & ".join(_escape(hold_operators(cell)) for cell in cells) + r" \\"


def _escape(text: Text) -> str:
    r"""`text` so that none of its signs commands LaTeX, joins the next, or is taken by a `\\`."""
    unjoined = _LIGATURE.sub("\0", break_long_words(one_line(text), _BREAK))
    escaped = "".join(_SPECIALS.get(character, character) for character in unjoined)
    encoded = _encode(escaped).replace("\0", "{}").replace(_BREAK, r"\allowbreak{}")
    return _OPTION.sub("{}", encoded)


def _encode(text: str) -> str:
    """Signs beyond Latin letters by their commands; letters without a font both ways."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_encode_run(script, run) for script, run in runs(composed, _has_font))


def _encode_run(script: Script, run: str) -> str:
    encoded = "".join(map(_encode_character, run))
    if not script:
        return encoded
    numbers = ",".join(f"{ord(letter):04X}" for letter in run if not letter.isascii())
    letters = r"\allowbreak{}".join(run) if script == "cjk" else run
    shown = rf"\rightward{{{letters}}}" if script in RIGHT_TO_LEFT else letters
    return rf"\letters{{{script}}}{{{numbers}}}{{{encoded}}}{{{shown}}}"


def _has_font(character: str) -> bool:
    return character in _SIGNS or character.isascii() or character in _LETTERS


def _encode_character(character: str) -> str:
    if character in _SIGNS:
        return rf"\ensuremath{{{_SIGNS[character]}}}"
    return character if _has_font(character) else rf"\texttt{{{code(character)}}}"
