"""What columns of text say in a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grevy.data.sources.parquet_room import require_column
from grevy.data.sources.table_splits import require_no_splits

_FEW = 100


def require_no_split_texts(path: Path, columns: Sequence[str]) -> None:
    """Refuse columns of text whose values are words of splits.

    Raises:
        DataFormatError: there is one among these.
        ArrowException, OSError: the file is damaged.
        DataError: what `require_column` raises.
    """
    require_no_splits(str(path), _few_texts(path, columns))


def _few_texts(path: Path, columns: Sequence[str]) -> dict[str, set[str]]:
    """The values of those columns that hold text and at most 100 values, as splits do."""
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    texts = [column for column in columns if _is_text(schema.field(column).type)]
    found: dict[str, set[str]] = {column: set() for column in texts}
    # As dictionaries, for a text that a file has once for a million rows is unpacked once.
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for column in found:
            require_column(path, file, column)
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=list(found))
            for column, values in found.items():
                values.update(filter(None, table[column].unique().to_pylist()))
            found = {column: values for column, values in found.items() if len(values) <= _FEW}
    return found


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
