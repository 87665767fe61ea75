"""Image data with a name: where the publishers keep it, and where it is looked for first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from grevy.data.archives import unpack
from grevy.data.download import download, is_downloaded
from grevy.data.places import data_folders, download_folder
from grevy.data.sources.cifar import find_cifar, read_cifar
from grevy.data.sources.digits import read_digits
from grevy.data.sources.idx import find_idx_file, read_idx
from grevy.data.sources.parquet import find_parquet, read_parquet_folder
from grevy.data.types import Source
from grevy.errors import DataFormatError


@dataclass(frozen=True)
class _Published:
    """What a publisher offers."""

    address: str
    files: dict[str, str]
    """Checksum of each file."""
    folders: tuple[str, ...]
    """Where people have it, below a folder of image data."""
    class_names: tuple[str, ...] = ()


_PUBLISHED = {
    "cifar10": _Published(
        "https://www.cs.toronto.edu/~kriz/",
        {"cifar-10-python.tar.gz": "md5:c58f30108f718f92721af3b95e74349a"},
        ("cifar-10-batches-py", "cifar10"),
    ),
    "cifar100": _Published(
        "https://www.cs.toronto.edu/~kriz/",
        {"cifar-100-python.tar.gz": "md5:eb9058c3a382ffc7106e4002c42a8d85"},
        ("cifar-100-python", "cifar100"),
    ),
    "mnist": _Published(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
        },
        ("mnist", "MNIST/raw", "mnist/MNIST/raw"),
        tuple("0123456789"),
    ),
    "fashion-mnist": _Published(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
        },
        ("fashion-mnist", "FashionMNIST/raw", "fashion-mnist/FashionMNIST/raw"),
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
}


def read_built_in(name: str) -> Source:
    """Image data by a name in `BUILT_IN`, from where it is found first, else from its publisher.

    Raises:
        DownloadError, ChecksumError, SaveError: it was found nowhere, and can't be fetched.
        DataError: what was found is damaged.
    """
    return BUILT_IN[name](name)


def _read_cifar(name: str) -> Source:
    published = _PUBLISHED[name]
    (file,) = published.files
    for place in data_folders():
        for folder in (place / inner for inner in published.folders):
            if found := find_cifar(folder):
                return _with_place(read_cifar(found, name), found)
            if found := find_parquet(folder):
                return _with_place(read_parquet_folder(found, name), found)
        if (place / file).is_file() and not is_downloaded(place / file):
            return _read_cifar_archive(place / file, name)
    return _read_cifar_archive(_fetch(published, file, download_folder()), name)


def _read_cifar_archive(archive: Path, name: str) -> Source:
    said: list[str] = []
    folder = find_cifar(unpack(archive, say=said.append))
    if folder is None:
        raise DataFormatError(
            f"{archive} has no batches of {name}",
            "the publisher's archive",
            "remove it, so that it is downloaded again",
        )
    source = _with_place(read_cifar(folder, name), archive)
    return replace(source, notes=(*said, *source.notes))


def _read_mnist(name: str) -> Source:
    published = _PUBLISHED[name]
    folders = [place / inner for place in data_folders() for inner in published.folders]
    folder = next(filter(_has_idx_files, folders), None)
    own = download_folder() / name
    if folder in (None, own):
        for file in published.files:
            if folder is None or is_downloaded(own / file):
                _fetch(published, file, own)
        folder = own
    return _with_place(read_idx(folder, name, published.class_names), folder)


def _has_idx_files(folder: Path) -> bool:
    kinds = [(split, kind) for split in ("train", "test") for kind in ("images", "labels")]
    return all(find_idx_file(folder, split, kind) for split, kind in kinds)


def _fetch(published: _Published, file: str, folder: Path) -> Path:
    return download(published.address + file, folder / file, checksum=published.files[file])


def _with_place(source: Source, place: Path) -> Source:
    return replace(source, notes=(*source.notes, f"found at {place}"))


def _read_digits(_name: str) -> Source:
    return read_digits()


BUILT_IN: dict[str, Callable[[str], Source]] = {
    "digits": _read_digits,
    "cifar10": _read_cifar,
    "cifar100": _read_cifar,
    "mnist": _read_mnist,
    "fashion-mnist": _read_mnist,
}
