"""The child of `walk.py`: runs a command of Grevy and says which of the package's files it enters.

    python -P walk_child.py RESULT.json PACKAGE STEP WORDS...

PACKAGE is the folder of the package, WORDS are those of the command. A file counts as entered when
Python calls a function that is written in it (the profiler's `call` event, in any thread), or runs
it as the main file; what imports run does not count. STEP 0: during the whole command; STEP n: only
during the n-th call of a function named `train_step`.
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
        self._recording = step == 0
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
    sys.argv = ["grevy", *words]
    threading.setprofile(files)
    sys.setprofile(files)
    try:
        runpy.run_module("grevy", run_name="__main__", alter_sys=True)
    finally:
        sys.setprofile(None)
        Path(result).write_text(json.dumps(sorted(files.entered)))


if __name__ == "__main__":
    main()
