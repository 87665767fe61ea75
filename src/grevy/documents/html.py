"""HTML: a fragment for notebooks, or a whole page for a file. No script, nothing from a network."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from grevy.cleaning import escaped
from grevy.documents.blocks import (
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Marked,
    Matrix,
    Origin,
    Paragraph,
    Table,
    Text,
    Value,
)
from grevy.documents.columns import (
    GAP,
    code_line,
    column_widths,
    display_width,
    hold_inside,
    hold_operators,
    one_line,
)
from grevy.documents.outline import CONTENTS_FROM, sections, stepwise
from grevy.documents.pictures import Picture, fitting

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

PAGE_WIDTH = 104
"""Characters of a table that fit on paper."""

NARROW = 34
"""Characters that fit beside each other on the narrowest screen: 320 pixels."""

FIGURES = 3_400_000
"""Bytes of all figures, before base64, with which a page stays below 5 MB."""

PAPER, LETTER, MARGINS, LARGEST, SMALLEST = 500, 0.58, 0.9, 9.0, 4.0
"""Points between the margins of A4; ems of a letter, and around a column; sizes of a table's
letters on paper."""

_HASH = re.compile(r'(?<=id="grevy-text">)[0-9a-f]{64}(?=<)')


def as_html(document: Document, whole_page: bool = False) -> str:
    """`document` as HTML, light on a light ground and dark on a dark one.

    A value says which field of which record it is, and the command that reads it again, when it
    is pointed at, reached by keyboard, or read aloud. A page ends with the records that its values
    are from: each with its files and their SHA-256, for people and (`id="grevy-records"`) as JSON;
    and with its own (`page_hash`).

    Args:
        document: its texts are escaped. Marked cells of a matrix stand in square brackets.
        whole_page: a page for a file; else an element that brings its own style, as
            `_repr_html_` gives it to a notebook.
    """
    document = stepwise(document)
    name = "page.html.jinja" if whole_page else "fragment.html.jinja"
    found = sections(document) if whole_page else ()
    contents = found if len(found) >= CONTENTS_FROM else ()
    page = (
        _environment()
        .get_template(name)
        .render(
            document=document,
            sections=found,
            contents=contents,
            pictures=fitting(document.figures, FIGURES),
            zeros="0" * 64,
        )
    )
    return _HASH.sub(page_hash(page), page) if whole_page and document.origins else page


def page_hash(html: str) -> str:
    """SHA-256 of a page's UTF-8 up to its last sign, the digits of its own hash read as zeros.

    Line ends and a byte-order mark, which editors and version control change, do not count.
    """
    plain_page = html.removeprefix("\ufeff").replace("\r\n", "\n").rstrip()
    return sha256(_HASH.sub("0" * 64, plain_page).encode()).hexdigest()


def records_json(origins: Sequence[Origin]) -> str:
    """What `id="grevy-records"` holds: a list with name, places, files and content of each.

    `files` are SHA-256 by path, `content` is the record itself (null where there is none). No sign
    of it can end the element around it.
    """
    records = [
        {
            "name": origin.name,
            "places": list(origin.places),
            "files": dict(origin.files),
            "content": json.loads(origin.content) if origin.content else None,
        }
        for origin in origins
    ]
    text = escaped(json.dumps(records, ensure_ascii=False, separators=(",", ":")))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def explanation(value: Value, document: Document) -> str:
    """Where a value is from, and the command that reads it again."""
    source = f"{value.field} of {value.record}"
    places = next((o.places for o in document.origins if o.name == value.record), ())
    command = shlex.join(["grevy", "report", *places, "--value", value.field])
    return f"{source}. To read it again: {command}" if places else source


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("grevy", "documents"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clean=one_line,
        clean_lines=_clean_lines,
        css=_css,
        hold=hold_operators,
        hold_inside=hold_inside,
        wide=_wide,
    )
    environment.filters.update(address=_address, on_paper=_on_paper)
    environment.filters.update(explanation=explanation, records=records_json)
    environment.filters["unknown"] = _unknown
    for kind in (Heading, Paragraph, Items, Code, Formula, Matrix, Table, Figure, Marked):
        environment.tests[kind.__name__] = kind.__instancecheck__
    return environment


def _address(picture: Picture) -> str:
    """The picture itself as an address, so that nothing is fetched."""
    kind, content = picture
    media = "svg+xml" if kind == "svg" else kind
    return f"data:image/{media};base64,{b64encode(content).decode()}"


def _on_paper(table: Table) -> str:
    """Points of its letters in print, so that a table of many columns is not cut at the edge."""
    widths = column_widths(table, PAGE_WIDTH)
    size = PAPER / max(LETTER * sum(widths) + MARGINS * len(widths), 1)
    return f"{max(SMALLEST, min(LARGEST, size)):.1f}pt"


def _wide(rows: Sequence[Sequence[Text]]) -> bool:
    """Whether rows may not fit on a narrow screen, so that they must scroll by keyboard too."""
    return any(sum(display_width(one_line(cell)) + GAP for cell in row) > NARROW for row in rows)


def _clean_lines(text: str) -> str:
    return "\n".join(map(code_line, text.splitlines()))


def _css(text: str) -> Markup:
    """A text as a string of CSS: every sign but plain letters by its code."""
    from markupsafe import Markup

    signs = (c if c.isalnum() and c.isascii() else f"\\{ord(c):06x}" for c in text)
    return Markup('"{}"').format(Markup("").join(signs))


def _unknown(block: object) -> str:
    """A kind of block that the template lacks is a mistake of ours, not an empty place."""
    raise TypeError(f"no HTML for a {type(block).__name__}")
