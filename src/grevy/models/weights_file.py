"""Reading a file of weights: which of its tensors are those of a network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from grevy.errors import DataFormatError, DataNotFoundError
from grevy.models.checkpoint import Which, state_dict_in
from grevy.models.weights_content import SUFFIXES, broken, read_content
from grevy.models.weights_shards import is_index, read_shards, refuse_piece


@dataclass(frozen=True)
class Weights:
    """A state dict and where it is from.

    Attributes:
        path: the file.
        sha256: of the whole file, in hexadecimal; of weights in pieces, of the index and of theirs.
        tensors: by name, on the CPU, as they lie in the file.
        notes: what was done or told while reading, one sentence each.
        which: what is wanted of a file that holds plain and averaged weights.
        averaged: whether these are averaged ones for sure.
    """

    path: Path
    sha256: str
    tensors: Mapping[str, Tensor]
    notes: tuple[str, ...] = ()
    which: Which = "plain"
    averaged: bool = False


def read_weights(path: Path, which: Which = "plain") -> Weights:
    """Read a state dict from a file of safetensors or of `torch.save`, without running its pickle.

    The content decides what the file is, not its name. A checkpoint holds its state dict under
    one of the usual names, or under one that nobody else uses; that is noted, and so is what is
    not read. An index of pieces (`*.index.json`) has all pieces read.

    Args:
        path: the file.
        which: of a checkpoint that holds both: the plain weights, or their average over the steps
            (EMA, SWA, a teacher).

    Raises:
        DataNotFoundError: no such file.
        DataFormatError: another kind of file, a damaged or truncated one, or no state dict in it.
        UnsafePickleError: a pickle that asks for more than tensors and containers.
    """
    if path.is_dir():
        raise _folder(path)
    if not path.is_file():
        raise DataNotFoundError(f"no file '{path}'", "a file of weights", "check the path")
    refuse_piece(path)
    if is_index(path):
        tensors, notes, sha256 = read_shards(path)
        return Weights(path, sha256, tensors, notes, which)
    sha256 = _sha256(path)
    content, told = read_content(path)
    found = state_dict_in(content, path, which)
    return Weights(path, sha256, found.tensors, told + found.notes, which, found.averaged)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise broken(path, "file that may be read", error) from error


def _folder(path: Path) -> DataFormatError:
    names = sorted(p.name for p in path.iterdir() if p.name.endswith((*SUFFIXES, ".index.json")))
    return DataFormatError(
        f"weights '{path}', a folder",
        "a file of weights",
        f"name one of those in it: {', '.join(names[:3])}" if names else "name the file",
    )
