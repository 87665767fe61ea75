"""Pictures as files and sources made by hand, for the tests of this room."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from grevy.data.types import ArraySplit, EncodedSplit, Source

Encode = Callable[..., bytes]
MakeSource = Callable[..., Source]


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Pillow picture or pixels to the bytes of a file."""

    def encoded(picture: Image.Image | np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encoded


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """Random uint8 pixels of a shape."""

    def pixels(*shape: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)

    return pixels


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder for this test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("GREVY_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def make_source() -> MakeSource:
    """A source from `{split: [(id, label, file contents or path), ...]}`."""

    def make(splits: dict[str, list[tuple[str, str, bytes | Path]]], name: str = "made") -> Source:
        digest = hashlib.sha256()
        for rows in splits.values():
            for _, label, picture in rows:
                content = picture if isinstance(picture, bytes) else picture.read_bytes()
                digest.update(label.encode() + b"\0" + content)
        return Source(
            name,
            {
                split: EncodedSplit(
                    tuple(row[0] for row in rows),
                    tuple(row[1] for row in rows),
                    lambda rows=rows: [row[2] for row in rows],
                )
                for split, rows in splits.items()
            },
            digest.hexdigest(),
        )

    return make


@pytest.fixture(scope="session")
def make_array_source() -> MakeSource:
    """A source from `{split: (pixels, labels)}`."""

    def make(splits: dict[str, tuple[np.ndarray, list[str]]], name: str = "arrays") -> Source:
        digest = hashlib.sha256(b"".join(pixels.tobytes() for pixels, _ in splits.values()))
        return Source(
            name,
            {
                split: ArraySplit(
                    tuple(f"{split}/{row}" for row in range(len(labels))),
                    tuple(labels),
                    lambda pixels=pixels: pixels,
                )
                for split, (pixels, labels) in splits.items()
            },
            digest.hexdigest(),
        )

    return make
