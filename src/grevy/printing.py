"""All that Grevy prints: nothing from outside reaches a terminal but through here.

The command line cleans its streams as well (`grevy.cli.streams`), for what other packages print.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

from grevy.cleaning import clean_lines

if TYPE_CHECKING:
    from rich.console import Console


def on_stdout(text: str = "") -> None:
    """Lines of the result."""
    print(clean_lines(text))


def on_stderr(text: str) -> None:
    """Lines beside the result; they come at once."""
    print(clean_lines(text), file=sys.stderr, flush=True)


def write_stdout(text: str) -> None:
    """A result that brings its own ends of lines."""
    sys.stdout.write(clean_lines(text))


def styled(stream: TextIO) -> TextIO:
    """A stream of the command line without its cleaner, for text that was cleaned, then styled."""
    return cast(TextIO, getattr(stream, "styled", stream))


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """What styles tables and bars; what is shown in it must be clean already."""
    from rich.console import Console

    plain: dict[str, Any] = {"highlight": False, "soft_wrap": True, "width": width}
    stream = styled(sys.stderr if stderr else sys.stdout)
    return Console(file=stream, markup=False, emoji=False, **plain)
