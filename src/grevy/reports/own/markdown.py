"""The author's Markdown, parsed by markdown-it: CommonMark with tables, formulas and directives.

HTML in it is text. `{{ ... }}` becomes a token wherever Markdown reads running text, and so not in
code; on a line of its own it becomes a block. A formula stands between two lines of `$$`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

INLINE = ("value",)
"""Directives that stand in running text."""

LONGEST = 20
"""Lines of one directive."""

NESTING = 100
"""Deeper than this the parser drops what it reads: `deepest` must stay below."""

_DIRECTIVE = re.compile(r'\{\{((?:"(?:\\.|[^"\\])*+"|\}(?!\})|[^"}])*+)\}\}', re.DOTALL)


def tokens_of(text: str) -> Sequence[Token]:
    """Tokens; of types of their own are `directive`, `open_directive` and `formula`."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING}).enable("table")
    ends = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "directive", _directive_line, ends)  # type: ignore[arg-type]
    parser.block.ruler.before("fence", "formula", _formula, ends)  # type: ignore[arg-type]
    parser.inline.ruler.before("escape", "directive", _directive)
    return parser.parse(text)


def deepest(tokens: Sequence[Token]) -> tuple[int, Token | None]:
    """How deep quotes, lists and marks are nested, and the token where they are so."""
    depths = [
        (token.level + max((child.level for child in token.children or ()), default=0), token)
        for token in tokens
    ]
    return max(depths, key=lambda found: found[0], default=(0, None))


def _directive(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("{{", state.pos):
        return False
    found = _DIRECTIVE.match(state.src, state.pos, state.posMax)
    if not silent:
        token = state.push("directive" if found else "open_directive", "", 0)
        token.content = found[1] if found else state.src[state.pos : state.pos + 40]
        token.meta = {"line": state.src.count("\n", 0, state.pos)}
    # What follows an open one is not read: it is an error, wherever it was meant to end.
    state.pos = found.end() if found else state.posMax
    return True


def _directive_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start) or not _line(state, start).startswith("{{"):
        return False
    found = None
    for last in range(start, min(start + LONGEST, end)):
        if state.isEmpty(last) or (last > start and state.sCount[last] < state.blkIndent):
            return False
        if "}}" not in _line(state, last):
            continue
        lines = "\n".join(_line(state, number) for number in range(start, last + 1))
        if found := _DIRECTIVE.fullmatch(lines.strip()):
            break
    if not found or next(iter(found[1].split()), "") in INLINE:
        return False
    return silent or _push(state, "directive", found[1], start, last + 1)


def _formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start) or not _line(state, start).startswith("$$"):
        return False
    lines: list[str] = []
    for last in range(start, end):
        lines.append(_line(state, last).strip())
        text = "\n".join(lines)
        if lines[-1].endswith("$$") and len(text) > len("$$$$"):
            return silent or _push(state, "formula", text[2:-2].strip(), start, last + 1)
    return False


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _push(state: StateBlock, kind: str, content: str, start: int, end: int) -> bool:
    token = state.push(kind, "", 0)
    token.content, token.map, token.meta = content, [start, end], {"line": 0}
    state.line = end
    return True
