"""Hashes change with every byte and name, and are not computed twice."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grevy.data.content_hash import content_hash, file_hashes
from grevy.errors import DataNotFoundError, SaveError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files that were written a minute ago."""
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    for name in NAMES:
        write(folder / name, name.encode())
    return folder


NAMES = ["a.png", "b.png", "sub/c.png"]


def write(path: Path, content: bytes, seconds_ago: float = 60) -> None:
    path.write_bytes(content)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


def test_file_hashes_are_those_of_sha256(folder, own_cache):
    found = file_hashes(folder, NAMES)
    assert found == {name: hashlib.sha256(name.encode()).hexdigest() for name in NAMES}


def test_the_content_hash_depends_on_names_and_bytes_and_not_on_order_or_place(
    folder, own_cache, tmp_path
):
    whole = content_hash(folder, NAMES)
    assert content_hash(folder, reversed(NAMES)) == whole
    assert content_hash(folder, NAMES[:2]) != whole
    folder.rename(tmp_path / "elsewhere")
    folder = tmp_path / "elsewhere"
    assert content_hash(folder, NAMES) == whole
    (folder / "a.png").rename(folder / "z.png")
    assert content_hash(folder, ["z.png", *NAMES[1:]]) != whole
    write(folder / "b.png", b"B.png")
    (folder / "z.png").rename(folder / "a.png")
    assert content_hash(folder, NAMES) != whole


def test_what_was_hashed_is_not_read_again(folder, own_cache, monkeypatch):
    first = content_hash(folder, NAMES)

    def no_reading(*_arguments: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(hashlib, "file_digest", no_reading)
    assert content_hash(folder, NAMES) == first
    assert content_hash(folder, NAMES[:1]) != first


def test_a_change_that_keeps_size_and_time_is_seen(folder, own_cache):
    first = content_hash(folder, NAMES)
    before = (folder / "a.png").stat()
    time.sleep(0.02)  # longer than a tick of the file system's clock
    (folder / "a.png").write_bytes(b"A.png")
    os.utime(folder / "a.png", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert content_hash(folder, NAMES) != first


def test_a_file_younger_than_a_tick_is_not_remembered(folder, own_cache, monkeypatch):
    write(folder / "a.png", b"young", seconds_ago=0)
    content_hash(folder, NAMES)
    read: list[str] = []
    digest = hashlib.file_digest

    def noted(file, *arguments):
        read.append(Path(file.name).name)
        return digest(file, *arguments)

    monkeypatch.setattr(hashlib, "file_digest", noted)
    content_hash(folder, NAMES)
    assert read == ["a.png"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1, 2]", b'{"a.png": [1, 2]}', b"\xff\x00"])
def test_a_damaged_memory_is_made_anew(folder, own_cache, damage):
    first = content_hash(folder, NAMES)
    (memory,) = (own_cache / "hashes").iterdir()
    memory.write_bytes(damage)
    assert content_hash(folder, NAMES) == first
    assert memory.read_bytes() != damage


def test_many_at_once_agree_and_leave_no_litter(folder, own_cache):
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: content_hash(folder, NAMES), range(40)))
    assert len(found) == 1
    (memory,) = (own_cache / "hashes").iterdir()
    assert memory.suffix == ".json"


def test_a_missing_file_is_named(folder, own_cache):
    with pytest.raises(DataNotFoundError, match=r"gone\.png"):
        content_hash(folder, [*NAMES, "gone.png"])


def test_names_that_are_no_text_are_hashed(folder, own_cache):
    name = os.fsdecode(b"caf\xe9.png")
    write(folder / name, b"1")
    assert content_hash(folder, [name]) == content_hash(folder, [name])


def test_a_cache_that_cannot_be_written_is_an_error_of_saving(folder, own_cache):
    own_cache.write_bytes(b"a file where a folder belongs")
    with pytest.raises(SaveError, match="GREVY_CACHE"):
        content_hash(folder, NAMES)


def test_all_is_read_where_the_environment_says_so(folder, own_cache, monkeypatch):
    first = file_hashes(folder, NAMES)
    (memory,) = (own_cache / "hashes").iterdir()
    _digest, entries = memory.read_bytes().split(b"\n")
    forged = entries.replace(first["a.png"].encode(), b"0" * 64)
    memory.write_bytes(hashlib.sha256(forged).hexdigest().encode() + b"\n" + forged)
    assert file_hashes(folder, NAMES)["a.png"] == "0" * 64  # what is remembered is believed
    monkeypatch.setenv("GREVY_VERIFY", "all")
    assert file_hashes(folder, NAMES) == first
    monkeypatch.setenv("GREVY_VERIFY", "yes")
    with pytest.raises(UsageError, match="GREVY_VERIFY=yes"):
        file_hashes(folder, NAMES)


def test_a_memory_of_which_a_digit_changed_is_not_believed(folder, own_cache):
    first = file_hashes(folder, NAMES)
    (memory,) = (own_cache / "hashes").iterdir()
    memory.write_bytes(memory.read_bytes().replace(first["a.png"].encode(), b"0" * 64))
    assert file_hashes(folder, NAMES) == first
