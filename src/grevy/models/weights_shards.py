"""Weights in several pieces, with an index that says which tensor is in which."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from torch import Tensor

from grevy.errors import DataFormatError, DataNotFoundError
from grevy.models.weights_content import broken, read_content

_PIECE = re.compile(r"-(\d{5})-of-(\d{5})\.")


def is_index(path: Path) -> bool:
    """Whether it is called as an index is: `model.safetensors.index.json`."""
    return path.suffix.lower() == ".json"


def refuse_piece(path: Path) -> None:
    """One piece of several is not the weights.

    Raises:
        DataFormatError: with the name of the index.
    """
    found = _PIECE.search(path.name)
    if found is None or int(found[2]) == 1:
        return
    index = path.with_name(f"{path.name[: found.start()]}{path.suffix}.index.json")
    raise DataFormatError(
        f"weights '{path}', which is piece {int(found[1])} of {int(found[2])}",
        "all pieces",
        f"name {index.name}, which {'lies beside it' if index.exists() else 'belongs to them'}",
    )


def read_shards(path: Path) -> tuple[dict[str, Tensor], tuple[str, ...], str]:
    """The tensors of all pieces, notes, and a SHA-256 over the index and all pieces.

    Raises:
        DataFormatError: no index, or a piece that is not what the index says.
        DataNotFoundError: a piece is not there.
    """
    places = _places(path)
    digest = hashlib.sha256(path.read_bytes())
    tensors: dict[str, Tensor] = {}
    pieces = sorted(set(places.values()))
    for name in pieces:
        piece = path.parent / name
        if Path(name).name != name or not piece.is_file():
            raise DataNotFoundError(
                f"no piece '{name}' beside '{path}'", f"{len(pieces)} pieces", "get all of them"
            )
        content, _ = read_content(piece)
        own: dict[str, Any] = content if isinstance(content, dict) else {}
        lacks = [n for n, where in places.items() if where == name and n not in own]
        if lacks:
            raise broken(piece, "piece", f"it lacks {lacks[0]}, which the index has there")
        tensors |= {n: own[n] for n, where in places.items() if where == name}
        with piece.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return tensors, (f"read from {len(pieces)} pieces",), digest.hexdigest()


def _places(path: Path) -> dict[str, str]:
    """By name of a tensor the piece that it is in."""
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise broken(path, "index in JSON", error) from error
    places = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(places, dict) or not all(isinstance(p, str) for p in places.values()):
        raise DataFormatError(
            f"weights '{path}', JSON without a weight_map",
            "weights, or the index of their pieces",
            "name the file of weights",
        )
    return places
