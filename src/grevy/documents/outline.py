"""The order of a document's headings: for tables of contents and for who hears a page."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias, cast

from grevy.documents.blocks import Block, Document, Heading

Level: TypeAlias = Literal[2, 3, 4, 5, 6]

CONTENTS_FROM = 5
"""Sections from which a document begins with a table of contents."""


def stepwise(document: Document) -> Document:
    """`document`, no heading of which is more than one level below the one before it.

    Screen readers go by levels; PDF/UA-1 forbids to skip one (ISO 14289-1, 7.4.2).
    """
    blocks: list[Block] = []
    level = 1
    for block in document.blocks:
        if isinstance(block, Heading):
            level = min(block.level, level + 1)
            blocks.append(Heading(block.text, cast("Level", level)))
        else:
            blocks.append(block)
    return replace(document, blocks=tuple(blocks))


def sections(document: Document) -> tuple[Heading, ...]:
    """Headings of level 2, in order."""
    headings = (block for block in document.blocks if isinstance(block, Heading))
    return tuple(heading for heading in headings if heading.level == 2)
