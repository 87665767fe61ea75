"""Small things that several measurements need: data, recipes, runs, a picture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from compare.checkouts import Checkout

TAKE_FEW = """
import sys
import numpy as np
import grevy
where, path, *counts = sys.argv[1:]
data = grevy.load_data(where)
names = np.array(data.classes)
arrays = {"classes": names}
for split, count in zip(("train", "test"), map(int, counts)):
    labels = np.asarray(data.splits[split].labels_N)
    first = [np.flatnonzero(labels == k)[:count] for k in range(len(names))]
    chosen = np.sort(np.concatenate(first))
    images = np.asarray(data.splits[split].images_NCHW)[chosen].transpose(0, 2, 3, 1)
    arrays |= {f"x_{split}": np.ascontiguousarray(images), f"y_{split}": labels[chosen]}
np.savez(path, **arrays)
"""


def few_pictures(before: Checkout, where: str, out: Path, train: int, test: int) -> str:
    """An .npz of the first pictures of each class; the older checkout makes it, for both."""
    path = out.resolve() / f"few-{train}-{test}.npz"
    if not path.exists():
        partial = path.with_name(f"partial-{path.name}")
        words = ["-c", TAKE_FEW, where, str(partial), str(train), str(test)]
        before.python(words, before.home)
        partial.replace(path)
    return str(path)


def recipe_file(place: Path, name: str, **fields: object) -> str:
    """A recipe in YAML (JSON is YAML, too) with these fields, the rest at its default."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.yaml"
    path.write_text(json.dumps(fields))
    return str(path)


def digits_run(checkout: Checkout, model: str, precision: str) -> Path:
    """A finished run of that network on the digits, one epoch."""
    place = checkout.home / f"digits-{model}"
    run = place / "run"
    if not (place / "done").exists():
        shutil.rmtree(place, ignore_errors=True)
        recipe = recipe_file(
            place, "recipe", model={"name": model}, epochs=1, patience=0, precision=precision
        )
        checkout.grevy(["train", "digits", "--recipe", recipe, "--out", str(run)], place)
        (place / "done").touch()
    return run


def write_picture(path: Path) -> Path:
    """A gray picture of 32×32 pixels, the same everywhere."""
    from PIL import Image

    rows, columns = np.mgrid[:32, :32]
    Image.fromarray(((rows * columns) % 256).astype(np.uint8)).save(path)
    return path
