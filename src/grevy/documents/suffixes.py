"""Which forms a document can be written in: the one place that names them."""

from __future__ import annotations

from collections.abc import Sequence

DOCUMENTS = (".html", ".pdf", ".md", ".tex", ".txt")
"""Suffixes of whole documents."""

TABLES = (*DOCUMENTS, ".csv")
"""Suffixes of tables by themselves."""


def listed(suffixes: Sequence[str]) -> str:
    """In words: .html, .pdf or .txt."""
    return " or ".join(filter(None, (", ".join(suffixes[:-1]), *suffixes[-1:])))
