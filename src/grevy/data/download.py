"""Downloading published files: resumed where it broke off, checked, renamed when whole.

What has arrived is checked again whenever it is asked for: against `.NAME.sum.json` beside it,
which holds its length and SHA-256, or else against what was published.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from grevy.cleaning import clean
from grevy.data.content_hash import file_hashes
from grevy.data.space import saving
from grevy.errors import ChecksumError, DownloadError
from grevy.printing import console, on_stderr
from grevy.records.atomic import sweep_beside, sync_folder, write_json
from grevy.records.consent import require_asked

_CHUNK_BYTES = 1 << 18
_RANGE_NOT_SATISFIABLE = 416


def download(
    url: str,
    destination: Path,
    *,
    checksum: str | None,
    show_progress: bool = True,
    timeout_seconds: float = 30.0,
) -> Path:
    """Fetch `url` to `destination`, unless it is there already, whole.

    The bytes go to `<destination>.part`, which a later call continues, and take their name only
    when the checksum holds. Processes that want the same file wait for the first one. A file that
    is there and is not what arrived, or not what was published, is said and fetched again.

    Args:
        url: http or https.
        destination: the file to be made; its folder is created.
        checksum: "md5:<hex>" or "sha256:<hex>", as published, or its first digits; None: nobody
            published one.
        show_progress: a bar on a terminal, a line every 10 % elsewhere, on standard error.
        timeout_seconds: longest silence of the server.

    Raises:
        DownloadError: the server can't be reached, refuses, or breaks off.
        ChecksumError: what arrived is not what was published; it is removed.
        SaveError: the disk did not take it.
        UnaskedError: only a record names it; see `grevy.records.consent`.
    """
    if not destination.exists():
        require_asked(url)
    transfer = _Transfer(url, destination, timeout_seconds)
    with saving(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(destination):
        if destination.exists() and _is_whole(destination, checksum):
            return destination
        if destination.exists():
            on_stderr(f"{destination} is damaged: it is downloaded again")
        transfer.fetch(show_progress)
        if checksum is not None:
            _verify(transfer.partial, url, checksum)
        _note_sum(destination, transfer.partial)  # before it has its name: a kill may come between
        with saving(destination):
            transfer.partial.replace(destination)
            sync_folder(destination.parent)
    return destination


def is_downloaded(path: Path) -> bool:
    """Whether `download` made the file, which then knows what it must be."""
    return _sum_file(path).exists()


def _is_whole(destination: Path, checksum: str | None) -> bool:
    """Whether it is as it arrived. Where nothing is known of it, nobody can tell, and it is."""
    known = _sum_file(destination)
    if known.exists() and _has_sum(destination, known):
        return True
    if checksum is None:
        return not known.exists()
    algorithm, published = checksum.split(":")
    if not _digest(destination, algorithm).startswith(published):
        return False
    _note_sum(destination, destination)  # somebody put it there
    return True


def _has_sum(destination: Path, known: Path) -> bool:
    try:
        expected = json.loads(known.read_bytes())["sha256"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return bool(expected == _sha256(destination))


def _note_sum(destination: Path, file: Path) -> None:
    about = {"bytes": file.stat().st_size, "sha256": _sha256(file)}
    sweep_beside(_sum_file(destination))  # under the lock of `_only_one`
    write_json(_sum_file(destination), about)


def _sum_file(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.sum.json")


def _sha256(path: Path) -> str:
    """Read once for as long as the file stays; see `file_hashes`."""
    return file_hashes(path.parent, [path.name])[path.name]


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@contextmanager
def _only_one(destination: Path) -> Iterator[None]:
    """Wait until no other process downloads the same file.

    The lock file stays: removing it would let two processes hold two locks of the same name.
    """
    with saving(destination):
        lock = destination.with_name(f".{destination.name}.lock").open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class _Transfer:
    url: str
    destination: Path
    timeout_seconds: float

    @property
    def partial(self) -> Path:
        return self.destination.with_name(self.destination.name + ".part")

    def fetch(self, show_progress: bool) -> None:
        """Bring the partial file to its full length."""
        with self._open() as response:
            done = self._first_byte(response)
            length = response.headers.get("Content-Length")
            total = done + int(length) if length else None
            with (
                _progress(self.destination.name, done, total, show_progress) as advance,
                saving(self.partial),
                self.partial.open("ab" if done else "wb") as file,
            ):
                for chunk in self._chunks(response):
                    file.write(chunk)
                    done += len(chunk)
                    advance(done)
                file.flush()
                os.fsync(file.fileno())
        if total is not None and done != total:
            raise self._failed(f"broke off after {done:,} of {total:,} bytes")

    def _open(self) -> http.client.HTTPResponse:
        """Ask for the bytes that the partial file lacks; for all of them if that can't be."""
        start = self._bytes_there()
        request = urllib.request.Request(self.url, headers={"User-Agent": "grevy"})  # noqa: S310
        if start:
            request.add_header("Range", f"bytes={start}-")
        with self._reaching():
            try:
                return cast(
                    "http.client.HTTPResponse",
                    urllib.request.urlopen(request, timeout=self.timeout_seconds),  # noqa: S310
                )
            except urllib.error.HTTPError as error:
                if not (start and error.code == _RANGE_NOT_SATISFIABLE):
                    raise
        self.partial.unlink()
        return self._open()

    def _bytes_there(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0

    def _first_byte(self, response: http.client.HTTPResponse) -> int:
        """Position in the file of the first byte that comes."""
        if response.status != http.client.PARTIAL_CONTENT:
            return 0  # the server does not resume
        start = self._bytes_there()
        sent = response.headers.get("Content-Range", "")
        if not sent.startswith(f"bytes {start}-"):
            raise self._failed(f"sent {sent!r} when asked to go on at byte {start}")
        return start

    def _chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        while True:
            with self._reaching():
                chunk = response.read(_CHUNK_BYTES)
            if not chunk:
                return
            yield chunk

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except urllib.error.HTTPError as error:
            raise self._failed(f"answered {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            raise self._failed(f"can't be reached ({error.reason})") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(f"broke off ({error or type(error).__name__})") from error

    def _failed(self, what: str) -> DownloadError:
        return DownloadError(
            f"{self.url} {what}",
            "a download from the publisher",
            "check the connection and run it again (what arrived is kept), or get the file "
            f"yourself and put it at {self.destination}",
        )


def _verify(partial: Path, url: str, checksum: str) -> None:
    algorithm, published = checksum.split(":")
    arrived = _digest(partial, algorithm)
    if not arrived.startswith(published):
        partial.unlink()
        raise ChecksumError(
            f"{url} brought a file with the {algorithm} {arrived}; it was removed",
            f"the published {published}",
            "run it again; if it stays so, the publisher's file has changed or something on the "
            "way changes it",
        )


@contextmanager
def _progress(
    name: str, done: int, total: int | None, show: bool
) -> Iterator[Callable[[int], None]]:
    """A function that is told how many bytes are there."""
    if not show:
        yield lambda _done: None
    elif sys.stderr.isatty():
        with _bar(name, done, total) as advance:
            yield advance
    else:
        yield _lines(name, done, total)


@contextmanager
def _bar(name: str, done: int, total: int | None) -> Iterator[Callable[[int], None]]:
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console(stderr=True)) as bar:
        task = bar.add_task(clean(name), completed=done, total=total)
        yield lambda now: bar.update(task, completed=now)


def _lines(name: str, done: int, total: int | None) -> Callable[[int], None]:
    """Prints a line for every tenth of the file; only the first line if its length is unknown."""
    on_stderr(f"downloading {name}")
    if total is None:
        return lambda _now: None
    last = 10 * done // total

    def advance(now: int) -> None:
        nonlocal last
        tenth = 10 * now // total
        if tenth > last:
            last = tenth
            on_stderr(f"downloading {name}: {10 * tenth} % of {total:,} bytes")

    return advance
