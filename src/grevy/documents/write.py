"""A document as a file; the suffix says in which form."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from grevy.documents.blocks import Document
from grevy.documents.html import as_html
from grevy.documents.latex import as_latex
from grevy.documents.markdown import as_markdown
from grevy.documents.origins import with_records
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.documents.text import as_text
from grevy.documents.typst import as_pdf
from grevy.errors import UsageError
from grevy.printing import on_stderr
from grevy.records.atomic import save_error, write_bytes

Say = Callable[[str], None]

_WRITERS: dict[str, Callable[[Document, str], str]] = {
    ".html": lambda document, figures: as_html(document, whole_page=True),
    ".md": as_markdown,
    ".tex": as_latex,
    ".txt": lambda document, figures: as_text(document),
}
"""What writes a document as text, given the folder of its figures."""

_FIGURES_BESIDE = (".md", ".tex", ".txt")
"""Forms that can't hold pictures themselves."""

LARGEST_PAGE = 5_000_000
"""Bytes of an HTML page that opens at once anywhere and fits into a mail."""


def write_document(document: Document, path: Path, say: Say = on_stderr) -> Path:
    """Write `document` atomically, as UTF-8, in the form that the suffix of `path` names.

    Figures are inside an HTML page and a PDF; for the other forms they lie in `<stem>-figures/`
    beside it. The same document gives the same bytes.

    Args:
        document: what is written.
        path: its suffix is one of `documents.suffixes.DOCUMENTS`.
        say: hears in one line what the form can't show as it is: letters without a font (PDF), or
            a page of more than 5 MB (HTML).

    Returns:
        `path`.

    Raises:
        UsageError: another suffix.
        MissingPackageError: a PDF without the package that sets it.
        SaveError: the disk did not take it; the old file, if any, is untouched.
    """
    refuse_form(path)
    suffix = path.suffix.lower()
    beside = path.with_name(f"{path.stem}-figures")
    content = _content(document, suffix, beside.name, say)
    if suffix in _FIGURES_BESIDE:
        _write_figures(document, beside)
    write_bytes(path, content)
    if suffix == ".html" and len(content) > LARGEST_PAGE:
        say(f"{path} has {len(content) / 1e6:.1f} MB; {path.stem}.md has its figures beside it")
    return path


def refuse_form(path: Path) -> None:
    """Before there is anything to write.

    Raises:
        UsageError: as `write_document`.
    """
    if path.suffix.lower() not in DOCUMENTS:
        raise UsageError(
            f"can't write a document as '{path.name}'",
            f"a name that ends in {listed(DOCUMENTS)}",
            f"say for example '{path.with_suffix('.md').name}'" if path.stem else "add a name",
        )


def _content(document: Document, suffix: str, figures: str, say: Say) -> bytes:
    if suffix != ".html":
        document = with_records(document)
    if suffix == ".pdf":
        return as_pdf(document, say)
    return f"{_WRITERS[suffix](document, figures)}\n".encode()


def _write_figures(document: Document, folder: Path) -> None:
    if not document.figures:
        return
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise save_error(folder, error) from error
    if folder.is_symlink():
        raise save_error(folder, OSError(errno.ELOOP, "it is a link"))
    for figure in document.figures:
        write_bytes(folder / f"{figure.name}.png", figure.png)
