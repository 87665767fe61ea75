"""Names of fields: `results.test.accuracy`, `results.test.classes."St. Bernard".recall`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grevy.documents.forms import Number

_CONTROLS = "".join(map(chr, (*range(32), *range(127, 160))))
_PLAIN = re.compile(rf'[^."\s{re.escape(_CONTROLS)}]+')
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SIGNS = {sign: f"\\u{ord(sign):04x}" for sign in _CONTROLS} | _SHORT


def field(*segments: str) -> str:
    """One name of several; a segment with a dot, a blank or a quote stands in quotes.

    There control characters are written as JSON writes them.
    """
    return ".".join(map(_quoted, segments))


def flat(content: Any, *before: str) -> Iterator[tuple[str, Number]]:
    """Every number, text and truth value inside of what JSON knows, with its field.

    Lists are counted from 0.
    """
    if isinstance(content, Mapping):
        pairs = [(str(key), value) for key, value in content.items()]
    elif isinstance(content, Sequence) and not isinstance(content, str):
        pairs = [(str(index), value) for index, value in enumerate(content)]
    else:
        yield field(*before), content
        return
    for key, value in pairs:
        yield from flat(value, *before, key)


def _quoted(segment: str) -> str:
    if _PLAIN.fullmatch(segment):
        return segment
    escaped = "".join(_SIGNS.get(character, character) for character in segment)
    return f'"{escaped}"'
