"""A report of one's own: Markdown with directives."""

from __future__ import annotations

from pathlib import Path

from grevy.documents.blocks import Document
from grevy.reports.material import OnProgress


def own_report(
    path: Path,
    picture: str | Path | None,
    data: str | Path | None,
    trust_source: bool,
    told: OnProgress,
) -> Document:
    """To be written."""
    raise NotImplementedError
