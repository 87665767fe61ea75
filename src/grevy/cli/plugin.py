"""A Python file of the user's own, run before the words are parsed: it may bring flags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def load_plugin(path: Path | None) -> None:
    """Run the file, if one is given; the call that is given it afterwards does not run it again.

    Raises:
        SourceError, SourceFaultError: it can't be read, or has an error.
    """
    if path is not None:
        from grevy.models.own.find import find_plugin

        find_plugin(path, anew=True)


def plugin_in(words: Sequence[str]) -> Path | None:
    """The file behind --plugin, before the words are parsed: it may bring flags of its own."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == "--plugin" and (value or following):
            return Path(value if equals else following)
    return None
