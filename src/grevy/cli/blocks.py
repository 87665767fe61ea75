"""Documents on the terminal."""

from __future__ import annotations

import shutil
import sys

from grevy.cli.output import WIDE, Output
from grevy.documents.blocks import Document
from grevy.documents.text import as_text
from grevy.printing import on_stdout


def print_document(output: Output, document: Document) -> None:
    """Print `document` as wide as the terminal, or wide where there is none; not beside JSON."""
    if output.as_json:
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE
    on_stdout(as_text(document, width))
