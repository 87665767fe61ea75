"""MNIST's idx files."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from source_forms import idx_files

from grevy.data.sources import find_source
from grevy.errors import DataFormatError, DataNotFoundError

TEN = tuple("0123456789")


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("inside", ["", "raw", "MNIST/raw"])
def test_the_four_files_are_read(tmp_path, own_cache, compress, inside):
    images = idx_files(tmp_path / "letters" / inside, compress=compress)
    source = find_source(tmp_path / "letters")
    assert source.name == "letters"
    for split in ("train", "test"):
        np.testing.assert_array_equal(source.splits[split].pictures(), images[split])
        assert source.splits[split].labels == TEN * 2


def test_names_with_a_point_are_understood(tmp_path, own_cache):
    folder = tmp_path / "k"
    idx_files(folder, compress=False)
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert set(find_source(folder).splits) == {"train", "test"}


def test_train_alone_is_enough_and_half_a_split_is_not(tmp_path, own_cache):
    folder = tmp_path / "k"
    idx_files(folder)
    (folder / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(DataNotFoundError, match="t10k-images-idx3-ubyte"):
        find_source(folder)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    assert set(find_source(folder).splits) == {"train"}


@pytest.mark.parametrize("kind", ["images-idx3", "labels-idx1"])
@pytest.mark.parametrize("compress", [True, False])
def test_damaged_files_are_named(tmp_path, own_cache, kind, compress):
    folder = tmp_path / "k"
    idx_files(folder, compress=compress)
    path = folder / f"train-{kind}-ubyte{'.gz' * compress}"
    whole = path.read_bytes()
    for damage in (b"", whole[:3], whole[:-9], b"\x00\x00\x0d\x03" + whole[4:], b"no" + whole):
        path.write_bytes(damage)
        with pytest.raises(DataFormatError, match=path.name):
            find_source(folder).splits["train"].pictures()


def test_more_bytes_than_announced_are_refused_without_reading_them_all(tmp_path, own_cache):
    folder = tmp_path / "k"
    idx_files(folder)
    header = struct.pack(">4I", 0x803, 20, 28, 28)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(header + bytes(50_000_000)))
    with pytest.raises(DataFormatError, match="more than the 15,680 bytes"):
        find_source(folder).splits["train"].pictures()


def test_counts_that_differ_are_refused(tmp_path, own_cache):
    folder = tmp_path / "k"
    idx_files(folder, compress=False)
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(struct.pack(">2I", 0x801, 2) + bytes(2))
    with pytest.raises(DataFormatError, match=r"20 pictures and .* 2 labels"):
        find_source(folder)
