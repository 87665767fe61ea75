"""Reading a file of weights: safetensors, or a PyTorch file by explicit import."""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from grevy.errors import DataFormatError, DataNotFoundError, UnsafePickleError

WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Keys of a training checkpoint under which its state dict may lie."""

PREFIX = "module."
"""What DataParallel and DistributedDataParallel put before every name."""

_FOREIGN_NAME = re.compile(r"GLOBAL ([\w.]+)|got <class '([\w.]+)'>|function <?([\w. ]+)")


@dataclass(frozen=True)
class Weights:
    """A state dict and where it is from.

    Attributes:
        path: the file.
        sha256: of the whole file, in hexadecimal.
        tensors: by name, on the CPU, as they lie in the file.
        notes: what was done or told while reading, one sentence each.
    """

    path: Path
    sha256: str
    tensors: Mapping[str, Tensor]
    notes: tuple[str, ...] = ()


def read_weights(path: Path) -> Weights:
    """Read a state dict from `.safetensors`, or from `.pt` or `.pth` without running its pickle.

    A PyTorch file may hold the state dict itself or, as a checkpoint does, under one of
    `WRAPPERS`. A prefix `module.` that all names share is taken off. Both are noted.

    Raises:
        DataNotFoundError: no such file.
        DataFormatError: another kind of file, a damaged or truncated one, or no state dict in it.
        UnsafePickleError: a pickle that asks for more than tensors and containers.
    """
    if not path.is_file():
        raise DataNotFoundError(f"no file '{path}'", "a file of weights", "check the path")
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise DataFormatError(
            f"weights '{path}'",
            f"a file that ends with {', '.join(_READERS)}",
            "convert it to safetensors",
        )
    sha256 = _sha256(path)
    content, told = read(path)
    inner, unwrapped = _unwrapped(content)
    tensors, stripped = _without_prefix(_state_dict(inner, path))
    return Weights(path, sha256, tensors, told + unwrapped + stripped)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _broken(path, "file that may be read", error) from error


Read = tuple[object, tuple[str, ...]]
"""What lay in a file, and notes."""


def _read_safetensors(path: Path) -> Read:
    import safetensors.torch
    from safetensors import SafetensorError

    try:
        return safetensors.torch.load_file(path), ()
    except SafetensorError as error:
        raise _broken(path, "safetensors file", error) from error


def _read_pytorch(path: Path) -> Read:
    try:
        with warnings.catch_warnings(record=True) as told:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        foreign = _FOREIGN_NAME.search(str(error))
        if foreign is None:
            raise _broken(path, "PyTorch file", error) from error
        raise _unsafe(path, next(filter(None, foreign.groups()))) from error
    except Exception as error:  # a damaged file can end in an exception of any class
        raise _broken(path, "PyTorch file", error) from error
    return content, tuple(f"PyTorch says: {warning.message}" for warning in told)


_READERS: dict[str, Callable[[Path], Read]] = {
    ".safetensors": _read_safetensors,
    ".pt": _read_pytorch,
    ".pth": _read_pytorch,
}


def _unwrapped(content: object) -> Read:
    if isinstance(content, dict):
        for key in WRAPPERS:
            if isinstance(content.get(key), dict):
                return content[key], (f"read from '{key}' in the file",)
    return content, ()


def _state_dict(content: object, path: Path) -> dict[str, Tensor]:
    if not isinstance(content, dict):
        raise _no_state_dict(path, f"holds a {type(content).__name__}")
    if not content:
        raise _no_state_dict(path, "holds no tensor")
    for name, value in content.items():
        if not isinstance(value, Tensor):
            raise _no_state_dict(path, f"holds a {type(value).__name__} under '{name}'")
    return content


def _without_prefix(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    if not all(name.startswith(PREFIX) for name in tensors):
        return tensors, ()
    plain = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items()}
    return plain, (f"took the prefix '{PREFIX}' off every name",)


def _no_state_dict(path: Path, what: str) -> DataFormatError:
    return DataFormatError(
        f"weights '{path}': the file {what}",
        f"names and tensors, directly or under {', '.join(WRAPPERS)}",
        "save model.state_dict()",
    )


def _broken(path: Path, kind: str, error: Exception) -> DataFormatError:
    reason = str(error).partition(". ")[0] or type(error).__name__
    return DataFormatError(
        f"weights '{path}' can't be read ({type(error).__name__}: {reason})",
        f"a whole {kind}",
        "get the file again",
    )


def _unsafe(path: Path, name: str) -> UnsafePickleError:
    return UnsafePickleError(
        f"weights '{path}' ask for {name}",
        "nothing but tensors and containers",
        "save model.state_dict() alone, best as safetensors",
    )
