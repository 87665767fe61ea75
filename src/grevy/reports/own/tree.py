"""The tree of the author's Markdown as blocks of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from markdown_it.tree import SyntaxTreeNode

from grevy.documents.blocks import (
    Block,
    Code,
    Figure,
    Formula,
    Heading,
    Items,
    Marked,
    Paragraph,
    Table,
    Text,
    Value,
    pieces,
    plain,
)
from grevy.errors import DirectiveError
from grevy.reports.own.directive import Directive, told_with
from grevy.reports.own.pictures import picture_block
from grevy.reports.own.words import PICTURE, words

Level = Literal[2, 3, 4, 5, 6]
SUBITEM = "– "
"""Before an item of a list in a list, once a level."""


@dataclass(frozen=True)
class Author:
    """Turns what the author wrote into blocks.

    Attributes:
        path: of the text.
        directives: of each token that is one, by its identity.
        values: of those in running text.
        blocks: of those on lines of their own.
    """

    path: Path
    directives: Mapping[int, Directive]
    values: Mapping[Directive, Value]
    blocks: Mapping[Directive, Sequence[Block]]

    def written(self, root: SyntaxTreeNode) -> tuple[str, tuple[Block, ...]]:
        """Title and blocks; the first heading is the title, if it is of the first level."""
        nodes = list(root.children)
        title = ""
        first = next((n for n in nodes if not self._is_runs(n)), None)
        if first is not None and first.type == "heading" and first.tag == "h1":
            title = self._title(first)
            nodes.remove(first)
        return title, tuple(self._under_headings(nodes))

    def _is_runs(self, node: SyntaxTreeNode) -> bool:
        return node.type == "directive" and self._directive(node).word == "runs"

    def _title(self, node: SyntaxTreeNode) -> str:
        text = self._words(node)
        if any(isinstance(piece, Value) for piece in pieces(text)):
            raise DirectiveError(
                f"{self._place(node)}: a value in the title", "words alone", "say it in the text"
            )
        return plain(text)

    def _under_headings(self, nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
        """Headings inside of what a directive stands for are below the author's."""
        level = 1
        for node in nodes:
            for block in self._blocks(node):
                if node.type == "heading" and isinstance(block, Heading):
                    level = block.level
                yield block if node.type != "directive" else _below(block, level)

    def _blocks(self, node: SyntaxTreeNode) -> Iterator[Block]:
        match node.type:
            case "heading":
                yield Heading(self._words(node), cast(Level, max(int(node.tag[1:]), 2)))
            case "paragraph":
                yield from self._paragraph(node)
            case "blockquote":
                yield from map(_quoted, self._inside(node))
            case "bullet_list" | "ordered_list":
                yield from self._list(node)
            case "fence" | "code_block":
                yield Code(node.content.rstrip("\n"))
            case "table":
                yield self._table(node)
            case "formula":
                yield Formula(" ".join(node.content.split()), " ".join(node.content.split()))
            case "directive":
                yield from self.blocks[self._directive(node)]

    def _inside(self, node: SyntaxTreeNode) -> Iterator[Block]:
        for child in node.children:
            yield from self._blocks(child)

    def _paragraph(self, node: SyntaxTreeNode) -> Iterator[Block]:
        text = self._words(node, pictures=True)
        if plain(text).strip():
            yield Paragraph(text)
        for picture in node.walk():
            if picture.type == PICTURE:
                yield self._picture(picture)

    def _picture(self, node: SyntaxTreeNode) -> Figure:
        address, caption = str(node.attrs["src"]), str(node.attrs.get("title", ""))
        with told_with(self._place(node)):
            return picture_block(self.path.parent, address, node.content, caption)

    def _list(self, node: SyntaxTreeNode) -> Iterator[Block]:
        """One list, its inner ones among its items; what is no words parts it in two."""
        numbered = node.type == "ordered_list"
        first = int(node.attrs.get("start", 1)) if numbered else 1
        whole = numbered and first == 1 and all(map(_is_line, node.children))
        items: list[Text] = []
        for number, item in enumerate(node.children, first):
            mark = "" if whole or not numbered else f"{number}. "
            for block in self._inside(item):
                if isinstance(block, Paragraph):
                    items.append(_after(mark, block.text))
                elif isinstance(block, Items):
                    items += [_after(SUBITEM, text) for text in _numbered(block)]
                else:
                    yield from [Items(tuple(items))] if items else []
                    items = []
                    yield block
                mark = ""
        if items:
            yield Items(tuple(items), whole)

    def _table(self, node: SyntaxTreeNode) -> Table:
        heads = node.children[0].children[0].children
        body = [row.children for part in node.children[1:] for row in part.children]
        for head in heads:
            if any(isinstance(piece, Value) for piece in pieces(self._words(head))):
                raise DirectiveError(
                    f"{self._place(head)}: a value in the head of a table",
                    "words alone",
                    "put it in a row",
                )
        right = {i for i, head in enumerate(heads) if "right" in str(head.attrs.get("style", ""))}
        return Table(
            tuple(plain(self._words(head)) for head in heads),
            tuple(tuple(map(self._words, row)) for row in body),
            frozenset(right),
        )

    def _words(self, node: SyntaxTreeNode, pictures: bool = False) -> Text:
        found = next((each for each in node.walk() if each.type == PICTURE), None)
        if found is not None and not pictures:
            raise DirectiveError(
                f"{self._place(found)}: a picture in a {node.type}", "a paragraph", "put it below"
            )
        return words(node, lambda child: self.values[self._directive(child)])

    def _directive(self, node: SyntaxTreeNode) -> Directive:
        assert node.token is not None
        return self.directives[id(node.token)]

    def _place(self, node: SyntaxTreeNode) -> str:
        while node.map is None and node.parent is not None:
            node = node.parent
        return f"{self.path.name}, line {node.map[0] + 1 if node.map else 1}"


def _is_line(item: SyntaxTreeNode) -> bool:
    """Whether an item of a list is one paragraph and no more."""
    return [child.type for child in item.children] == ["paragraph"]


def _numbered(block: Items) -> Iterator[Text]:
    for number, text in enumerate(block.items, 1):
        yield _after(f"{number}. ", text) if block.numbered else text


def _after(mark: str, text: Text) -> Text:
    if not mark:
        return text
    return mark + text if isinstance(text, str) else (mark, *text)


def _quoted(block: Block) -> Block:
    if not isinstance(block, Paragraph):
        return block
    inner = (block.text,) if isinstance(block.text, str) else block.text
    return Paragraph((Marked(inner, "emphasis"),))


def _below(block: Block, level: int) -> Block:
    if not isinstance(block, Heading):
        return block
    return Heading(block.text, cast(Level, min(6, level + max(block.level - 2, 1))))
