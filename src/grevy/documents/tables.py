"""Tables by themselves: as a document, or as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from grevy.cleaning import as_cell
from grevy.documents.blocks import Document, Table, plain
from grevy.documents.suffixes import TABLES, listed
from grevy.documents.write import Say, write_document
from grevy.errors import UsageError
from grevy.printing import on_stderr
from grevy.records.atomic import write_bytes


def as_csv(table: Table) -> str:
    """`table` as comma-separated values (RFC 4180, lines end as on Unix), its heads first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(
        [as_cell(plain(cell).strip()) for cell in row] for row in (table.columns, *table.rows)
    )
    return text.getvalue()


def write_tables(document: Document, path: Path, main: int = 0, say: Say = on_stderr) -> Path:
    """Write a document of tables; as CSV only its main table.

    Args:
        document: what is written.
        path: its suffix is one of `documents.suffixes.TABLES`.
        main: which of its tables CSV holds, counted from 0.
        say: as in `write_document`.

    Returns:
        `path`.

    Raises:
        UsageError: another suffix.
        SaveError: the disk did not take it; the old file, if any, is untouched.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise UsageError(
            f"can't write a table as '{path.name}'",
            f"a name that ends in {listed(TABLES)}",
            "change its ending",
        )
    if suffix != ".csv":
        return write_document(document, path, say)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    write_bytes(path, as_csv(tables[main]).encode())
    return path
