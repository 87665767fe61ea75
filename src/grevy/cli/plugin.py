"""A Python file of the user's own, which registers networks."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from pathlib import Path

from grevy.errors import UsageError


def load_plugin(path: Path | None) -> None:
    """Run the file, if one is given.

    Raises:
        UsageError: there is no such file.
    """
    if path is None:
        return
    if not path.is_file():
        raise UsageError(
            f"no file {path}", "a Python file that registers networks", "check --plugin"
        )
    runpy.run_path(str(path))


def plugin_in(words: Sequence[str]) -> Path | None:
    """The file behind --plugin, before the words are parsed: it may bring flags of its own."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == "--plugin" and (value or following):
            return Path(value if equals else following)
    return None
