"""Where image data is looked for, and where Grevy keeps what it downloads and derives."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """`GREVY_CACHE`, else the user's cache folder for Grevy. It need not exist yet."""
    chosen = os.environ.get("GREVY_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("grevy")


def download_folder() -> Path:
    """Where downloads of published image data go. `GREVY_DATA` may be read-only, so not there."""
    return cache_folder() / "data"


def data_folders() -> tuple[Path, ...]:
    """Where built-in image data is looked for, in order.

    `GREVY_DATA` if set, `./data`, the working folder, the user's data folder for Grevy, and `data`
    in the cache folder.
    """
    chosen = os.environ.get("GREVY_DATA")
    first = [Path(chosen).expanduser()] if chosen else []
    return (
        *first,
        Path("data"),
        Path(),
        platformdirs.user_data_path("grevy"),
        download_folder(),
    )
