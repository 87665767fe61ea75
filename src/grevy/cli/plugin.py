"""A Python file of the user's own, which registers networks."""

from __future__ import annotations

import runpy
from pathlib import Path

from grevy.errors import UsageError


def load_plugin(path: Path | None) -> None:
    """Run the file, if one is given.

    Raises:
        UsageError: there is no such file.
    """
    if path is None:
        return
    if not path.is_file():
        raise UsageError(
            f"no file {path}", "a Python file that registers networks", "check --plugin"
        )
    runpy.run_path(str(path))
