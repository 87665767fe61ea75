"""HTML: a fragment for notebooks, or a whole page for a file. No script, nothing from a network."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

from grevy.documents.blocks import (
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Matrix,
    Paragraph,
    Table,
    pieces,
)
from grevy.documents.columns import clean, clean_line, hold_inside, hold_operators

if TYPE_CHECKING:
    from jinja2 import Environment


def as_html(document: Document, whole_page: bool = False) -> str:
    """`document` as HTML, light on a light ground and dark on a dark one.

    Args:
        document: its texts are escaped. Marked cells of a matrix stand in square brackets.
        whole_page: a page for a file; else an element that brings its own style, as
            `_repr_html_` gives it to a notebook.
    """
    name = "page.html.jinja" if whole_page else "fragment.html.jinja"
    return _environment().get_template(name).render(document=document)


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
        clean=clean,
        clean_lines=_clean_lines,
        hold=hold_operators,
        hold_inside=hold_inside,
        pieces=pieces,
        base64=_base64,
    )
    environment.filters["unknown"] = _unknown
    for kind in (Heading, Paragraph, Items, Code, Formula, Matrix, Table, Figure):
        environment.tests[kind.__name__] = kind.__instancecheck__
    return environment


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _clean_lines(text: str) -> str:
    return "\n".join(map(clean_line, text.splitlines()))


def _unknown(block: object) -> str:
    """A kind of block that the template lacks is a mistake of ours, not an empty place."""
    raise TypeError(f"no HTML for a {type(block).__name__}")
