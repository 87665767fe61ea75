"""How much of a Parquet file is read at once: a dictionary makes gigabytes of a few bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grevy.data.memory import on_disk, require_claim, require_rows

_PICTURES_AT_ONCE = 16
"""Rows that Arrow unpacks before their bytes are counted."""


def require_column(path: Path, file: Any, column: str) -> None:
    """Refuse a column of plain values by what the file's footer claims.

    Raises:
        DataFormatError: more than its bytes on disk can hold.
        OutOfMemoryError: there is no memory for it.
    """
    chunks = [chunk for g in range(file.num_row_groups) for chunk in _chunks(file, g, column)]
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    require_claim(f"{path}, column {column},", unpacked, on_disk(path))
    require_rows(f"{path}, column {column},", file.metadata.num_rows, on_disk(path))


def picture_cells(path: Path, file: Any, group: int, column: str) -> list[dict[str, Any] | None]:
    """The cells of a column of pictures in one row group, counted while they are unpacked.

    Raises:
        DataFormatError: more than their bytes on disk can hold.
        OutOfMemoryError: there is no memory for them.
    """
    chunks = _chunks(file, group, column)
    what = f"{path}, row group {group} of {column},"
    stored = min(on_disk(path), sum(chunk.total_compressed_size for chunk in chunks))
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    require_claim(what, unpacked, stored)
    cells: list[dict[str, Any] | None] = []
    held = 0
    for batch in file.iter_batches(_PICTURES_AT_ONCE, row_groups=[group], columns=[column]):
        held += batch.nbytes
        require_claim(what, held, stored)
        cells += batch.column(0).to_pylist()
    return cells


def _chunks(file: Any, group: int, column: str) -> list[Any]:
    """What the footer says of a column, or of the columns inside it."""
    found = file.metadata.row_group(group)
    chunks = (found.column(place) for place in range(found.num_columns))
    return [chunk for chunk in chunks if chunk.path_in_schema.partition(".")[0] == column]
