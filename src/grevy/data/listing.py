"""Pictures by the paths that a user names: files, and folders with all that is below them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from grevy.data.litter import is_litter
from grevy.data.natural import natural_key
from grevy.data.sources.rules import PICTURE_SUFFIXES
from grevy.errors import DataNotFoundError, EmptyDataError


def list_pictures(places: Iterable[str | Path]) -> list[Path]:
    """Files as they are named, and of folders all visible pictures below, in natural order.

    Raises:
        DataNotFoundError: a path that does not exist.
        EmptyDataError: no picture at all.
    """
    named = [Path(place) for place in places]
    found = [picture for place in named for picture in _pictures_of(place)]
    if not found:
        raise EmptyDataError(
            f"no picture in {', '.join(map(str, named)) or 'an empty list'}",
            "picture files or folders with some",
            "check the paths",
        )
    return found


def _pictures_of(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place  # whatever it is called: the user named it
    elif place.is_dir():
        below = (path for path in place.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
        visible = (path for path in below if not _hidden_below(path, place))
        yield from sorted(visible, key=lambda path: natural_key(path.as_posix()))
    else:
        raise DataNotFoundError(f"no file or folder {place}", "a picture", "check the spelling")


def _hidden_below(path: Path, place: Path) -> bool:
    return any(is_litter(part) for part in path.relative_to(place).parts)
