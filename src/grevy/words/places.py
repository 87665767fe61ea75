"""Words that name a file or a folder: what no file system takes is refused before it is asked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

LONGEST_PATH = 4095
LONGEST_NAME = 255
"""Bytes between two slashes."""


@dataclass(frozen=True)
class Place:
    """Stands in the annotation of a text that may be a path, as `Path` does by itself."""


PLACE = Place()


def is_place(kind: Any, marks: Iterable[Any]) -> bool:
    """Whether a word of this type may be a path."""
    return PLACE in marks or kind is Path or any(is_place(part, ()) for part in get_args(kind))


def too_long(text: str) -> str:
    """What is wrong with the length of a path; "" if nothing is, or if it is a URL."""
    if "://" in text:
        return ""
    path = os.fsencode(text)
    longest = max(map(len, path.split(b"/")))
    if len(path) > LONGEST_PATH:
        return f"{len(path):,} bytes where a path may have {LONGEST_PATH:,}"
    if longest > LONGEST_NAME:
        return f"{longest:,} bytes where a name may have {LONGEST_NAME}"
    return ""
