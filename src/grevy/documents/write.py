"""A document as a file; the suffix says in which form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from grevy.documents.blocks import Document
from grevy.documents.html import as_html
from grevy.documents.latex import as_latex
from grevy.documents.markdown import as_markdown
from grevy.documents.text import as_text
from grevy.errors import UsageError
from grevy.records.atomic import write_bytes

FORMS: dict[str, Callable[[Document], str]] = {
    ".txt": as_text,
    ".md": as_markdown,
    ".tex": as_latex,
    ".html": lambda document: as_html(document, whole_page=True),
}


def write_document(document: Document, path: Path) -> Path:
    """Write `document` atomically, as UTF-8, in the form that the suffix of `path` names.

    Returns:
        `path`.

    Raises:
        UsageError: a suffix other than .txt, .md, .tex and .html.
        SaveError: the disk did not take it; the old file, if any, is untouched.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(
            f"can't write a document as '{path.name}'",
            "a name that ends in .txt, .md, .tex or .html",
            f"say for example '{path.with_suffix('.md').name}'" if path.stem else "add a name",
        )
    write_bytes(path, f"{form(document)}\n".encode())
    return path
