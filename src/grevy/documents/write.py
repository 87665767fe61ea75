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
from grevy.records.atomic import save_error, write_bytes

FORMS: dict[str, Callable[[Document, str], str]] = {
    ".txt": lambda document, figures: as_text(document),
    ".md": as_markdown,
    ".tex": as_latex,
    ".html": lambda document, figures: as_html(document, whole_page=True),
}
"""What writes a document, given the folder of its figures."""

FIGURES_BESIDE = (".txt", ".md", ".tex")
"""Forms that can't hold pictures themselves."""


def write_document(document: Document, path: Path) -> Path:
    """Write `document` atomically, as UTF-8, in the form that the suffix of `path` names.

    Figures are inside an HTML page; for the other forms they lie in `<stem>-figures/` beside it.

    Returns:
        `path`.

    Raises:
        UsageError: a suffix other than .txt, .md, .tex and .html.
        SaveError: the disk did not take it; the old file, if any, is untouched.
    """
    refuse_form(path)
    form = FORMS[path.suffix.lower()]
    beside = path.with_name(f"{path.stem}-figures")
    if path.suffix.lower() in FIGURES_BESIDE:
        _write_figures(document, beside)
    write_bytes(path, f"{form(document, beside.name)}\n".encode())
    return path


def refuse_form(path: Path) -> None:
    """Before there is anything to write.

    Raises:
        UsageError: as `write_document`.
    """
    if path.suffix.lower() not in FORMS:
        raise UsageError(
            f"can't write a document as '{path.name}'",
            "a name that ends in .txt, .md, .tex or .html",
            f"say for example '{path.with_suffix('.md').name}'" if path.stem else "add a name",
        )


def _write_figures(document: Document, folder: Path) -> None:
    if not document.figures:
        return
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise save_error(folder, error) from error
    for figure in document.figures:
        write_bytes(folder / f"{figure.name}.png", figure.png)
