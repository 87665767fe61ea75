"""A folder per class."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from grevy.data.load import load_data
from grevy.data.sources import find_source
from grevy.errors import (
    ClassMismatchError,
    DataFormatError,
    DataNotFoundError,
    EmptyDataError,
    MissingSplitError,
    OneClassError,
    UnreadablePictureError,
)


def make(root: Path, *names: str) -> Path:
    """Files that hold their own names: listing does not read them."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.fsencode(name))
    return root


def test_the_folder_is_the_class_and_numbers_sort_naturally(tmp_path, own_cache):
    root = make(tmp_path / "my pets!", "cat/10.png", "cat/2.JPG", "cat/1/deep.webp", "dog/a.ppm")
    source = find_source(root)
    train = source.splits["train"]
    assert source.name == "my-pets"
    assert set(source.splits) == {"train"}
    assert train.ids == ("cat/2.JPG", "cat/10.png", "cat/1/deep.webp", "dog/a.ppm")
    assert train.labels == ("cat", "cat", "cat", "dog")
    assert train.pictures() == [root / name for name in train.ids]
    assert source.class_names == ("cat", "dog")
    assert source.notes == ()


def test_classes_named_by_numbers_are_in_the_order_of_numbers(tmp_path, own_cache):
    root = make(tmp_path / "n", *(f"{n}/x.png" for n in range(11)))
    assert find_source(root).class_names == tuple(map(str, range(11)))


@pytest.mark.parametrize("word", ["validation", "val", "valid", "VAL"])
def test_folders_of_splits_are_understood(tmp_path, own_cache, word):
    names = [f"{split}/{label}/1.png" for split in ("Train", word, "test") for label in "ab"]
    source = find_source(make(tmp_path / "s", *names))
    assert set(source.splits) == {"train", "validation", "test"}
    assert source.splits["validation"].ids == (f"{word}/a/1.png", f"{word}/b/1.png")
    assert source.splits["test"].labels == ("a", "b")


def test_hidden_files_and_folders_are_neither_classes_nor_pictures(tmp_path, own_cache):
    hidden = [".git/1.png", "__MACOSX/cat/1.png", "cat/.1.png", "cat/Thumbs.db", "cat/desktop.ini"]
    hidden += [".DS_Store", "cat/._2.png", "cat/.cache/3.png"]
    source = find_source(make(tmp_path / "h", "cat/1.png", "dog/1.png", *hidden))
    assert source.splits["train"].ids == ("cat/1.png", "dog/1.png")
    (note,) = source.notes
    assert "8 files or folders of systems and tools" in note
    assert "'.git'" in note


def test_files_that_are_no_pictures_are_counted_and_named(tmp_path, own_cache):
    others = [f"cat/{n}.txt" for n in range(5)] + ["README", "loose.png"]
    source = find_source(make(tmp_path / "o", "cat/1.png", "dog/1.png", *others))
    (note,) = source.notes
    assert "'loose.png', 'README', 'cat/0.txt'" in note
    assert "7 files" in note
    assert len(source.splits["train"].ids) == 2


def test_linked_folders_are_followed_and_loops_end(tmp_path, own_cache):
    make(tmp_path, "store/cats/1.png", "data/dog/1.png")
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "store" / "cats")
    (tmp_path / "store" / "cats" / "loop").symlink_to(tmp_path / "data" / "cat")
    (tmp_path / "data" / "dog" / "up").symlink_to(tmp_path / "data" / "dog")
    source = find_source(tmp_path / "data")
    assert source.splits["train"].ids == ("cat/1.png", "dog/1.png")


def test_the_content_hash_changes_with_contents_and_names(tmp_path, own_cache):
    root = make(tmp_path / "c", "cat/1.png", "dog/1.png")
    first = find_source(root).content_hash
    assert find_source(root).content_hash == first
    (root / "cat" / "1.png").write_text("another picture")
    second = find_source(root).content_hash
    (root / "cat" / "1.png").rename(root / "cat" / "2.png")
    assert len({first, second, find_source(root).content_hash}) == 3


def test_a_class_missing_in_test_or_extra_there_is_named(tmp_path, own_cache):
    root = make(tmp_path / "m", "train/cat/1.png", "train/dog/1.png", "test/cat/1.png")
    with pytest.raises(ClassMismatchError, match=r"'test'.*'dog'"):
        find_source(root)
    make(root, "test/dog/1.png", "test/emu/1.png")
    with pytest.raises(ClassMismatchError, match=r"'test'.*extra class 'emu'"):
        find_source(root)


def test_an_empty_folder_of_a_class_is_named(tmp_path, own_cache):
    root = make(tmp_path / "e", "cat/1.png", "dog/1.png", "emu/notes.txt")
    with pytest.raises(ClassMismatchError, match="no picture of class 'emu'"):
        find_source(root)


def test_one_class_is_nothing_to_tell_apart(tmp_path, own_cache):
    with pytest.raises(OneClassError, match="'cat'"):
        find_source(make(tmp_path / "one", "cat/1.png"))


@pytest.mark.parametrize("names", [(), ("1.png", "2.png"), ("cat/notes.txt", "dog/notes.txt")])
def test_a_folder_without_folders_of_pictures_is_empty(tmp_path, own_cache, names):
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptyDataError, match=r"empty.*folder per class"):
        find_source(make(tmp_path / "empty", *names))


def test_an_empty_split_is_named(tmp_path, own_cache):
    root = make(tmp_path / "s", "train/cat/1.png", "train/dog/1.png", "test/readme.txt")
    with pytest.raises(EmptyDataError, match="'test'"):
        find_source(root)


def test_a_test_split_alone_cannot_be_trained_on(tmp_path, own_cache):
    with pytest.raises(MissingSplitError, match="train"):
        find_source(make(tmp_path / "t", "test/cat/1.png", "test/dog/1.png"))


def test_splits_beside_classes_are_ambiguous(tmp_path, own_cache):
    root = make(tmp_path / "x", "cat/1.png", "dog/1.png", "test/cat/1.png", "test/dog/1.png")
    with pytest.raises(DataFormatError, match="'cat', 'dog', 'test'"):
        find_source(root)


def test_a_split_under_two_names_is_ambiguous(tmp_path, own_cache):
    names = [f"{split}/{label}/1.png" for split in ("train", "val", "valid") for label in "ab"]
    with pytest.raises(DataFormatError, match="'val', 'valid'"):
        find_source(make(tmp_path / "x", *names))


def test_other_folders_beside_the_splits_are_left_alone(tmp_path, own_cache):
    root = make(tmp_path / "x", "train/a/1.png", "train/b/1.png", "scripts/run.py")
    assert find_source(root).splits["train"].labels == ("a", "b")


def test_a_name_that_is_no_text_is_refused(tmp_path, own_cache):
    root = make(tmp_path / "x", "a/1.png", "b/1.png", os.fsdecode(b"b/caf\xe9.png"))
    with pytest.raises(DataFormatError, match=r"caf\\udce9"):
        find_source(root)


def test_a_broken_link_is_a_picture_that_cannot_be_read(tmp_path, own_cache):
    root = make(tmp_path / "x", "a/1.png", "b/1.png")
    (root / "b" / "2.png").symlink_to(tmp_path / "gone.png")
    whole = find_source(root)
    assert whole.splits["train"].ids == ("a/1.png", "b/1.png", "b/2.png")
    with pytest.raises(UnreadablePictureError, match=r"b/2\.png"):
        load_data(root)


def test_a_link_to_a_class_that_is_gone_is_refused(tmp_path, own_cache):
    root = make(tmp_path / "x", "a/1.png", "b/1.png")
    (root / "c").symlink_to(tmp_path / "gone")
    with pytest.raises(DataNotFoundError, match="c is a link that leads nowhere"):
        find_source(root)


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz"])
def test_an_archive_of_the_folder_is_the_same_data(tmp_path, own_cache, suffix, wrapped):
    names = [f"{split}/{label}/1.png" for split in ("train", "test") for label in "ab"]
    root = make(tmp_path / "pets", *names)
    archive = tmp_path / f"pets{suffix}"
    pack(root, archive, "pets" if wrapped else "")
    packed, plain = find_source(archive), find_source(root)
    assert packed.name == plain.name == "pets"
    for split in ("train", "test"):
        assert packed.splits[split].ids == plain.splits[split].ids
        assert packed.splits[split].labels == plain.splits[split].labels
        contents = [path.read_text() for path in packed.splits[split].pictures()]
        assert contents == list(plain.splits[split].ids)


def pack(root: Path, archive: Path, inside: str) -> None:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in root.rglob("*"):
                file.write(path, Path(inside) / path.relative_to(root))
    else:
        kind = {".tar": "", ".gz": "gz", ".tgz": "gz", ".xz": "xz"}[archive.suffix]
        with tarfile.open(archive, f"w:{kind}") as file:
            file.add(root, inside or ".")
