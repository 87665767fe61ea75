"""CIFAR-10 and CIFAR-100 in the publisher's form."""

from __future__ import annotations

import os
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from source_forms import CIFAR10_NAMES, cifar10_batches, pixels, python2_batch

from grevy.data.sources import find_source
from grevy.errors import DataFormatError, DataNotFoundError, UnsafePickleError

CIFAR10 = "cifar-10-batches-py"


def pack(folder: Path, archive: Path) -> Path:
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, folder.name)
    return archive


@pytest.mark.parametrize("form", ["folder", "folder around it", "archive"])
def test_all_batches_are_read_in_order_in_every_form(tmp_path, own_cache, form):
    folder = tmp_path / "around" / CIFAR10
    images = cifar10_batches(folder)
    where = {"folder": folder, "folder around it": folder.parent}.get(form)
    source = find_source(where or pack(folder, tmp_path / "cifar-10-python.tar.gz"))
    assert source.class_names == tuple(CIFAR10_NAMES)
    assert source.splits["train"].labels == tuple(CIFAR10_NAMES) * 5
    assert source.splits["test"].labels == tuple(CIFAR10_NAMES)
    assert source.splits["train"].ids[-1] == "train/000049"
    for split, expected in images.items():
        np.testing.assert_array_equal(source.splits[split].pictures(), expected)


def test_the_first_row_is_red_then_green_then_blue_from_the_top_left(tmp_path, own_cache):
    folder = tmp_path / CIFAR10
    cifar10_batches(folder)
    rows = np.zeros((10, 3072), np.uint8)
    rows[0, 1] = 11  # red, top row, second column
    rows[0, 1024 + 32] = 22  # green, second row, first column
    rows[0, 3071] = 33  # blue, bottom right
    (folder / "test_batch").write_bytes(python2_batch(rows, list(range(10))))
    image_HWC = find_source(folder).splits["test"].pictures()[0]
    assert np.argwhere(image_HWC).tolist() == [[0, 1, 0], [1, 0, 1], [31, 31, 2]]
    assert image_HWC[image_HWC > 0].tolist() == [11, 22, 33]


def test_cifar_100_has_its_fine_labels(tmp_path, own_cache):
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    names = [f"fine {n}" for n in range(100)]
    meta = {b"fine_label_names": [n.encode() for n in names], b"coarse_label_names": [b"x"] * 20}
    (folder / "meta").write_bytes(pickle.dumps(meta, 2))
    data = pixels(100, 3072)
    for split in ("train", "test"):
        batch = {b"data": data, b"coarse_labels": [0] * 100, b"fine_labels": list(range(100))}
        (folder / split).write_bytes(pickle.dumps(batch, 2))
    source = find_source(folder)
    assert source.class_names == tuple(names)
    assert source.splits["test"].labels == tuple(names)
    assert source.splits["train"].pictures().shape == (100, 32, 32, 3)


def test_a_missing_batch_is_named(tmp_path, own_cache):
    cifar10_batches(tmp_path / CIFAR10)
    (tmp_path / CIFAR10 / "data_batch_4").unlink()
    with pytest.raises(DataNotFoundError, match="data_batch_4"):
        find_source(tmp_path)


def test_a_hostile_batch_does_nothing(tmp_path, own_cache):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/HERE",)

    folder = tmp_path / CIFAR10
    cifar10_batches(folder)
    (folder / "data_batch_2").write_bytes(pickle.dumps({"data": Hostile()}, 2))
    shutil.rmtree(own_cache, ignore_errors=True)
    with pytest.raises(UnsafePickleError, match=r"data_batch_2.*system"):
        find_source(pack(folder, tmp_path / "a.tar.gz"))
    assert not (tmp_path / "HERE").exists()


@pytest.mark.parametrize(
    ("data", "labels", "said"),
    [
        (pixels(3, 3072), [0, 1], "one label for each picture"),
        (pixels(3, 1024), [0, 1, 2], "1024 values"),
        (pixels(3, 3072), [0, 1, 10], "names for 0 to 9"),
        (pixels(2, 3072).astype(float), [0, 1], "uint8"),
        (None, [0, 1], "uint8"),
        (pixels(2, 3072), np.array([0, 1]), "list"),
        (pixels(2, 3072), [0, [1]], "label"),
    ],
)
def test_a_batch_that_does_not_hold_together_is_named(tmp_path, own_cache, data, labels, said):
    cifar10_batches(tmp_path / CIFAR10)
    batch = {"data": data, "labels": labels} if data is not None else {"labels": labels}
    (tmp_path / CIFAR10 / "data_batch_3").write_bytes(pickle.dumps(batch, 2))
    with pytest.raises(DataFormatError, match=rf"data_batch_3.*{said}"):
        find_source(tmp_path / CIFAR10)


def test_the_content_hash_changes_with_a_batch(tmp_path, own_cache):
    folder = tmp_path / CIFAR10
    cifar10_batches(folder)
    first = find_source(folder).content_hash
    (folder / "test_batch").write_bytes(python2_batch(pixels(10, 3072), list(range(10))))
    assert find_source(folder).content_hash != first
