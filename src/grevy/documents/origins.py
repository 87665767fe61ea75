"""The records that a document's values are from, as its last section."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grevy.documents.blocks import Block, Document, Heading, Origin, Paragraph, Table

GROUP = 16
"""Digits of a SHA-256 that stand together, so that a line may break between groups."""


def with_records(document: Document) -> Document:
    """`document` and, where it has origins, a section that lists them; HTML has its own."""
    if not document.origins:
        return document
    blocks: list[Block] = [
        Heading("Records"),
        Paragraph(
            "The values above are read from these records. grevy report PLACE --value FIELD reads"
            " one again."
        ),
    ]
    for origin in document.origins:
        blocks += _record(origin)
    return replace(document, blocks=(*document.blocks, *blocks))


def _record(origin: Origin) -> Iterable[Block]:
    yield Heading(origin.name, 3)
    yield Paragraph(
        f"{'Place' if len(origin.places) == 1 else 'Places'}: {', '.join(origin.places)}"
    )
    if origin.files:
        rows = tuple((path, _groups(digest)) for path, digest in origin.files)
        yield Table(("file", "SHA-256"), rows)


def _groups(digest: str) -> str:
    return " ".join(digest[start : start + GROUP] for start in range(0, len(digest), GROUP))
