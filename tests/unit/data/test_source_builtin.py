"""Built-in names: found in the places where people have them, else fetched; and what is no name."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from source_forms import CIFAR10_NAMES, Server, cells, cifar10_batches, idx_files, parquet, serving

from grevy.data.sources import builtin, find_source
from grevy.errors import (
    ChecksumError,
    DataFormatError,
    DataNotFoundError,
    DownloadError,
    MissingPackageError,
)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Every folder where built-in image data is looked for, all empty."""
    work, user, shared = tmp_path / "work", tmp_path / "user", tmp_path / "shared"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_DATA_HOME", str(user))
    monkeypatch.setenv("GREVY_DATA", str(shared))
    return {
        "GREVY_DATA": shared,
        "./data": work / "data",
        ".": work,
        "user": user / "grevy",
        "cache": own_cache / "data",
    }


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server in place of every publisher; it has nothing yet."""
    with serving() as server:
        for name, published in builtin._PUBLISHED.items():
            near = replace(published, address=server.url())
            monkeypatch.setitem(builtin._PUBLISHED, name, near)
        yield server


def publish(server: Server, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer the files of a folder under their right checksums."""
    server.files = {path.name: path.read_bytes() for path in folder.iterdir()}
    sums = {f: f"md5:{hashlib.md5(content).hexdigest()}" for f, content in server.files.items()}
    monkeypatch.setitem(builtin._PUBLISHED, name, replace(builtin._PUBLISHED[name], files=sums))


def pack(folder: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, folder.name)


@pytest.mark.parametrize("place", ["GREVY_DATA", "./data", ".", "user", "cache"])
@pytest.mark.parametrize("form", ["batches", "batches in cifar10", "Parquet", "archive"])
def test_cifar10_is_found_in_every_place_and_form(tmp_path, places, place, form):
    folder = places[place]
    if form == "Parquet":
        contents = cells(*(bytes([n]) for n in range(10)))
        parquet(folder / "cifar10/train-0.parquet", contents, list(range(10)), CIFAR10_NAMES)
    elif form == "archive":
        cifar10_batches(tmp_path / "cifar-10-batches-py")
        pack(tmp_path / "cifar-10-batches-py", folder / "cifar-10-python.tar.gz")
    else:
        inner = "cifar10/" if form == "batches in cifar10" else ""
        cifar10_batches(folder / f"{inner}cifar-10-batches-py")
    source = find_source("cifar10")
    assert source.name == "cifar10"
    assert source.class_names == tuple(CIFAR10_NAMES)
    assert any(note.startswith("found at") for note in source.notes)


@pytest.mark.parametrize("place", ["GREVY_DATA", "./data", ".", "user", "cache"])
@pytest.mark.parametrize(
    ("name", "inside", "first"),
    [
        ("mnist", "mnist", "0"),
        ("mnist", "MNIST/raw", "0"),
        ("fashion-mnist", "fashion-mnist", "T-shirt/top"),
        ("fashion-mnist", "FashionMNIST/raw", "T-shirt/top"),
    ],
)
def test_mnist_is_found_in_every_place(places, place, name, inside, first):
    images = idx_files(places[place] / inside)
    source = find_source(name)
    assert source.name == name
    assert source.class_names is not None
    assert (source.class_names[0], len(source.class_names)) == (first, 10)
    np.testing.assert_array_equal(source.splits["test"].pictures(), images["test"])


def test_mnist_and_fashion_mnist_are_not_confused(places, publisher):
    idx_files(places["./data"] / "fashion-mnist")
    with pytest.raises(DownloadError):
        find_source("mnist")


def test_cifar10_is_fetched_once_and_then_found(tmp_path, places, publisher, monkeypatch):
    images = cifar10_batches(tmp_path / "cifar-10-batches-py")
    pack(tmp_path / "cifar-10-batches-py", tmp_path / "offered" / "cifar-10-python.tar.gz")
    publish(publisher, "cifar10", tmp_path / "offered", monkeypatch)
    for _ in range(2):
        source = find_source("cifar10")
        np.testing.assert_array_equal(source.splits["train"].pictures(), images["train"])
    assert len(publisher.asked) == 1
    assert (places["cache"] / "cifar-10-python.tar.gz").is_file()


def test_mnist_is_fetched_whole(tmp_path, places, publisher, monkeypatch):
    images = idx_files(tmp_path / "offered")
    publish(publisher, "mnist", tmp_path / "offered", monkeypatch)
    np.testing.assert_array_equal(find_source("mnist").splits["train"].pictures(), images["train"])
    assert len(publisher.asked) == 4
    find_source("mnist")
    assert len(publisher.asked) == 4


def test_another_file_than_the_published_one_is_not_taken(publisher):
    publisher.files["cifar-100-python.tar.gz"] = b"something else"
    with pytest.raises(ChecksumError, match="eb9058c3a382ffc7106e4002c42a8d85"):
        find_source("cifar100")


def test_offline_says_the_address_and_where_to_put_the_file(places, publisher):
    publisher.shutdown()
    publisher.server_close()
    with pytest.raises(DownloadError) as caught:
        find_source("cifar10")
    assert publisher.url("cifar-10-python.tar.gz") in str(caught.value)
    assert str(places["cache"] / "cifar-10-python.tar.gz") in str(caught.value)


def test_an_archive_of_something_else_under_the_name_is_refused(tmp_path, places):
    (tmp_path / "other").mkdir()
    pack(tmp_path / "other", places["."] / "cifar-10-python.tar.gz")
    with pytest.raises(DataFormatError, match="no batches of cifar10"):
        find_source("cifar10")


def test_every_checksum_is_an_md5_and_every_address_a_folder():
    for published in builtin._PUBLISHED.values():
        assert published.address.startswith("http")
        assert published.address.endswith("/")
        for checksum in published.files.values():
            algorithm, digest = checksum.split(":")
            assert (algorithm, len(bytes.fromhex(digest))) == ("md5", 16)


@pytest.mark.parametrize(
    ("typed", "meant"), [("cifar01", "cifar10"), ("MNIST", "mnist"), ("digit", "digits")]
)
def test_a_misspelt_name_gets_the_nearest_ones(typed, meant):
    with pytest.raises(DataNotFoundError, match=f"'{typed}'.*did you mean {meant}"):
        find_source(typed)


def test_a_place_that_is_not_there_is_said_without_a_guess():
    with pytest.raises(DataNotFoundError) as caught:
        find_source("no/such/folder")
    assert "no/such/folder" in str(caught.value)
    assert "did you mean" not in str(caught.value)


def test_a_path_is_never_a_built_in_name():
    with pytest.raises(DataNotFoundError):
        find_source(Path("digits"))


def test_a_file_of_another_kind_is_refused(places):
    (places["."] / "thesis.pdf").write_bytes(b"%PDF")
    with pytest.raises(DataFormatError, match=r"thesis\.pdf.*\.zip"):
        find_source("thesis.pdf")


@pytest.mark.parametrize("where", ["hf:", "hf:mnist", "hf:a/b/c", "hf:../x"])
def test_what_is_no_repository_is_said_without_asking_the_hub(where):
    pytest.importorskip("huggingface_hub")
    with pytest.raises(DataNotFoundError, match="owner/name"):
        find_source(where)


def test_the_hub_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'grevy\[hub\]'"):
        find_source("hf:owner/name")


def test_the_hub_offline_is_an_error_of_downloading(monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="hf:owner/name"):
        find_source("hf:owner/name")


def test_a_repository_that_was_fetched_before_is_read_offline(own_cache, monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    folder = own_cache / "hub" / "datasets--owner--zebras"
    commit = "0123456789abcdef0123456789abcdef01234567"
    parquet(folder / "snapshots" / commit / "data/train-0.parquet", cells(b"1", b"2"), [0, 1])
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    source = find_source("hf:owner/zebras")
    assert source.name == "zebras"
    assert list(source.splits["train"].pictures()) == [b"1", b"2"]
