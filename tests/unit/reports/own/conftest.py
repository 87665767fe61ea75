"""Two small runs on pictures that lie on the disk, with a class name that looks like markup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import grevy

HOSTILE = "do*wn* <b>{{ value x }}|`"


def write_stripes(folder: Path) -> None:
    random = np.random.default_rng(0)
    for split, count in (("train", 24), ("validation", 12), ("test", 12)):
        for index in range(count):
            name = ("across", HOSTILE)[index % 2]
            lines = np.where(np.arange(16) % 4 < 2, 60, 190)
            clean = np.tile(lines, (16, 1)) if index % 2 else np.tile(lines[:, None], 16)
            pixels = (clean + random.integers(-40, 40, clean.shape)).clip(0, 255)
            place = folder / split / name / f"{index}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(place)


@pytest.fixture(scope="session")
def own_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `stripes/`, `runs/one` and `runs/two`, which are two recipes."""
    folder = tmp_path_factory.mktemp("own")
    write_stripes(folder / "stripes")
    for name, lr in (("one", 0.05), ("two", 0.01)):
        recipe = {"epochs": 1, "batch_size": 8, "precision": "fp32", "optimizer": {"lr": lr}}
        grevy.train(folder / "stripes", recipe, out=folder / "runs" / name)
    return folder
