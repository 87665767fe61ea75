"""Decoded pictures on disk: every source is decoded once for a size, channels and fit.

<cache folder>/decoded/<key>/
  train.npy, ...   uint8 [N, C, H, W] of each split, memory-mapped when read
  facts.json       columns of `PictureFacts`, by split
  meta.json        how they were prepared, and what the files must be: see `grevy.data.sealed`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from grevy.data.decode_split import decode_into, plan
from grevy.data.places import cache_folder
from grevy.data.sealed import damaged, folder_that_becomes, read_sealed, remove, seal
from grevy.data.space import require_space, saving
from grevy.data.types import PictureFacts, Source
from grevy.errors import CorruptRecordError
from grevy.recipes.schema import PicturesConfig

FORMAT_VERSION = 2
"""Counts up whenever decoding or the layout of an entry changes."""

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
            read_sealed(place)
            return _load(place, source, notes)
        except CorruptRecordError as error:
            notes = (f"{error.received}: decoded anew",)
            remove(place)
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
    preparation = pictures.model_dump(include={"size", "auto_side", "channels", "fit", "bits"})
    with folder_that_becomes(place) as folder:
        require_space(folder, total * (int(np.prod(shape)) + _FACT_BYTES))
        facts: dict[str, list[PictureFacts]] = {name: [] for name in source.splits}
        for name, split in source.splits.items():
            file = folder / f"{name}.npy"
            for part in decode_into(file, contents[name], split, shape, pictures):
                facts[name] += part
                on_progress(sum(map(len, facts.values())), total)
        with saving(place):
            columns = {name: _columns(found) for name, found in facts.items()}
            (folder / "facts.json").write_text(json.dumps(columns), encoding="utf-8")
            seal(folder, {"version": FORMAT_VERSION, "source": source.name, **preparation})


def _columns(facts: Sequence[PictureFacts]) -> dict[str, list[Any]]:
    return {name: [getattr(fact, name) for fact in facts] for name in (*_COLUMNS, "remarks")}


def _load(place: Path, source: Source, notes: tuple[str, ...]) -> Decoded:
    """The entry at `place`, which is whole.

    Raises:
        CorruptRecordError: it is one of something else.
    """
    try:
        columns = json.loads((place / "facts.json").read_bytes())
        images = {name: np.load(place / f"{name}.npy", mmap_mode="r") for name in source.splits}
    except (OSError, ValueError, EOFError) as error:
        raise damaged(place, " ".join(str(error).split())) from error
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
