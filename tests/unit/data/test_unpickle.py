"""Pickles of the CIFAR publishers are read, and all others refused."""

from __future__ import annotations

import collections
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from source_forms import pixels, python2_batch

from grevy.data.unpickle import unpickle
from grevy.errors import DataFormatError, UnsafePickleError


def read(tmp_path: Path, content: bytes) -> dict[str, Any]:
    (tmp_path / "batch").write_bytes(content)
    return unpickle(tmp_path / "batch")


def test_a_batch_as_python_2_wrote_it_is_read(tmp_path):
    data = pixels(4, 3072)
    found = read(tmp_path, python2_batch(data, [3, 1, 4, 1]))
    assert set(found) == {"data", "labels"}
    np.testing.assert_array_equal(found["data"], data)
    assert found["labels"] == [3, 1, 4, 1]


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["u1", "<i8", ">i4", "f4", "?"])
def test_arrays_of_this_numpy_come_back_as_they_were(tmp_path, protocol, order, dtype):
    array = np.asarray(np.arange(6).reshape(2, 3).astype(dtype), order=order)
    found = read(tmp_path, pickle.dumps({b"data": array, "name": b"x"}, protocol))
    np.testing.assert_array_equal(found["data"], array)
    assert found["data"].dtype == array.dtype
    assert found["name"] == b"x"


class Hostile:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("call", "named"),
    [
        ((os.system, "touch HERE"), "system"),
        ((eval, "open('HERE', 'w')"), "eval"),
        ((getattr, "", "join"), "getattr"),
        ((np.fromfile, "/etc/hostname"), "fromfile"),
        ((collections.OrderedDict, ()), "OrderedDict"),
    ],
)
def test_a_pickle_that_calls_something_is_refused_by_its_name(
    tmp_path, monkeypatch, protocol, call, named
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsafePickleError, match=named):
        read(tmp_path, pickle.dumps({"data": Hostile(*call)}, protocol))
    assert not (tmp_path / "HERE").exists()


def test_an_array_of_objects_is_refused(tmp_path):
    array = np.array([[1], "two", None], dtype=object)
    with pytest.raises(UnsafePickleError, match=r"objects|'O"):
        read(tmp_path, pickle.dumps({"data": array}, 2))


def test_an_array_of_records_is_refused(tmp_path):
    array = np.zeros(2, dtype=[("a", "u1"), ("b", "f4")])
    with pytest.raises(UnsafePickleError):
        read(tmp_path, pickle.dumps({"data": array}, 2))


def test_an_array_of_a_foreign_class_is_refused(tmp_path):
    content = pickle.dumps({"data": np.zeros(3, np.uint8)}, 0).replace(
        b"cnumpy\nndarray", b"cnumpy\ndtype"
    )
    with pytest.raises(UnsafePickleError, match="foreign class"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "name",
    ["numpy\nndarray", "numpy\ndtype", "numpy.core.multiarray\n_reconstruct", "_codecs\nencode"],
)
def test_a_pickle_cannot_change_the_functions_that_read_it(tmp_path, name):
    content = b"\x80\x02c" + name.encode() + b"\n}(X\x01\x00\x00\x00aK\x01ub."
    with pytest.raises(UnsafePickleError, match="changes a function"):
        read(tmp_path, content)


def test_other_encodings_are_not_called(tmp_path):
    content = b"\x80\x02}X\x01\x00\x00\x00ac_codecs\nencode\n"
    content += b"X\x01\x00\x00\x00xX\x03\x00\x00\x00hex\x86Rs."
    with pytest.raises(UnsafePickleError, match="hex"):
        read(tmp_path, content)


@pytest.mark.parametrize("cut", [0, 1, 50, 3000, -1])
def test_a_cut_off_pickle_is_no_batch(tmp_path, cut):
    content = python2_batch(pixels(1, 3072), [0])
    with pytest.raises(DataFormatError, match="publisher"):
        read(tmp_path, content[:cut])


@pytest.mark.parametrize("value", [[1, 2], "text", {"data": {1: 2}}, {3: "x"}, {"data": (1,)}])
def test_a_pickle_of_something_else_is_no_batch(tmp_path, value):
    with pytest.raises(DataFormatError):
        read(tmp_path, pickle.dumps(value, 2))


def test_an_array_shorter_than_its_shape_is_no_batch(tmp_path):
    content = python2_batch(pixels(2, 3072), [0, 1])
    with pytest.raises(DataFormatError, match="hold together"):
        read(
            tmp_path, content.replace(b"J\x02\x00\x00\x00J\x00\x0c", b"J\x03\x00\x00\x00J\x00\x0c")
        )
