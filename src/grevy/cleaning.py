"""Text from outside, shown so that it can steer nothing and hide nothing.

Names of files, classes and columns, fields of records and errors of other programs may hold signs
that a terminal obeys (escape sequences), that turn the order of letters round, or that nobody can
see. Each is shown as �; names in any script stay as they are, with the joiners that Persian, the
scripts of India and many emoji are written with.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

SIGN = "\ufffd"
"""Stands for what is not shown: the replacement character."""

MARKS_AT_MOST = 5
"""Marks on one letter: pointed and accented Hebrew has four; a storm of them covers other lines."""

_WHITE = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_SUSPECT = re.compile(
    "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"  # a region's flag
    "|["
    "\x00-\x1f\x7f-\x9f"  # controls: C0, DEL, C1
    "\xad\u034f\u061c\u200b-\u200f\u2060-\u206f\ufeff\ufff0-\ufffb"  # seen by nobody
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"  # letters and signs that are blank
    "\u2028-\u202e"  # ends of lines and paragraphs; orders that turn the direction of writing
    "\ud800-\udfff"  # halves of a character, as file names that are no UTF-8 have
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # selectors of a variant, tags
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # of shorthand and music
    "]"
)
_STORM = re.compile(rf"[\u0300-\U0010ffff]{{{MARKS_AT_MOST + 1},}}")
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\uabff]")
"""Scripts in which a joiner changes how the letters beside it are written."""


def clean(text: str) -> str:
    """`text` on one line: ends of lines and tabs are blanks, what steers or hides is �."""
    if text.isascii() and text.isprintable():
        return text
    return _cleaned(text, lambda sign: " " if sign in _WHITE else SIGN)


def clean_lines(text: str) -> str:
    """As `clean`, of a text whose lines and tabs are meant."""
    if text.isascii() and text.isprintable():
        return text
    return _cleaned(text, lambda sign: sign if sign in "\t\n" else SIGN)


def as_json(value: Any) -> str:
    """`value` as indented JSON that can be printed: what `clean` would not show is escaped.

    Whoever reads it gets every string exactly as it was.
    """
    return escaped(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def in_one_line(value: Any) -> str:
    """The same without line breaks."""
    return escaped(json.dumps(value, ensure_ascii=False, default=str))


def escaped(text: str) -> str:
    """The same JSON, with escapes for what `clean` would not show, halves of characters too."""
    return _cleaned(text, lambda sign: sign if sign == "\n" else json.dumps(sign)[1:-1])


def as_cell(text: str) -> str:
    """`text` as a cell of a CSV, in which no spreadsheet sees a formula.

    A cell that begins like one gets an apostrophe before it, unless it is only numbers ("-0.5",
    "-1.2 to 0.4").

    Source: OWASP, CSV Injection.
    """
    cell = clean(text)
    begins = cell.lstrip()[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    begins = begins or text[:1] in ("\t", "\r", "\n")
    return f"'{cell}" if begins and not _NUMBERS.fullmatch(cell) else cell


_NUMBERS = re.compile(r"[-+]?(?:inf|nan|(?:[\d.,%\s–]|[-+](?=[\d.]|inf)|e(?=[-+\d])|to|inf)*)")


def _cleaned(text: str, shown: Callable[[str], str]) -> str:
    """`text` with what `shown` makes of each sign that has no place where it stands."""
    if text.isascii():
        return _SUSPECT.sub(lambda found: shown(found[0]), text)
    seen = _SUSPECT.sub(
        lambda found: found[0] if _belongs(text, *found.span()) else shown(found[0]), text
    )
    return _STORM.sub(lambda found: _calmed(found[0], shown), seen)


def _belongs(text: str, start: int, end: int) -> bool:
    """Whether a sign that can't be seen by itself changes how its neighbours are written."""
    sign, before, after = text[start], text[start - 1 : start], text[end : end + 1]
    if end - start > 1:
        return True
    if sign == "\u200d" and _is_picture(before) and _is_picture(after):
        return True
    if sign in "\u200c\u200d":
        return bool(_JOINING.match(before) and _JOINING.match(after))
    if "\ufe00" <= sign <= "\ufe0f":
        return (before >= "\u2000" and not _is_mark(before)) or _is_emoji_of_text(before, after)
    if "\U000e0100" <= sign <= "\U000e01ef":
        return "\u3400" <= before <= "\u9fff" or before >= "\U00020000"
    return "\u180b" <= sign <= "\u180f" and "\u1820" <= before <= "\u18aa"


def _is_picture(sign: str) -> bool:
    """An emoji, or the last sign of one: a colour of skin, a selector."""
    kinds = ("So", "Sk", "Sm")
    return sign >= "\u2000" and (sign == "\ufe0f" or unicodedata.category(sign) in kinds)


def _is_emoji_of_text(before: str, after: str) -> bool:
    """Such as ©, and the digit on a key."""
    return before in ("©", "®") or (before in tuple("#*0123456789") and after == "\u20e3")


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M")


def _calmed(text: str, shown: Callable[[str], str]) -> str:
    """`text` without the marks on a letter that are too many; one sign says that there were."""
    kept, marks = [], 0
    for sign in text:
        marks = marks + 1 if _is_mark(sign) else 0
        if marks <= MARKS_AT_MOST:
            kept.append(sign)
        elif marks == MARKS_AT_MOST + 1 or shown(sign) != SIGN:
            kept.append(shown(sign))
    return "".join(kept)
