"""Archives are unpacked whole, once, and nowhere else than in the cache."""

from __future__ import annotations

import io
import os
import resource
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from grevy.data.archives import Limits, is_archive, unpack, unpacking_notes
from grevy.errors import DataFormatError, SaveError, UnsafeArchiveError

FILES = {"pets/cat/1.png": b"one" * 700, "pets/dog/2.png": b"", "pets/read me.txt": b"x" * 512}


def make_zip(path: Path, files: dict[str, bytes] = FILES, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes] = FILES, kind: str = "") -> Path:
    with tarfile.open(path, f"w:{kind}") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def nothing_left(cache: Path) -> bool:
    return not (cache / "archives").exists() or not list((cache / "archives").iterdir())


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.xz", "tar.bz2"])
def test_tar_files_of_all_kinds_unpack_to_what_went_in(tmp_path, own_cache, suffix):
    kind = {"tar": "", "tgz": "gz"}.get(suffix, suffix.removeprefix("tar."))
    path = make_tar(tmp_path / f"pets.{suffix}", kind=kind)
    assert is_archive(path)
    assert files_in(unpack(path)) == FILES


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_zip_files_unpack_to_what_went_in(tmp_path, own_cache, kind):
    assert files_in(unpack(make_zip(tmp_path / "pets.ZIP", kind=kind))) == FILES


def test_folders_and_backslashes_of_windows_are_understood(tmp_path, own_cache):
    path = make_zip(tmp_path / "a.zip", {"pets/": b"", "pets\\cat\\1.png": b"1"})
    assert files_in(unpack(path)) == {"pets/cat/1.png": b"1"}


def test_the_same_content_is_unpacked_once_whatever_its_name(tmp_path, own_cache):
    first = unpack(make_tar(tmp_path / "a.tar"))
    before = first.stat()
    (tmp_path / "a.tar").rename(tmp_path / "b.tar")
    assert unpack(tmp_path / "b.tar") == first
    assert first.stat().st_ino == before.st_ino


def test_archives_inside_stay_archives(tmp_path, own_cache):
    inner = make_zip(tmp_path / "inner.zip").read_bytes()
    outer = make_tar(tmp_path / "outer.tar", {"inner.zip": inner})
    assert files_in(unpack(outer)) == {"inner.zip": inner}


@pytest.mark.parametrize("name", ["../out.png", "cat/../../out.png", "/tmp/out.png", "C:/out.png"])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_paths_that_lead_out_are_refused(tmp_path, own_cache, make, name):
    path = make(tmp_path / "a.archive", {"cat/1.png": b"1", name: b"out"})
    with pytest.raises(UnsafeArchiveError, match=r"out\.png"):
        unpack(path)
    assert nothing_left(own_cache)


def test_backslashes_do_not_lead_out_either(tmp_path, own_cache):
    with pytest.raises(UnsafeArchiveError):
        unpack(make_zip(tmp_path / "a.zip", {"..\\..\\out.png": b"out"}))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, own_cache, kind):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(link("cat", "/etc", kind))
    with pytest.raises(UnsafeArchiveError, match="'cat'"):
        unpack(tmp_path / "a.tar")
    assert nothing_left(own_cache)


def test_links_in_a_zip_are_refused(tmp_path, own_cache):
    entry = zipfile.ZipInfo("cat")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc")
    with pytest.raises(UnsafeArchiveError, match="'cat'"):
        unpack(tmp_path / "a.zip")


def test_an_encrypted_zip_is_refused(tmp_path, own_cache):
    content = bytearray(make_zip(tmp_path / "a.zip", {"cat.png": b"1"}).read_bytes())
    central = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnsafeArchiveError, match="encrypted"):
        unpack(tmp_path / "a.zip")


@pytest.mark.parametrize("make", [make_zip, lambda p, files: make_tar(p, files, "gz")])
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path, own_cache, make):
    path = make(tmp_path / "a.archive", {"bomb.png": bytes(20_000_000)})
    assert path.stat().st_size < 100_000
    with pytest.raises(UnsafeArchiveError, match="more bytes"):
        unpack(path, Limits(ratio=10, always=3_000_000))
    assert nothing_left(own_cache)


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path, own_cache):
    content = bytearray(make_zip(tmp_path / "a.zip", {"bomb.png": bytes(20_000_000)}).read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = (100).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises((UnsafeArchiveError, DataFormatError)):
        unpack(tmp_path / "a.zip", Limits(ratio=10, always=3_000_000))
    assert nothing_left(own_cache)


def test_too_many_files_are_refused(tmp_path, own_cache):
    path = make_tar(tmp_path / "a.tar", {f"{n}.png": b"" for n in range(11)})
    with pytest.raises(UnsafeArchiveError, match="more files"):
        unpack(path, Limits(entries=10))
    assert len(files_in(unpack(path, Limits(entries=11)))) == 11


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path, own_cache):
    entry = tarfile.TarInfo("path")
    entry.type, entry.size = tarfile.XHDTYPE, 8_000_000_000
    (tmp_path / "a.tar").write_bytes(entry.tobuf(tarfile.USTAR_FORMAT) + bytes(4096))
    with pytest.raises(DataFormatError, match="header"):
        unpack(tmp_path / "a.tar")


@pytest.mark.parametrize("kind", ["", "gz", "xz", "bz2"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_off_tar_is_damaged(tmp_path, own_cache, kind, part):
    whole = make_tar(tmp_path / "a.tar", {f"{n}.png": os.urandom(4096) for n in range(9)}, kind)
    content = whole.read_bytes()
    whole.write_bytes(content[: round(part * min(len(content), 10 * 4096))])
    with pytest.raises(DataFormatError, match="cut off"):
        unpack(whole)
    assert nothing_left(own_cache)


def test_a_tar_cut_off_between_two_files_is_damaged(tmp_path, own_cache):
    whole = make_tar(tmp_path / "a.tar", {"1.png": b"1" * 512, "2.png": b"2" * 512})
    whole.write_bytes(whole.read_bytes()[:1024])
    with pytest.raises(DataFormatError, match="cut off"):
        unpack(whole)


def test_a_tar_with_a_damaged_header_in_the_middle_is_damaged(tmp_path, own_cache):
    whole = make_tar(tmp_path / "a.tar", {"1.png": b"1" * 512, "2.png": b"2" * 512})
    content = bytearray(whole.read_bytes())
    content[1024 + 10] ^= 0xFF
    whole.write_bytes(content)
    with pytest.raises(DataFormatError):
        unpack(whole)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_a_flipped_byte_is_noticed(tmp_path, own_cache, suffix):
    make = make_zip if suffix == ".zip" else lambda p, f: make_tar(p, f, "gz")
    whole = make(tmp_path / f"a{suffix}", {"1.png": os.urandom(50_000)})
    content = bytearray(whole.read_bytes())
    content[20_000] ^= 0x10
    whole.write_bytes(content)
    with pytest.raises(DataFormatError):
        unpack(whole)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"hello" * 300, bytes(5)])
def test_what_is_no_archive_is_said_to_be_none(tmp_path, own_cache, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataFormatError, match=r"a\.zip"):
        unpack(tmp_path / "a.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["1.png", "./1.png"])
def test_a_file_that_is_there_twice_is_no_zip_to_trust(tmp_path, own_cache, second):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("1.png", b"old")
        archive.writestr(second, b"new")
    with pytest.raises(DataFormatError, match=r"1\.png' twice.*pack it again"):
        unpack(tmp_path / "a.zip")
    assert nothing_left(own_cache)


def test_the_last_of_a_name_counts_in_a_tar_and_is_said_each_time(tmp_path, own_cache):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, content in (("a/1.png", b"old"), ("a/2.png", b"two"), ("./a/1.png", b"new")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    for _ in range(2):
        folder = unpack(tmp_path / "a.tar")
        assert files_in(folder) == {"a/1.png": b"new", "a/2.png": b"two"}
        (note,) = unpacking_notes(folder)
        assert "1 file is in the archive more than once, and the last counts" in note
        assert "'a/1.png'" in note


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path, own_cache):
    with pytest.raises(DataFormatError, match="both a file and a folder"):
        unpack(make_tar(tmp_path / "a.tar", {"a/1.png": b"1", "a": b"2"}))


def test_a_disk_that_takes_no_more_is_an_error_of_saving(tmp_path, own_cache):
    path = make_tar(tmp_path / "a.tar", {"1.png": bytes(500_000)})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(SaveError, match=r"1\.png.*GREVY_CACHE"):
            unpack(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert nothing_left(own_cache)


def test_a_cache_that_is_no_folder_is_an_error_of_saving(tmp_path, own_cache):
    path = make_tar(tmp_path / "a.tar")
    own_cache.mkdir()
    (own_cache / "archives").touch()
    with pytest.raises(SaveError, match="GREVY_CACHE"):
        unpack(path)


def lose(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def flip(path):
    path.write_bytes(bytes([path.read_bytes()[0] ^ 4]))


def add(path):
    path.with_name("3.png").write_bytes(b"3")


def lose_the_folder(path):
    shutil.rmtree(path.parent)


def lose_the_sums(path):
    (path.parents[3] / "meta.json").unlink()


def empty_the_notes(path):
    (path.parents[3] / "notes.json").write_bytes(b"")


@pytest.mark.parametrize(
    "damage", [lose, empty, flip, add, lose_the_folder, lose_the_sums, empty_the_notes]
)
def test_a_damaged_copy_is_said_and_unpacked_anew(tmp_path, own_cache, damage):
    archive, said = make_tar(tmp_path / "a.tar"), []
    folder = unpack(archive, say=said.append)
    damage(next(path for path in folder.rglob("1.png")))
    assert files_in(unpack(archive, say=said.append)) == FILES
    (told,) = said
    assert told.startswith("damaged cache in ")
    assert told.endswith(f"{archive} is unpacked anew")
    assert unpacking_notes(folder) == ()
    assert list((own_cache / "archives").glob(".*")) == []
