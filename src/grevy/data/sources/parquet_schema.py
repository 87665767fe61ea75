"""What the schema of a Parquet file says: the Hugging Face image layout."""

from __future__ import annotations

import json
from typing import Any

from grevy.data.names import nfc


def picture_columns(schema: Any) -> list[str]:
    """Columns of structs with `bytes` and `path`."""
    import pyarrow as pa

    return [
        field.name
        for field in schema
        if pa.types.is_struct(field.type)
        and {"bytes", "path"} <= {inner.name for inner in field.type.fields}
    ]


def features(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    """What the Hugging Face library wrote about the columns; empty where it did not."""
    found = json.loads((metadata or {}).get(b"huggingface", b"{}"))
    for key in ("info", "features"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def names_of(feature: Any) -> tuple[str, ...] | None:
    """The class names of a column, in NFC; None where there are none."""
    names = feature.get("names") if isinstance(feature, dict) else None
    return tuple(nfc(str(name)) for name in names) if isinstance(names, list) else None
