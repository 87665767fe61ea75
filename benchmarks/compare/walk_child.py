"""The child of `walk.py`: which of the package's files a step of training or a command enters.

    python -P walk_child.py RESULT.json PACKAGE 0 WORDS...
    python -P walk_child.py RESULT.json PACKAGE STEP DATA RECIPE OUT

PACKAGE is the folder of the package. 0: during the whole command `grevy WORDS`. STEP: of
`grevy.train(DATA, RECIPE, out=OUT)` only the so-many-th call of a function named `train_step`. A
file counts as entered when Python calls a function that is written in it (the profiler's `call`
event, in any thread), or runs it as the main file; what imports run does not count.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any


class Files:
    """A profile function, as `sys.setprofile` takes it."""

    def __init__(self, package: str, step: int) -> None:
        self._prefix = f"{package}/"
        self._left = step
        self._frame: FrameType | None = None
        self.in_step = step > 0
        self._recording = not self.in_step
        self.entered: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Hears of every call and return."""
        if event == "call":
            self._called(frame)
        elif event == "return" and frame is self._frame:
            self._recording = False

    def _called(self, frame: FrameType) -> None:
        name = frame.f_code.co_filename
        if not name.startswith(self._prefix):
            return
        if frame.f_code.co_name == "train_step":
            self._left -= 1
            if self._left == 0:
                self._recording, self._frame = True, frame
        if self._recording and not is_import(frame):
            self.entered.add(name.removeprefix(self._prefix))


def is_import(frame: FrameType | None) -> bool:
    """Whether an import runs this: a module's own code, and what that calls."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_back is not None:
            return "importlib" in frame.f_back.f_code.co_filename
        frame = frame.f_back
    return False


def main() -> None:
    result, package, step, *words = sys.argv[1:]
    files = Files(package, int(step))
    work = train if files.in_step else command
    threading.setprofile(files)
    sys.setprofile(files)
    try:
        work(words)
    finally:
        sys.setprofile(None)
        Path(result).write_text(json.dumps(sorted(files.entered)))


def train(words: list[str]) -> None:
    import grevy

    data, recipe, out = words
    grevy.train(data, recipe, out=out)


def command(words: list[str]) -> None:
    sys.argv = ["grevy", *words]
    runpy.run_module("grevy", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
