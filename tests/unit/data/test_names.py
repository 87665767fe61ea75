"""Names are one, whatever system wrote them."""

from __future__ import annotations

import io
import struct
import tarfile
import unicodedata
import zipfile
import zlib

import numpy as np
import pytest
from source_forms import cells, parquet, pixels

from grevy.data.load import load_data, open_source
from grevy.data.names import Spellings, nfc
from grevy.data.natural import natural_key
from grevy.data.sources import array_source, find_source
from grevy.errors import DataFormatError, UnsafeArchiveError
from grevy.recipes.schema import PicturesConfig
from grevy.recipes.split_choice import SplitChoice, parse_splits

COMPOSED, APART = nfc("épagneul"), unicodedata.normalize("NFD", "épagneul")


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def test_the_two_spellings_differ():
    assert COMPOSED != APART
    assert len(APART) == len(COMPOSED) + 1


def test_a_class_is_one_over_splits_that_spell_it_differently(tmp_path, own_cache):
    names = [f"train/{COMPOSED}/1.png", f"test/{APART}/{APART}.png"]
    root = fill(tmp_path / "d", "train/chat/1.png", "test/chat/1.png", *names)
    source = find_source(root)
    assert source.class_names == ("chat", COMPOSED)
    assert source.splits["test"].labels == ("chat", COMPOSED)
    assert source.splits["test"].ids[1] == f"test/{COMPOSED}/{COMPOSED}.png"
    assert [path.read_bytes() for path in source.splits["test"].pictures()] == [
        b"test/chat/1.png",
        f"test/{APART}/{APART}.png".encode(),
    ]


def test_two_folders_of_one_class_are_one_with_all_pictures_and_said(tmp_path, own_cache):
    root = fill(tmp_path / "d", "chat/1.png", f"{COMPOSED}/1.png", f"{APART}/2.png")
    source = find_source(root)
    assert source.class_names == ("chat", COMPOSED)
    assert sorted(source.splits["train"].labels) == ["chat", COMPOSED, COMPOSED]
    assert any("are one" in note and COMPOSED in note for note in source.notes)


def test_two_pictures_that_get_one_name_are_refused(tmp_path, own_cache):
    root = fill(tmp_path / "d", "chat/1.png", f"{COMPOSED}/1.png", f"{APART}/1.png")
    with pytest.raises(DataFormatError, match=rf"'{COMPOSED}/1\.png' twice"):
        find_source(root)


def test_names_in_ascii_stay_as_they_are_and_so_do_hashes(tmp_path, own_cache):
    source = find_source(fill(tmp_path / "d", "a/1.png", "b/1.png"))
    assert source.splits["train"].ids == ("a/1.png", "b/1.png")
    assert source.content_hash == "9104e01905ab31b25c47b8aae38bc1603db8cf9d37dd86e7f0173b9068087190"
    arrays = {"train": (np.arange(320).astype(np.uint8).reshape(20, 4, 4), ["a", "b"] * 10)}
    assert (
        load_data(arrays).fingerprint
        == "647c07a6e64912a07af38814b7828d2c33865fec394ff87c823c87ca78b3c323"
    )


@pytest.mark.parametrize(("listed", "lies"), [(COMPOSED, APART), (APART, COMPOSED)])
def test_a_table_finds_files_that_the_disk_spells_otherwise(tmp_path, own_cache, listed, lies):
    fill(tmp_path, f"{lies}/{lies}.png", "b.png")
    (tmp_path / "t.csv").write_text(f"path,label\n{listed}/{listed}.png,{listed}\nb.png,b\n")
    train = find_source(tmp_path / "t.csv").splits["train"]
    assert train.ids == (f"{COMPOSED}/{COMPOSED}.png", "b.png")
    assert train.labels == (COMPOSED, "b")
    assert train.pictures()[0].read_bytes() == f"{lies}/{lies}.png".encode()


def test_a_table_that_lists_a_picture_in_both_spellings_lists_it_twice(tmp_path, own_cache):
    fill(tmp_path, f"{APART}.png")
    rows = f"path,label\n{APART}.png,a\n{COMPOSED}.png,b\n"
    (tmp_path / "t.csv").write_text(rows)
    with pytest.raises(DataFormatError, match="in rows 2 and 3"):
        find_source(tmp_path / "t.csv")


def test_classes_of_parquet_npz_and_python_are_composed(tmp_path, own_cache):
    for split, name in (("train", COMPOSED), ("test", APART)):
        parquet(tmp_path / f"p/{split}.parquet", cells(b"1", b"2"), [0, 1], [name, "chat"])
    assert find_source(tmp_path / "p").class_names == (COMPOSED, "chat")
    np.savez(tmp_path / "a.npz", images=pixels(2, 4, 4), labels=[0, 1], classes=[APART, "chat"])
    assert find_source(tmp_path / "a.npz").splits["train"].labels == (COMPOSED, "chat")
    made = array_source("a", {"train": (pixels(2, 4, 4), [APART, "chat"])})
    assert made.splits["train"].labels == (COMPOSED, "chat")


def test_pictures_beside_a_parquet_file_are_found_in_both_spellings(tmp_path, own_cache):
    fill(tmp_path, f"{APART}.png")
    contents = [{"bytes": None, "path": f"{COMPOSED}.png"}, {"bytes": b"2", "path": None}]
    parquet(tmp_path / "p.parquet", contents, ["a", "b"])
    pictures = find_source(tmp_path / "p.parquet").splits["train"].pictures()
    assert pictures[0].read_bytes() == f"{APART}.png".encode()


@pytest.mark.parametrize("named", [COMPOSED, APART])
def test_chosen_splits_may_be_spelled_either_way(tmp_path, own_cache, named):
    root = fill(tmp_path / "d", *(f"{s}/{c}/1.png" for s in (APART, "rest") for c in "ab"))
    config = PicturesConfig(splits=f"train={named},test=rest")
    assert len(open_source(root, config).splits["train"].ids) == 2
    fill(tmp_path, *(f"{n}.png" for n in range(4)))
    lines = [f"0.png,a,{APART}", f"1.png,b,{COMPOSED}", "2.png,a,rest", "3.png,b,rest"]
    (tmp_path / "t.csv").write_text("\n".join([f"path,label,{APART}", *lines]))
    choice = SplitChoice(parse_splits(f"train={named},test=rest"), COMPOSED)
    assert find_source(tmp_path / "t.csv", choice).splits["train"].labels == ("a", "b")


def test_a_place_is_found_in_both_spellings(tmp_path, own_cache, monkeypatch):
    fill(tmp_path / APART, "a/1.png", "b/1.png")
    assert find_source(tmp_path / COMPOSED).name == COMPOSED
    monkeypatch.chdir(tmp_path)
    assert find_source(COMPOSED).name == COMPOSED
    assert Spellings(tmp_path).find("gone/é.png") == "gone/é.png"


def test_order_does_not_depend_on_the_spelling():
    names = ["ea", "éb", "ez", "é2", "é10"]
    apart = [unicodedata.normalize("NFD", name) for name in names]
    assert list(map(nfc, sorted(apart, key=natural_key))) == sorted(names, key=natural_key)


def zip_without_flag(path, names):
    """As macOS and old programs write it: the name's bytes, and nothing that says how to read."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(f"{number:0{len(name)}}", name)
    content = path.read_bytes()
    for number, name in enumerate(names):
        content = content.replace(f"{number:0{len(name)}}".encode(), name)
    path.write_bytes(content)
    return path


def test_names_of_a_mac_are_read_as_utf8_and_composed(tmp_path, own_cache):
    names = [f"{APART}/1.png".encode(), b"chat/1.png"]
    source = find_source(zip_without_flag(tmp_path / "a.zip", names))
    assert source.class_names == ("chat", COMPOSED)
    assert "does not say how its names are written; all of them are UTF-8" in source.notes[0]


def test_names_in_a_code_page_are_a_guess_and_said(tmp_path, own_cache):
    names = ["épagneul/1.png".encode("cp850"), "naïf/1.png".encode("cp850")]
    path = zip_without_flag(tmp_path / "a.zip", names)
    for _ in range(2):
        source = find_source(path)
        assert source.class_names == ("naïf", COMPOSED)
        assert "code page 437, which is a guess: 'épagneul/1.png'" in source.notes[0]
    russian = ["кот/1.png".encode("cp1251"), b"dog/1.png"]
    source = find_source(zip_without_flag(tmp_path / "b.zip", russian))
    assert "which is a guess" in source.notes[0]
    assert len(source.class_names) == 2


def test_a_zip_that_says_utf8_is_no_guess(tmp_path, own_cache):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(f"{APART}/1.png", b"1")
        archive.writestr("chat/1.png", b"2")
    source = find_source(tmp_path / "a.zip")
    assert source.class_names == ("chat", COMPOSED)
    assert source.notes == ()


def test_the_unicode_name_beside_one_in_a_code_page_is_taken(tmp_path, own_cache):
    raw = b"0123456789"
    body = struct.pack("<BL", 1, zlib.crc32(raw)) + "кот/1.png".encode()
    entry = zipfile.ZipInfo(raw.decode())
    entry.extra = struct.pack("<HH", 0x7075, len(body)) + body
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, b"1")
        archive.writestr("dog/1.png", b"2")
    assert find_source(tmp_path / "a.zip").class_names == ("dog", "кот")


def test_names_in_a_tar_are_composed(tmp_path, own_cache):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in (f"{APART}/1.png", "chat/1.png"):
            entry = tarfile.TarInfo(name)
            entry.size = 1
            archive.addfile(entry, io.BytesIO(b"1"))
    assert find_source(tmp_path / "a.tar").class_names == ("chat", COMPOSED)


@pytest.mark.parametrize("evil", ["../é.png", "/é.png", "a/../../é.png"])
def test_names_without_a_flag_lead_out_no_more_than_others(tmp_path, own_cache, evil):
    path = zip_without_flag(tmp_path / "a.zip", [evil.encode(), b"dog/1.png"])
    with pytest.raises(UnsafeArchiveError, match="leads out"):
        find_source(path)


def test_classes_that_look_alike_are_said(tmp_path, own_cache):
    source = find_source(fill(tmp_path / "d", "Cat/1.png", "cat/1.png", "dog/1.png"))
    assert source.class_names == ("Cat", "cat", "dog")
    assert "'Cat', 'cat'" in source.notes[0]


def test_a_class_listed_twice_is_refused(tmp_path, own_cache):
    np.savez(tmp_path / "a.npz", images=pixels(2, 4, 4), labels=[0, 1], classes=["a", "a"])
    with pytest.raises(DataFormatError, match="the class 'a' twice"):
        find_source(tmp_path / "a.npz")
