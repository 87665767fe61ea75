"""How many of Grevy's files one training step and one `look --method gradcam` enter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from compare.checkouts import Checkout
from compare.small import digits_run, recipe_file, write_picture

CHILD = Path(__file__).with_name("walk_child.py")
STEP = 5
"""The step that is watched: the ones before it have warmed up what is made once."""

Row = tuple[str, str, str, int]


def walks(before: Checkout, after: Checkout, precision: str) -> Iterator[Row]:
    """Case, what, result and n, for both."""
    found = {}
    for checkout in (before, after):
        found[checkout.side] = {
            "one training step": step_files(checkout, precision),
            "look --method gradcam": look_files(checkout, precision),
        }
    for case, ours in found["before"].items():
        theirs = found["after"][case]
        yield case, "files before", str(len(ours)), len(ours)
        yield case, "files after", str(len(theirs)), len(theirs)
        yield case, "only before", " ".join(sorted(ours - theirs)), len(ours - theirs)
        yield case, "only after", " ".join(sorted(theirs - ours)), len(theirs - ours)


def step_files(checkout: Checkout, precision: str) -> set[str]:
    """Of the recipe `base` on the digits, the fifth step of `grevy.train`."""
    place = checkout.home / "walk"
    recipe = recipe_file(place, "base", epochs=1, patience=0, precision=precision)
    shutil.rmtree(place / "run", ignore_errors=True)
    return entered(checkout, STEP, ["digits", recipe, "run"])


def look_files(checkout: Checkout, precision: str) -> set[str]:
    """Of the whole command, from `python -m grevy` to the figure on disk."""
    run = digits_run(checkout, "base", precision)
    picture = write_picture(checkout.home / "picture.png")
    words = ["look", str(picture), "--run", str(run), "--method", "gradcam", "--out", "look.png"]
    return entered(checkout, 0, words)


def entered(checkout: Checkout, step: int, words: list[str]) -> set[str]:
    """Files of the package, relative to it."""
    place = checkout.home / "walk"
    place.mkdir(exist_ok=True)
    result = place / "files.json"
    child = ["-P", str(CHILD), str(result), str(checkout.package), str(step), *words]
    checkout.python(child, place)
    return set(json.loads(result.read_text()))
