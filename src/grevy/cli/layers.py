"""`grevy layers`: the layers of a network, counted and worked out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import InputTooSmallError, UsageError
from grevy.printing import on_stderr
from grevy.words.layers import LayersArguments, table_of
from grevy.words.parse import parse

if TYPE_CHECKING:
    from grevy.models.survey.layers import LayerTable

FORMS = (*DOCUMENTS, ".json")


def main(words: list[str]) -> None:
    """Parse, count, print; exit with status 2 if the network fails on the picture."""
    arguments = parse(LayersArguments, "layers", words)
    output = Output(arguments.json)
    outs = [_checked(path) for path in arguments.out]
    table = table_of(arguments)
    print_document(output, table.document())
    for path in outs:
        output.line(f"written   {_write(table, path)}")
    if not outs:
        output.line(f"next      keep it: --out layers.md (or {', '.join(FORMS)})")
    output.result(table.as_json())
    _exit_if_failed(table)


def _checked(path: Path) -> Path:
    if path.suffix.lower() not in FORMS:
        raise UsageError(
            f"--out {path}", f"a name that ends in {listed(FORMS)}", "change its ending"
        )
    return path


def _write(table: LayerTable, path: Path) -> Path:
    if path.suffix.lower() == ".json":
        from grevy.records.atomic import write_json

        write_json(path, table.as_json())
        return path
    from grevy.documents.write import write_document

    return write_document(table.document(), path)


def _exit_if_failed(table: LayerTable) -> None:
    """The table is shown whatever happens; the exit status says that it is not whole."""
    if table.failure is None:
        return
    from grevy.models.survey.describe import failure_sentences

    what, fits = failure_sentences(table)
    error = InputTooSmallError(what, "", fits)
    on_stderr(f"grevy: {error}")
    sys.exit(error.exit_status)
