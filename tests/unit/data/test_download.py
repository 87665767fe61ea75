"""Downloads are whole and as published, or an error that says what to do."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from source_forms import Server, serving

from grevy.data.download import download
from grevy.errors import ChecksumError, DownloadError, SaveError

CONTENT = np.random.default_rng(0).bytes(1_000_000)
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.files["file.gz"] = CONTENT
        yield server


def fetch(server: Server, folder: Path, checksum: str = MD5, name: str = "file.gz") -> Path:
    return download(server.url(name), folder / "new" / "file.gz", checksum=checksum)


@pytest.mark.parametrize("checksum", [MD5, SHA256])
def test_a_file_arrives_whole_and_alone(server, tmp_path, checksum):
    path = fetch(server, tmp_path, checksum)
    assert path.read_bytes() == CONTENT
    assert {p.name for p in path.parent.iterdir()} == {
        "file.gz",
        ".file.gz.lock",
        ".file.gz.sum.json",
    }


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    assert fetch(server, tmp_path) == fetch(server, tmp_path)
    assert len(server.asked) == 1


def test_a_broken_off_download_goes_on_where_it_stopped(server, tmp_path):
    server.break_off_after = 400_000
    with pytest.raises(DownloadError, match=r"400,000 of 1,000,000 bytes.*put it at .*file\.gz"):
        fetch(server, tmp_path)
    assert not (tmp_path / "new" / "file.gz").exists()
    server.break_off_after = None
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=400000-"]


def test_a_server_that_does_not_resume_sends_it_all_again(server, tmp_path):
    server.break_off_after, server.resumes = 400_000, False
    with pytest.raises(DownloadError):
        fetch(server, tmp_path)
    server.break_off_after = None
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_already_too_long_is_begun_again(server, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file.gz.part").write_bytes(CONTENT + b"more")
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000004-", None]


def test_a_server_that_goes_on_at_another_place_is_not_believed(server, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file.gz.part").write_bytes(CONTENT[:10])
    server.content_range = "bytes 20-999999/1000000"
    with pytest.raises(DownloadError, match="byte 10"):
        fetch(server, tmp_path)


def test_another_content_than_published_is_removed(server, tmp_path):
    server.files["file.gz"] = CONTENT[:-1] + b"!"
    with pytest.raises(ChecksumError, match=MD5.removeprefix("md5:")):
        fetch(server, tmp_path)
    assert [p.name for p in (tmp_path / "new").iterdir()] == [".file.gz.lock"]


def test_a_missing_file_is_said_with_its_address(server, tmp_path):
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.*/gone answered 404"):
        fetch(server, tmp_path, name="gone")


def test_no_listener_is_one_line_with_address_and_place(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/file.gz"
    with pytest.raises(DownloadError) as caught:
        download(url, tmp_path / "file.gz", checksum=MD5)
    message = str(caught.value)
    assert url in message
    assert str(tmp_path / "file.gz") in message
    assert "\n" not in message


def test_a_silent_server_is_given_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file.gz"
        begun = time.monotonic()
        with pytest.raises(DownloadError, match="timed out"):
            download(url, tmp_path / "file.gz", checksum=MD5, timeout_seconds=0.3)
        assert time.monotonic() - begun < 5


def test_several_that_want_the_same_file_fetch_it_once(server, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(server, tmp_path), range(4)))
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert len(server.asked) == 1


def test_a_disk_that_does_not_take_it_is_an_error_of_saving(server, tmp_path):
    (tmp_path / "file.gz.part").symlink_to("/dev/full")
    with pytest.raises(SaveError, match=r"file\.gz\.part"):
        download(server.url("file.gz"), tmp_path / "file.gz", checksum=MD5)


def test_away_from_a_terminal_progress_is_a_line_every_tenth(server, tmp_path, capsys):
    fetch(server, tmp_path)
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert lines[-1].endswith("100 % of 1,000,000 bytes")
    assert 3 <= len(lines) <= 11


def test_progress_can_be_left_out(server, tmp_path, capsys):
    download(server.url("file.gz"), tmp_path / "f", checksum=MD5, show_progress=False)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_progress_is_a_bar(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    output = capsys.readouterr()
    assert "file.gz" in output.err
    assert output.out == ""


def test_a_file_that_was_damaged_since_is_said_and_fetched_again(server, tmp_path, capsys):
    path = fetch(server, tmp_path)
    path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert f"{path} is damaged: it is downloaded again" in capsys.readouterr().err
    assert len(server.asked) == 2
    fetch(server, tmp_path)
    assert len(server.asked) == 2


def test_a_damaged_file_of_which_nothing_was_published_is_fetched_again(server, tmp_path):
    path = download(server.url("file.gz"), tmp_path / "file.gz", checksum=None)
    path.write_bytes(b"")
    download(server.url("file.gz"), tmp_path / "file.gz", checksum=None)
    assert path.read_bytes() == CONTENT


def test_a_sum_that_was_lost_or_damaged_costs_no_download(server, tmp_path):
    path = fetch(server, tmp_path)
    known = path.with_name(".file.gz.sum.json")
    for content in (b"", b"{}", known.read_bytes().replace(b"sha256", b"sha257")):
        known.write_bytes(content)
        fetch(server, tmp_path)
    known.unlink()
    fetch(server, tmp_path)
    assert len(server.asked) == 1
    assert known.exists()
