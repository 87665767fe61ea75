"""HTML: a fragment for notebooks, or a whole page for a file. No script, nothing from a network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from grevy.documents.blocks import Document, Formula, Matrix, Sentence, Table
from grevy.documents.columns import clean, hold_operators

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
    environment.filters.update(clean=clean, hold=hold_operators)
    for kind in (Sentence, Formula, Matrix, Table):
        environment.tests[kind.__name__] = kind.__instancecheck__
    return environment
