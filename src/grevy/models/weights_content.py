"""What lies in a file of weights, told by its content and not by its name; no pickle is run."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import torch

from grevy.data.memory import on_disk, require_claim
from grevy.errors import DataFormatError, GrevyError, UnsafePickleError

SUFFIXES = (".safetensors", ".pt", ".pth", ".pth.tar", ".bin", ".ckpt")
"""Usual names of such files. They decide nothing."""

Read = tuple[object, tuple[str, ...]]
"""What lay in a file, and notes."""

LARGEST_HEADER = 100_000_000
"""Bytes that a safetensors header may have."""

_FOREIGN_NAME = re.compile(r"GLOBAL ([\w.]+)|got <class '([\w.]+)'>|function <?([\w. ]+)")

_PLAIN_PICKLE = "a pickle that torch.save did not write"

_OTHER_KINDS = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "fetch it: git lfs pull"),
    (b"\x89HDF", "HDF5, as Keras writes it", "save it again from PyTorch"),
    (b"\x93NUMPY", "one NumPy array", "save a state dict from PyTorch"),
    (b"GGUF", "GGUF, which holds language models", "save a state dict from PyTorch"),
    (b"\x1f\x8b", "compressed by gzip", "unpack it first: gunzip"),
    (b"<", "a web page", "get the file again, by the address of the file itself"),
)


def read_content(path: Path) -> Read:
    """All that a file holds: tensors by name, or whatever stands around them.

    Raises:
        DataFormatError: an empty, damaged or truncated file, or one of another kind.
        UnsafePickleError: a pickle that asks for more than tensors and containers.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(512)
    except OSError as error:
        raise broken(path, "file that may be read", error) from error
    reader = _reader_of(beginning, path)
    content, told = reader(path)
    return content, _other_name(path, reader is _read_safetensors) + told


def _other_name(path: Path, is_safetensors: bool) -> tuple[str, ...]:
    """Where a file is called like another kind than it is."""
    if is_safetensors == (path.suffix.lower() == ".safetensors"):
        return ()
    kind = "safetensors" if is_safetensors else "a file of torch.save"
    return (f"{path.name} is {kind}, by its content",)


def broken(path: Path, kind: str, error: Exception | str) -> DataFormatError:
    """The error of a file that is not what it should be."""
    reason = error if isinstance(error, str) else _in_words(error)
    return DataFormatError(
        f"weights '{path}' can't be read ({reason})", f"a whole {kind}", "get the file again"
    )


def _in_words(error: Exception) -> str:
    reason = str(error).partition("\n")[0].partition(". ")[0]
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _reader_of(beginning: bytes, path: Path) -> Callable[[Path], Read]:
    if not beginning:
        raise broken(path, "file of weights", "it is empty, 0 bytes")
    for signature, what, mend in _OTHER_KINDS:
        if beginning.lstrip().startswith(signature):
            raise _other_kind(path, what, mend)
    header = int.from_bytes(beginning[:8], "little")
    if beginning[8:9] == b"{" and header < LARGEST_HEADER:
        return _read_safetensors
    if beginning.startswith(b"PK"):
        return _read_zipped
    if beginning.startswith(b"\x80\x02"):  # a pickle, as torch.save wrote it before 1.6
        return _read_pytorch
    if beginning.startswith(b"\x80"):
        raise _other_kind(path, _PLAIN_PICKLE, "save a state dict with torch.save")
    if beginning[257:262] == b"ustar":
        raise _other_kind(path, "a tar archive", "unpack it, and name the file inside")
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors
    raise _other_kind(path, "neither safetensors nor what torch.save writes", "get the file again")


def _other_kind(path: Path, what: str, mend: str) -> DataFormatError:
    kinds = ", ".join(SUFFIXES)
    return DataFormatError(
        f"weights '{path}' can't be read (it is {what})",
        f"a state dict by safetensors or torch.save ({kinds})",
        mend,
    )


def _read_safetensors(path: Path) -> Read:
    import safetensors.torch
    from safetensors import SafetensorError

    require_claim(f"weights '{path}'", path.stat().st_size, on_disk(path))
    try:
        return safetensors.torch.load_file(path), ()
    except SafetensorError as error:
        raise broken(path, "safetensors file", error) from error


def _read_zipped(path: Path) -> Read:
    """A PyTorch file since 1.6 is a zip archive; so are others."""
    names = _names_in(path)
    inside = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in inside:
        raise _other_kind(
            path,
            "a scripted or traced network, which is code",
            f"where you trust it: torch.save(torch.jit.load('{path.name}').state_dict(), 'new.pt')",
        )
    if names and "data.pkl" not in inside:
        few = ", ".join(names[:3])
        raise _other_kind(path, f"a zip archive of {few}", "save a state dict from PyTorch")
    return _read_pytorch(path)


def _names_in(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return []  # PyTorch says what is wrong with it


def _require_room(path: Path) -> None:
    """Refuse a zip archive that unpacks to more than it can hold in earnest."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        unpacked = path.stat().st_size
    require_claim(f"weights '{path}'", unpacked, on_disk(path))


def _read_pytorch(path: Path) -> Read:
    _require_room(path)
    try:
        # An open file: by its name PyTorch would take it for safetensors.
        with warnings.catch_warnings(record=True) as told, path.open("rb") as file:
            content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can end in an exception of any class
        _refuse(path, error)
    return content, tuple(f"PyTorch says: {warning.message}" for warning in told)


def _refuse(path: Path, error: Exception) -> NoReturn:
    if isinstance(error, GrevyError):
        raise error
    if "magic number" in str(error):
        raise _other_kind(path, _PLAIN_PICKLE, "save a state dict with torch.save") from error
    foreign = (
        _FOREIGN_NAME.search(str(error)) if isinstance(error, pickle.UnpicklingError) else None
    )
    if foreign is None:
        raise broken(path, "PyTorch file", error) from error
    raise _unsafe(path, next(filter(None, foreign.groups()))) from error


def _unsafe(path: Path, name: str) -> UnsafePickleError:
    inside = ".state_dict()" if name.rpartition(".")[2][:1].isupper() else ""
    inside = next((f"['{key}']" for key in _LIKELY if _names_key(path, key)), inside)
    return UnsafePickleError(
        f"weights '{path}' ask for {name}",
        "nothing but tensors and containers",
        "save model.state_dict() alone, best as safetensors; or, only where you trust the file,"
        f" convert it once: torch.save(torch.load('{path.name}', weights_only=False){inside},"
        " 'weights.pt')",
    )


_LIKELY = ("state_dict", "model_state_dict", "model")


def _names_key(path: Path, key: str) -> bool:
    """Whether the pickle has this text: as protocol 2, which torch.save uses, writes it."""
    written = b"X" + len(key).to_bytes(4, "little") + key.encode()
    return written in _beginning_of_pickle(path)


def _beginning_of_pickle(path: Path, limit: int = 1_000_000) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl")
            with archive.open(name) as file:
                return file.read(limit)
    except (zipfile.BadZipFile, OSError, StopIteration):
        with path.open("rb") as file:
            return file.read(limit)
