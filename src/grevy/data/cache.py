"""Decoded pictures on disk: every source is decoded once for a size, channels and fit.

    <cache folder>/decoded/<key>/
      train.npy, ...   uint8 [N, C, H, W] of each split, memory-mapped when read
      facts.json       columns of `PictureFacts`, by split
      meta.json        bytes and SHA-256 of the other files, and of itself

An entry appears under its key only when it is whole and synced (temporary folder, then rename), so
that a killed or parallel process can leave nothing half. Deleting any of it is always safe.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from grevy.data.decode_split import decode_into, plan
from grevy.data.places import cache_folder
from grevy.data.space import require_space, saving
from grevy.data.types import PictureFacts, Source
from grevy.errors import CorruptRecordError
from grevy.recipes.schema import PicturesConfig
from grevy.records.atomic import sync_folder

FORMAT_VERSION = 2
"""Counts up whenever decoding or the layout of an entry changes."""

_ABANDONED_SECONDS = 24 * 3600
_FACT_BYTES = 200
_COLUMNS = ("height", "width", "format", "mode", "pixel_hash", "error", "brightest")

OnProgress = Callable[[int, int], None]
"""Called with (pictures done, pictures in all)."""


@dataclass(frozen=True)
class Decoded:
    """A source after decoding: row i of a split's images belongs to its i-th facts."""

    images_NCHW: Mapping[str, NDArray[np.uint8]]
    """By split; read-only memory maps. The row of an unreadable picture is zero, never used."""
    facts: Mapping[str, tuple[PictureFacts, ...]]
    notes: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = next(iter(self.images_NCHW.values())).shape[1:]
        return channels, height, width


def decode_source(
    source: Source, pictures: PicturesConfig, *, on_progress: OnProgress | None = None
) -> Decoded:
    """The source's pictures as the network sees them: from the cache, or decoded into it.

    Raises:
        SaveError: the cache folder lacks the space or can't be written.
    """
    place = cache_folder() / "decoded" / _key(source, pictures)
    notes: tuple[str, ...] = ()
    if place.exists():
        try:
            return _load(place, source, notes)
        except CorruptRecordError as error:
            notes = (f"{error.received}: decoded anew",)
            _remove(place)
    with saving(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place.parent)
    _build(place, source, pictures, on_progress or (lambda done, total: None))
    return _load(place, source, notes)


def _key(source: Source, pictures: PicturesConfig) -> str:
    """What decides an entry: contents, names and labels in their order, and the preparation."""
    digest = hashlib.sha256()
    preparation = [FORMAT_VERSION, PIL.__version__, pictures.size, pictures.channels, pictures.fit]
    if pictures.size == "auto" and pictures.auto_side != PicturesConfig().auto_side:
        preparation.append(pictures.auto_side)
    if pictures.bits != PicturesConfig().bits:
        preparation.append(["bits", pictures.bits])
    digest.update(json.dumps([source.content_hash, *preparation]).encode())
    for name, split in source.splits.items():
        digest.update(json.dumps([name, split.ids, split.labels]).encode())
    return digest.hexdigest()


def _build(place: Path, source: Source, pictures: PicturesConfig, on_progress: OnProgress) -> None:
    contents = {name: split.pictures() for name, split in source.splits.items()}
    shape = plan(contents.values(), pictures)
    total = sum(len(split.ids) for split in source.splits.values())
    require_space(place.parent, total * (int(np.prod(shape)) + _FACT_BYTES))
    with _temporary_folder(place) as folder:
        facts: dict[str, list[PictureFacts]] = {name: [] for name in source.splits}
        for name, split in source.splits.items():
            file = folder / f"{name}.npy"
            for part in decode_into(file, contents[name], split, shape, pictures):
                facts[name] += part
                on_progress(sum(map(len, facts.values())), total)
        with saving(place):
            columns = {name: _columns(found) for name, found in facts.items()}
            _write_json(folder / "facts.json", columns)
            _seal(folder, source, pictures)
            _publish(folder, place)


def _columns(facts: Sequence[PictureFacts]) -> dict[str, list[Any]]:
    return {name: [getattr(fact, name) for fact in facts] for name in (*_COLUMNS, "remarks")}


def _load(place: Path, source: Source, notes: tuple[str, ...]) -> Decoded:
    """The entry at `place`.

    Raises:
        CorruptRecordError: a file is absent, has another size or fails its checksum.
    """
    try:
        _verify(place)
        columns = json.loads((place / "facts.json").read_bytes())
        images = {name: np.load(place / f"{name}.npy", mmap_mode="r") for name in source.splits}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(place, " ".join(str(error).split())) from error
    facts = {
        name: tuple(
            map(
                PictureFacts,
                split.ids,
                split.labels,
                *map(columns[name].get, _COLUMNS),
                map(tuple, columns[name]["remarks"]),
            )
        )
        for name, split in source.splits.items()
    }
    return Decoded(images, facts, notes)


def _damaged(place: Path, why: str) -> CorruptRecordError:
    return CorruptRecordError(
        f"damaged cache of decoded pictures in {place} ({why})",
        "the files as they were written",
        f"delete {place}",
    )


def _seal(folder: Path, source: Source, pictures: PicturesConfig) -> None:
    """Sync every file and write down its size and checksum."""
    files = {path.name: _fingerprint(path, sync=True) for path in sorted(folder.iterdir())}
    preparation = pictures.model_dump(include={"size", "auto_side", "channels", "fit", "bits"})
    meta = {"version": FORMAT_VERSION, "source": source.name, **preparation, "files": files}
    _write_json(folder / "meta.json", {"sha256": _json_hash(meta), "meta": meta})
    _fingerprint(folder / "meta.json", sync=True)
    sync_folder(folder)


def _verify(folder: Path) -> None:
    sealed = json.loads((folder / "meta.json").read_bytes())
    if sealed["sha256"] != _json_hash(sealed["meta"]):
        raise _damaged(folder, "meta.json differs from its checksum")
    for name, expected in sealed["meta"]["files"].items():
        size = (folder / name).stat().st_size
        if size != expected["bytes"]:
            raise _damaged(folder, f"{name} has {size:,} of {expected['bytes']:,} bytes")
        if _fingerprint(folder / name) != expected:
            raise _damaged(folder, f"{name} differs from its checksum")


def _fingerprint(path: Path, *, sync: bool = False) -> dict[str, Any]:
    with path.open("rb") as file:
        if sync:
            os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _json_hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


@contextmanager
def _temporary_folder(place: Path) -> Iterator[Path]:
    """A folder beside `place`, gone afterwards unless it was published."""
    folder = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    with saving(folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(folder: Path, place: Path) -> None:
    """Give the finished folder its name; if another process was first, its entry stays."""
    try:
        folder.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    sync_folder(place.parent)


def _remove(place: Path) -> None:
    """Take an entry out of sight at once, then delete it."""
    with saving(place):
        rubbish = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        with suppress(FileNotFoundError):  # another process did it
            place.rename(rubbish)
            shutil.rmtree(rubbish)


def _remove_abandoned(folder: Path) -> None:
    """Delete what killed processes left."""
    for path in folder.glob(".*"):
        with suppress(FileNotFoundError):  # another process did it
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(path)
