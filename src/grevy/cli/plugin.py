"""A Python file of the user's own, run before the words are parsed: it may bring flags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grevy.recipes.registered import register_for_good
from grevy.words.parse import said


def load_plugin(path: Path | None) -> None:
    """Run the file, if one is given; the call that is given it afterwards does not run it again.

    Raises:
        SourceError, SourceFaultError: it can't be read, or has an error.
    """
    if path is not None:
        from grevy.models.own.find import find_plugin

        register_for_good(find_plugin(path, anew=True).registered)


def plugin_in(words: Sequence[str]) -> Path | None:
    """The file behind --plugin, before the words are parsed: it may bring flags of its own."""
    path = said(words, "--plugin")
    return Path(path) if path else None
