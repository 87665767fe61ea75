"""Reading the pickles of the CIFAR publishers without running what a pickle may ask for.

A pickle is a program: it calls whatever it names. The names that NumPy arrays need are answered
here with stand-ins written in plain Python, every other name is refused, and the arrays are made
afterwards with `numpy.frombuffer`. No function of the pickle's choice is ever called.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.memory import on_disk, require_claim
from grevy.data.pickle_scan import require_honest
from grevy.errors import DataFormatError, UnsafePickleError

_COPIES = 4
"""Of a file that are in memory at once while it is read."""

Plain = str | bytes | int | float | list[Any] | NDArray[Any]


def unpickle(path: Path) -> dict[str, Plain]:
    """Read a pickled dictionary of strings, numbers, lists and NumPy arrays (protocols 0 to 4).

    Byte strings of Python 2 become text by Latin-1.

    Raises:
        UnsafePickleError: the pickle asks for anything else.
        DataFormatError: it is no pickle, is cut off, or is no such dictionary.
    """
    content = _load(path)
    if not isinstance(content, dict):
        raise _not_a_batch(path, f"a pickled {type(content).__name__}")
    try:
        return {_text(key): _plain(value, _text(key)) for key, value in content.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise _not_a_batch(path, f"a pickle that does not hold together ({error})") from error


def _load(path: Path) -> object:
    require_claim(str(path), _COPIES * path.stat().st_size, on_disk(path))
    packed = path.read_bytes()
    try:
        require_honest(packed)
        return _PlainUnpickler(io.BytesIO(packed), encoding="latin1").load()
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{path}: {error.received}", error.expected, error.mend) from None
    except Exception as error:  # a damaged pickle can end in an exception of any class
        raise _not_a_batch(path, f"no whole pickle ({error or type(error).__name__})") from error


class _PlainUnpickler(pickle.Unpickler):
    """Answers the names that arrays need with stand-ins, and no other name."""

    def find_class(self, module: str, name: str) -> Any:
        stand_in = _STAND_INS.get((module, name))
        if stand_in is None:
            raise _unsafe(f"a pickle that asks for {module}.{name}")
        return stand_in


class _StandIn:
    """Can be called by the pickle, and not changed by it."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self._call = call

    def __call__(self, *arguments: object) -> object:
        return self._call(*arguments)

    def __setstate__(self, state: object) -> None:
        raise _unsafe("a pickle that changes a function")


class _PickledDtype:
    """A numpy.dtype as the pickle describes it."""

    __slots__ = ("byte_order", "code")

    def __init__(self, code: object) -> None:
        self.code = _text(code)
        self.byte_order = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, byte_order, subarray, names, fields = state[:5]
        if (subarray, names, fields) != (None, None, None):
            raise _unsafe("a pickle with an array of records")
        self.byte_order = _text(byte_order)

    def dtype(self) -> np.dtype[Any]:
        dtype = np.dtype(self.code)
        if dtype.kind not in "buif":
            raise _unsafe(f"a pickle with an array of dtype {self.code!r}")
        return dtype.newbyteorder(self.byte_order)  # type: ignore[arg-type]


class _PickledArray:
    """A numpy.ndarray as the pickle describes it."""

    __slots__ = ("data", "dtype", "fortran", "shape")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, self.shape, dtype, self.fortran, data = state
        if not isinstance(dtype, _PickledDtype) or not isinstance(data, str | bytes):
            raise _unsafe("a pickle with an array of objects")
        self.dtype = dtype.dtype()
        self.data = data.encode("latin1") if isinstance(data, str) else data

    def array(self) -> NDArray[Any]:
        flat = np.frombuffer(self.data, self.dtype)
        return flat.reshape(self.shape, order="F" if self.fortran else "C")


def _reconstruct(subtype: object, _shape: object, _code: object) -> _PickledArray:
    if subtype is not _NDARRAY:
        raise _unsafe("a pickle with an array of a foreign class")
    return _PickledArray()


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in {"latin1", "latin-1"}:
        raise _unsafe(f"a pickle that asks for the encoding {encoding!r}")
    return text.encode("latin1")


def _not_callable(*_arguments: object) -> object:
    raise _unsafe("a pickle that calls numpy.ndarray")


_NDARRAY = _StandIn(_not_callable)
_RECONSTRUCT = _StandIn(_reconstruct)
_STAND_INS = {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _StandIn(lambda code, *_flags: _PickledDtype(code)),
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("_codecs", "encode"): _StandIn(_encode),
}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin1")
    if isinstance(value, str):
        return value
    raise TypeError(f"{type(value).__name__} where text belongs")


def _plain(value: object, key: str) -> Plain:
    """The value itself, with arrays made of their descriptions."""
    if isinstance(value, _PickledArray):
        return value.array()
    if isinstance(value, list):
        return [_single(member, f"in the list {key!r}") for member in value]
    return _single(value, f"as {key!r}")


def _single(value: object, where: str) -> str | bytes | int | float:
    """Not a container: those that hold each other grow without end when they are shown."""
    if isinstance(value, str | bytes | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} {where}, where text or a number belongs")


def _unsafe(received: str) -> UnsafePickleError:
    return UnsafePickleError(
        received,
        "nothing but strings, numbers, lists and NumPy arrays",
        "do not open this file with anything else; get it again from the publisher",
    )


def _not_a_batch(path: Path, received: str) -> DataFormatError:
    return DataFormatError(
        f"{path}: {received}",
        "a pickled dictionary as the CIFAR publishers made it",
        "get the file again from the publisher",
    )
