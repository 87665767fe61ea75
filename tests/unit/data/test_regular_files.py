"""What is named like a picture and is no file is never opened, and listed as unreadable."""

from __future__ import annotations

import os
import socket

import pytest
from source_forms import cells, parquet

from grevy.data.audit import audit
from grevy.data.decode import decode, read_header
from grevy.data.load import load_data
from grevy.data.sources import find_source
from grevy.errors import DataNotFoundError, UnreadablePictureError
from grevy.recipes.schema import PicturesConfig

LEAVE_OUT = PicturesConfig(unreadable="leave-out")


@pytest.fixture
def strange(tmp_path):
    """Makes a pipe, socket, device link, folder or broken link at a place."""

    def make(kind, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as end:
                os.chdir(path.parent)  # a socket's path must be short
                end.bind(path.name)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(tmp_path / "gone")

    here = os.getcwd()
    yield make
    os.chdir(here)


@pytest.fixture
def pictures(tmp_path, encode, noise):
    """Four pictures in two classes."""
    root = tmp_path / "d"
    for number, name in enumerate(("a/1.png", "a/2.png", "b/1.png", "b/2.png")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(encode(noise(8, 8, seed=number)))
    return root


KINDS = {
    "pipe": "a pipe, not a file",
    "socket": "a socket, not a file",
    "device": "a device, not a file",
    "folder": "Is a directory",
    "broken link": "No such file or directory",
}


@pytest.mark.parametrize(("kind", "why"), KINDS.items())
def test_in_a_class_folder_it_is_listed_stops_a_training_or_is_left_out(
    pictures, own_cache, strange, kind, why
):
    strange(kind, pictures / "b/9.png")
    (unreadable,) = audit(pictures).unreadable
    assert (unreadable.id, unreadable.reason) == ("b/9.png", why)
    with pytest.raises(UnreadablePictureError, match=rf"b/9\.png.*{why}"):
        load_data(pictures)
    data = load_data(pictures, LEAVE_OUT)
    assert sum(map(len, data.splits.values())) == 4
    assert any("left out 1 of 5" in note and "b/9.png" in note for note in data.notes)


@pytest.mark.parametrize(("kind", "why"), KINDS.items())
def test_in_a_table_it_is_listed(pictures, own_cache, strange, kind, why):
    strange(kind, pictures / "b/9.png")
    rows = ["path,label", "a/1.png,a", "b/1.png,b", "b/9.png,b"]
    (pictures / "t.csv").write_text("\n".join(rows))
    (unreadable,) = audit(pictures / "t.csv").unreadable
    assert unreadable.reason == why


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_parquet_file_it_is_listed(pictures, own_cache, strange, kind):
    strange(kind, pictures / "9.png")
    first, second = ((pictures / name).read_bytes() for name in ("a/1.png", "b/1.png"))
    contents = [*cells(first, second), {"bytes": None, "path": "9.png"}]
    parquet(pictures / "p.parquet", contents, ["a", "b", "b"])
    (unreadable,) = audit(pictures / "p.parquet").unreadable
    assert unreadable.reason == KINDS[kind]


def test_a_pipe_named_like_a_table_is_not_opened(pictures, own_cache, strange):
    strange("pipe", pictures / "train.parquet")
    assert len(find_source(pictures).splits["train"].ids) == 4


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder"])
def test_it_is_not_opened_to_be_predicted(pictures, strange, kind):
    strange(kind, pictures / "b/9.png")
    assert read_header(pictures / "b/9.png") is None
    assert decode(pictures / "b/9.png")[1].error == KINDS[kind]


def test_a_folder_named_like_a_picture_with_pictures_in_it_is_a_folder(pictures, own_cache):
    (pictures / "b/2.png").rename(pictures / "b/x")
    (pictures / "b/2.png").mkdir()
    (pictures / "b/x").rename(pictures / "b/2.png/3.png")
    assert "b/2.png/3.png" in find_source(pictures).splits["train"].ids
    assert audit(pictures).unreadable == ()


def test_a_pipe_that_is_given_as_data_is_refused(tmp_path, strange):
    strange("pipe", tmp_path / "list.csv")
    with pytest.raises(DataNotFoundError, match="neither a file nor a folder"):
        find_source(tmp_path / "list.csv")
