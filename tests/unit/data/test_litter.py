"""What systems and tools leave is never data."""

from __future__ import annotations

import tarfile

import numpy as np
import pytest
from source_forms import cells, parquet

from grevy.data.archives import unpack
from grevy.data.litter import is_litter
from grevy.data.sources import find_source
from grevy.errors import DataFormatError


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir",
        "#recycle",
        "Thumbs.DB",
        ".svn",
        "__MACOSX",
        "$RECYCLE.BIN",
        "a.png~",
        "lost+found",
        "RECYCLER",
        "SCCS",
        "FOUND.000",
        "_gsdata_",
        "_thumb",
    ],
)
def test_litter_is_left_out_at_any_depth_and_counted(tmp_path, own_cache, name):
    places = (f"{name}/1.png", f"a/{name}/1.png", f"b/deep/{name}/x/1.png")
    root = fill(tmp_path / "d", "a/1.png", "b/deep/2.png", *places)
    source = find_source(root)
    assert source.splits["train"].ids == ("a/1.png", "b/deep/2.png")
    assert "3 files or folders of systems and tools" in source.notes[0]


@pytest.mark.parametrize("name", ["#", "~", "cat", "CVS", "c#", "@home", "recycle", "test~tube"])
def test_names_of_classes_are_no_litter(name):
    assert is_litter(name) == (name == "~")


def test_a_table_beside_class_folders_is_noted_and_one_named_as_split_is_refused(
    tmp_path, own_cache
):
    root = fill(tmp_path / "d", "a/1.png", "b/1.png")
    parquet(root / "scores.parquet", cells(b"1", b"2"), [0, 1])
    source = find_source(root)
    assert source.splits["train"].ids == ("a/1.png", "b/1.png")
    assert "'scores.parquet'" in source.notes[0]
    parquet(root / "train-0.parquet", cells(b"1", b"2"), [0, 1])
    with pytest.raises(DataFormatError, match=r"folders of pictures, and 'train-0\.parquet'"):
        find_source(root)


@pytest.mark.parametrize("kind", ["", "gz"])
def test_tars_behind_each_other_are_read_whole(tmp_path, own_cache, kind):
    joined = tmp_path / "all.tar"
    content = np.random.default_rng(0).bytes(30_000)
    with joined.open("wb") as out:
        for name in ("1.png", "2.png", "3.png"):
            (tmp_path / name).write_bytes(content)
            with tarfile.open(tmp_path / "one", f"w:{kind}") as file:
                file.add(tmp_path / name, f"cat/{name}")
            out.write((tmp_path / "one").read_bytes())
    found = sorted(path.name for path in (unpack(joined) / "cat").iterdir())
    assert found == ["1.png", "2.png", "3.png"]


def test_what_is_no_tar_behind_a_tar_is_refused(tmp_path, own_cache):
    fill(tmp_path, "1.png")
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        file.add(tmp_path / "1.png", "1.png")
    with (tmp_path / "a.tar").open("ab") as out:
        out.write(b"x" * 2000)
    with pytest.raises(DataFormatError, match="behind its end mark is no tar"):
        unpack(tmp_path / "a.tar")


def test_a_folder_of_cvs_is_litter_and_a_class_may_be_called_so(tmp_path, own_cache):
    root = fill(tmp_path / "d", "a/1.png", "CVS/1.png", "a/CVS/Entries", "a/CVS/Base/1.png")
    source = find_source(root)
    assert source.splits["train"].ids == ("a/1.png", "CVS/1.png")
    assert "'a/CVS'" in source.notes[0]
