"""Unpacking archives from strangers into the cache, once for each content.

    <cache folder>/archives/<SHA-256 of the archive>/
      content/     what is in it
      notes.json   what the user should be told about it
      meta.json    what all of these must be: see `grevy.data.sealed`

Neither `ZipFile.extractall` nor `TarFile.extractall` is used: both kinds pass through one writer
that makes plain files and folders only, and counts every byte while it writes it, because the
sizes in an archive's headers are claims.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from grevy.data.content_hash import file_hashes
from grevy.data.names import listed
from grevy.data.places import cache_folder
from grevy.data.sealed import folder_that_becomes, read_sealed, remove, seal
from grevy.data.space import saving
from grevy.data.zip_names import zip_names
from grevy.errors import CorruptRecordError, DataFormatError, EmptyDataError, UnsafeArchiveError
from grevy.figures.numerals import counted

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")

_CHUNK_BYTES = 1 << 20
_UNPACKING = 3
"""Counts up whenever an archive is unpacked in another way."""
_CONTENT, _NOTES = "content", "notes.json"
"""What lies in the folder of an archive in the cache."""
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,  # gzip and bz2, when their stream is damaged
    RuntimeError,  # zipfile, when it does not know the compression
    ValueError,
)


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to."""

    entries: int = 2_000_000
    """Files and folders."""
    ratio: int = 200
    """Unpacked bytes for each byte of the archive."""
    always: int = 1 << 30
    """Unpacked bytes that any archive may have, however small it is."""


def is_archive(path: Path) -> bool:
    """Whether the name ends like an archive that `unpack` reads."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def unpack(
    archive: Path,
    limits: Limits | None = None,
    *,
    say: Callable[[str], None] = lambda sentence: None,
) -> Path:
    """Folder in the cache with the archive's content; unpacked now if it is not there, whole.

    Archives inside the archive stay archives. Where a tar holds a name twice, the last one counts,
    as tar does it.

    Args:
        archive: of a kind in `ARCHIVE_SUFFIXES`.
        limits: how much it may unpack to.
        say: hears that what was unpacked before is damaged, and is unpacked anew.

    Raises:
        UnsafeArchiveError: absolute paths, `..`, links, devices, encryption, or too much in it.
        DataFormatError: it is damaged, cut off, no archive, or a zip with a name twice.
        SaveError: the disk did not take it.
    """
    limits = limits or Limits()
    digest = file_hashes(archive.parent, [archive.name])[archive.name]
    destination = cache_folder() / "archives" / f"{digest}-{_UNPACKING}"
    if destination.exists():
        try:
            read_sealed(destination)
        except CorruptRecordError as error:
            say(f"{error.received}: {archive} is unpacked anew")
            remove(destination)
    if not destination.exists():
        bytes_allowed = max(limits.always, limits.ratio * archive.stat().st_size)
        with folder_that_becomes(destination) as folder:
            writer = _Writer(archive, folder / _CONTENT, limits.entries, bytes_allowed)
            _unpack(writer)
            with saving(folder):
                (folder / _NOTES).write_text(json.dumps(writer.all_notes()), "utf-8")
                seal(folder, {"archive": archive.name})
    return destination / _CONTENT


def unpacking_notes(folder: Path) -> tuple[str, ...]:
    """What the user should be told about the archive that `unpack` made this folder of."""
    return tuple(json.loads((folder.parent / _NOTES).read_text("utf-8")))


def _unpack(writer: _Writer) -> None:
    _unpack_any(writer)
    if not writer.root.exists():
        raise EmptyDataError(
            f"{writer.archive} holds nothing: no file and no folder",
            "an archive with the pictures",
            "pack it again, or get the file again",
        )


def _unpack_any(writer: _Writer) -> None:
    with _reading(writer.archive):
        with writer.archive.open("rb") as file:
            start = file.read(2)
        if start == b"PK":
            _unpack_zip(writer)
        else:
            with _DECOMPRESSORS.get(start, io.FileIO)(writer.archive) as plain:
                _unpack_tar(_TarStream(plain), writer)


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise DataFormatError(
            f"{archive} is damaged, cut off or no archive ({error or type(error).__name__})",
            f"a whole archive ({', '.join(ARCHIVE_SUFFIXES)})",
            "get the file again",
        ) from error


def _unpack_zip(writer: _Writer) -> None:
    with zipfile.ZipFile(writer.archive) as file:
        _require_one_zip(writer.archive, file)
        names, notes = zip_names(file.infolist())
        writer.notes += notes
        for entry, told in zip(file.infolist(), names, strict=True):
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.flag_bits & 0x1:
                raise _unsafe(writer.archive, f"the encrypted file {told!r}")
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise _unsafe(writer.archive, f"the link or device {told!r}")
            name = told.replace("\\", "/")  # as some Windows programs write it
            if name.endswith("/"):
                writer.make_folder(name)
            else:
                with file.open(entry) as content:
                    writer.write(name, content)


def _require_one_zip(archive: Path, file: zipfile.ZipFile) -> None:
    """Refuse `cat a.zip b.zip`, of which only the last list of files is read.

    The file begins like a zip here, so what is before the first listed file is no program that
    unpacks itself.
    """
    first = min((entry.header_offset for entry in file.infolist()), default=file.start_dir)
    if first > 0:
        raise DataFormatError(
            f"{archive} begins with {first:,} bytes of files that its list does not name: two zips"
            " behind each other, or a list that lost them",
            "one zip with all of its files",
            "split or repair it (zip -FF FILE --out WHOLE.zip), or pack the pictures again",
        )


def _unpack_tar(stream: _TarStream, writer: _Writer) -> None:
    """All of it: `cat a.tar b.tar` has another archive behind the end mark of the first."""
    _unpack_one_tar(stream, writer)
    while writer.skip_zeros(stream):
        _require_header(stream)
        _unpack_one_tar(stream, writer)


def _require_header(stream: _TarStream) -> None:
    """For tarfile takes what is no header for the end, except where a file begins."""
    block = stream.read(tarfile.BLOCKSIZE)
    try:
        tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        raise ValueError("what lies behind its end mark is no tar") from None
    stream.put_back(block)


def _unpack_one_tar(stream: _TarStream, writer: _Writer) -> None:
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as file:
        for entry in file:
            if entry.isdir():
                writer.make_folder(entry.name)
            elif entry.isreg() and (content := file.extractfile(entry)):
                writer.write_anew(entry.name, content)
            else:
                raise _unsafe(writer.archive, f"the link or device {entry.name!r}")
    if stream.last != bytes(tarfile.BLOCKSIZE):  # tarfile ends in silence at a damaged header
        raise EOFError("no end mark")


class _TarStream(io.RawIOBase):
    """The bytes of a tar file, read forward: keeps the last block and refuses huge headers."""

    def __init__(self, plain: io.IOBase) -> None:
        self._plain = plain
        self._next = b""
        self.last = b""

    def read(self, count: int = -1) -> bytes:
        """Up to `count` bytes; tarfile asks for a whole header at once, however long it claims."""
        if not 0 <= count <= _CHUNK_BYTES:
            raise ValueError(f"a header of {count} bytes")
        held, self._next = self._next[:count], self._next[count:]
        self.last = held + self._plain.read(count - len(held)) if len(held) < count else held
        return self.last

    def put_back(self, content: bytes) -> None:
        """What was read last is read again next: a compressed file would begin anew to seek."""
        self._next = content + self._next

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move in the unpacked bytes."""
        if whence == io.SEEK_SET and 0 <= offset - self.tell() <= len(self._next):
            self._next = self._next[offset - self.tell() :]
            return offset
        if whence == io.SEEK_CUR:
            offset -= len(self._next)
        self._next = b""
        return self._plain.seek(offset, whence)

    def tell(self) -> int:
        """Position in the unpacked bytes."""
        return self._plain.tell() - len(self._next)


# By the first two bytes of the file.
_DECOMPRESSORS = {b"\x1f\x8b": gzip.GzipFile, b"BZ": bz2.BZ2File, b"\xfd7": lzma.LZMAFile}


@dataclass
class _Writer:
    """Writes what an archive holds under `root`, and stops when it is more than it may be."""

    archive: Path
    root: Path
    entries_left: int
    bytes_left: int
    notes: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    """Names of files that were written again."""

    def all_notes(self) -> list[str]:
        """What the user should be told."""
        if not self.twice:
            return self.notes
        names = sorted(set(self.twice))
        count = counted(len(names), "file is", "files are")
        said = f"{count} in the archive more than once, and the last counts, as in an update"
        return [*self.notes, f"{said}: {listed(names)}"]

    def make_folder(self, name: str) -> None:
        self._make(self._place(name))

    def write_anew(self, name: str, content: IO[bytes]) -> None:
        """In the place of what an earlier entry of this name wrote."""
        path = self._safe(name)
        if path.is_file():
            self.twice.append(PurePosixPath(name).as_posix())
            with saving(path):
                path.unlink()
        self.write(name, content)

    def write(self, name: str, content: IO[bytes]) -> None:
        """A file that is not there yet."""
        path = self._place(name)
        self._make(path.parent)
        if path.is_dir():
            raise ValueError(f"{name!r} is both a file and a folder")
        if path.exists():
            raise _twice(self.archive, name)
        with saving(path), path.open("xb") as file:
            for chunk in self._chunks(content):
                file.write(chunk)

    def skip_zeros(self, stream: _TarStream) -> bool:
        """Whether more than zeros lies behind an end mark; the stream then stands at it.

        Else all is read to the end, so that a checksum there is verified.
        """
        for chunk in self._chunks(stream):
            if rest := chunk.lstrip(b"\0"):
                zeros = (len(chunk) - len(rest)) // tarfile.BLOCKSIZE * tarfile.BLOCKSIZE
                stream.put_back(chunk[zeros:])
                self.bytes_left += len(chunk) - zeros
                return True
        return False

    def _place(self, name: str) -> Path:
        self.entries_left -= 1
        if self.entries_left < 0:
            raise _unsafe(self.archive, "more files than an archive may hold")
        return self._safe(name)

    def _safe(self, name: str) -> Path:
        path = PurePosixPath(name)
        if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts:
            raise _unsafe(self.archive, f"the path {name!r}, which leads out of the archive")
        return self.root / path

    def _make(self, folder: Path) -> None:
        if any(part.is_file() for part in (folder, *folder.parents)):
            raise ValueError(f"{folder.name!r} is both a file and a folder")
        with saving(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def _chunks(self, content: IO[bytes] | _TarStream) -> Iterator[bytes]:
        while chunk := self._read(content):
            self.bytes_left -= len(chunk)
            if self.bytes_left < 0:
                raise _unsafe(self.archive, "more bytes than one of its size may unpack to")
            yield chunk

    def _read(self, content: IO[bytes] | _TarStream) -> bytes:
        with _reading(self.archive):  # before the writer takes an error of reading for its own
            return content.read(_CHUNK_BYTES)


def _twice(archive: Path, name: str) -> DataFormatError:
    return DataFormatError(
        f"{archive} holds {name!r} twice, and programs differ in which of them they read",
        "each name once in a zip",
        "unpack it, remove what is not meant, and pack it again",
    )


def _unsafe(archive: Path, received: str) -> UnsafeArchiveError:
    return UnsafeArchiveError(
        f"{archive} holds {received}",
        "plain files and folders with relative paths",
        "unpack it yourself if you trust it, and give the folder",
    )
