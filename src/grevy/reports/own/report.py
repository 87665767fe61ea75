"""A report of one's own: Markdown with directives becomes a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from grevy.documents.blocks import Block, Document, Figure
from grevy.errors import DirectiveError
from grevy.records.run_name import slug
from grevy.reports.material import OnProgress
from grevy.reports.own.directive import Directive
from grevy.reports.own.fill import filled
from grevy.reports.own.markdown import deepest, tokens_of
from grevy.reports.own.read import read_markdown
from grevy.reports.own.tree import Author

DEEPEST = 30
"""Quotes, lists and marks in each other."""


def own_report(
    path: Path,
    picture: str | Path | None,
    data: str | Path | None,
    trust_source: bool,
    told: OnProgress,
) -> Document:
    """The document that a Markdown file describes.

    Args:
        path: of the file.
        picture: what networks are shown; None: a picture of their validation split.
        data: the image data, if it is no longer where it was.
        trust_source: run the source that records keep, and Python that the file names.
        told: hears how far it is.

    Raises:
        DataNotFoundError, DataFormatError: no such file, or it is no text.
        DirectiveError: a directive that can't be understood or filled; the line is named.
    """
    tokens = tokens_of(read_markdown(path))
    _refuse_depth(tokens, path)
    directives = dict(_directives(tokens, path))
    found = filled(list(directives.values()), path.parent, picture, data, trust_source)
    author = Author(path, directives, found.values, found.blocks(told))
    title, blocks = author.written(SyntaxTreeNode(tokens))
    return Document(title or path.stem, tuple(_named_apart(blocks)), found.records.origins())


def _refuse_depth(tokens: Sequence[Token], path: Path) -> None:
    depth, token = deepest(tokens)
    if depth > DEEPEST:
        line = token.map[0] + 1 if token and token.map else 1
        raise DirectiveError(
            f"{path.name}, line {line}: lists, quotes or marks nested {depth} deep",
            f"{DEEPEST} at most",
            "write it flatter",
        )


def _directives(tokens: Sequence[Token], path: Path) -> Iterator[tuple[int, Directive]]:
    """Each with the identity of its token."""
    for token in tokens:
        first = token.map[0] + 1 if token.map else 1
        for inner in (token, *(token.children or ())):
            place = f"{path.name}, line {first + inner.meta.get('line', 0)}"
            if inner.type == "open_directive":
                raise DirectiveError(
                    f"{place}: '{inner.content}' without its end",
                    "two braces and what stands between them",
                    r"write }} or, to show braces, \{{",
                )
            if inner.type == "directive":
                yield id(inner), Directive(inner.content.strip(), place, inner is token)


def _named_apart(blocks: Sequence[Block]) -> Iterator[Block]:
    """Figures under names that are files' names; different ones under different names."""
    seen: dict[str, bytes] = {}
    for block in blocks:
        if not isinstance(block, Figure):
            yield block
            continue
        name = own = slug(block.name, "figure")
        number = 2
        while seen.setdefault(name, block.png) != block.png:
            name = f"{own}-{number}"
            number += 1
        yield replace(block, name=name)
