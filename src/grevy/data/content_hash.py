"""SHA-256 over files, remembered by size, inode and times, so that a second start reads none.

What a disk loses without a write changes none of these: `GREVY_VERIFY=all` reads every file anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grevy.data.alone import alone_in
from grevy.data.places import cache_folder
from grevy.data.space import saving
from grevy.errors import DataNotFoundError, UsageError
from grevy.records.atomic import sweep_beside, write_bytes

# A file changed again within one tick of its file system's clock keeps its time stamp. Files
# younger than the coarsest tick in use are therefore hashed anew (as git does).
_COARSEST_TICK_NS = 2_000_000_000

_Stamp = tuple[int, int, int, int]
_Memory = dict[str, tuple[_Stamp, str]]


def content_hash(root: Path, names: Iterable[str]) -> str:
    """SHA-256 (hex) over the names and contents of files, independent of their order.

    Hashes are remembered in the cache folder by (size, inode, modification time, change time), one
    JSON file a root; several processes may do so at the same time, the last one's memory stays.
    Where the environment variable `GREVY_VERIFY` is `all`, every file is read.

    Args:
        root: the folder that the names are relative to.
        names: relative posix paths; absolute ones are taken as they are.

    Raises:
        DataNotFoundError: a file is gone or can't be read.
        SaveError: the cache folder can't be written.
        UsageError: another value of `GREVY_VERIFY`.
    """
    hashes = file_hashes(root, sorted(set(names)))
    total = hashlib.sha256()
    for name, digest in hashes.items():
        total.update(f"{len(name)}:{name}:{digest}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def file_hashes(root: Path, names: Sequence[str]) -> dict[str, str]:
    """SHA-256 (hex) of every file by its name; raises as `content_hash` does."""
    place = _memory_file(root)
    memory = {} if _reads_all() else _recall(place)
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda name: _entry(root, name, memory), names)
        entries = dict(zip(names, found, strict=True))
    lasting = {name: entry for name, (entry, keep) in entries.items() if keep}
    if any(memory.get(name) != entry for name, entry in lasting.items()):
        _remember(place, {**memory, **lasting})
    return {name: entry[1] for name, (entry, _) in entries.items()}


def _entry(root: Path, name: str, memory: _Memory) -> tuple[tuple[_Stamp, str], bool]:
    """The file's (stamp, SHA-256), and whether that may be remembered."""
    try:
        stamp = _stamp(root / name)
        known = memory.get(name)
        if known and known[0] == stamp:
            return known, True
        with (root / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        settled = time.time_ns() - stamp[2] > _COARSEST_TICK_NS
        return (stamp, digest), settled and _stamp(root / name) == stamp
    except OSError as error:
        raise DataNotFoundError(
            f"{root / name} can't be read ({error.strerror or error})",
            "a file that is there and may be read",
            "check that it exists and its permissions",
        ) from error


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _reads_all() -> bool:
    chosen = os.environ.get("GREVY_VERIFY", "")
    if chosen not in ("", "all"):
        raise UsageError(
            f"GREVY_VERIFY={chosen}", "all, or nothing", "set it to all, and every file is read"
        )
    return chosen == "all"


def _memory_file(root: Path) -> Path:
    key = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return cache_folder() / "hashes" / f"{key[:32]}.json"


def _recall(place: Path) -> _Memory:
    """What is remembered; nothing if the memory is absent or damaged, for it can be made anew."""
    try:
        digest, text = place.read_bytes().split(b"\n", 1)
        if hashlib.sha256(text).hexdigest() != digest.decode():
            return {}
        entries = json.loads(text)
        return {
            name: ((size, inode, mtime, ctime), sha)
            for name, (size, inode, mtime, ctime, sha) in entries.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(place: Path, memory: _Memory) -> None:
    text = json.dumps({name: [*stamp, sha] for name, (stamp, sha) in memory.items()}).encode()
    with saving(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(place.parent) as alone:
        if alone:
            sweep_beside(place)
        write_bytes(place, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
