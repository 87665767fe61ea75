"""Running text of the author as a text of the document: marks, links, values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markdown_it.tree import SyntaxTreeNode

from grevy.documents.blocks import Mark, Marked, Text, Value

Piece = str | Value | Marked
ValueAt = Callable[[SyntaxTreeNode], Value]
"""The value that a directive in running text is filled with."""

_MARKS: dict[str, Mark] = {"em": "emphasis", "strong": "strong", "link": "link"}
_ADDRESS = re.compile(r"https?:|mailto:|[^:]*$", re.IGNORECASE)
PICTURE = "image"


def words(node: SyntaxTreeNode, value_at: ValueAt) -> Text:
    """The text inside a node; pictures in it are left out."""
    found = tuple(_joined(_pieces(node, value_at)))
    if all(isinstance(piece, str) for piece in found):
        return "".join(piece for piece in found if isinstance(piece, str)).strip()
    return found


def _pieces(node: SyntaxTreeNode, value_at: ValueAt) -> Iterator[Piece]:
    for child in node.children:
        if child.type == "inline":
            yield from _pieces(child, value_at)
        elif child.type == "directive":
            yield value_at(child)
        elif child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.type == "code_inline":
            yield Marked((child.content,), "code")
        elif child.type in _MARKS:
            yield from _marked(child, tuple(_joined(_pieces(child, value_at))))
        elif child.type != PICTURE:
            yield child.content


def _marked(node: SyntaxTreeNode, inner: tuple[Piece, ...]) -> Iterator[Piece]:
    address = str(node.attrs.get("href", ""))
    if address and not _ADDRESS.match(address):
        yield from (*inner, f" ({address})")
    elif inner:
        yield Marked(inner, _MARKS[node.type], address)


def _joined(found: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbouring words as one."""
    said = ""
    for piece in found:
        if isinstance(piece, str):
            said += piece
            continue
        if said:
            yield said
        said = ""
        yield piece
    if said:
        yield said
