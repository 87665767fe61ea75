"""Pictures of the author's that lie beside the text, or below."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from grevy.data.decode import decode
from grevy.documents.blocks import Figure, Text, plain
from grevy.errors import DataFormatError, DataNotFoundError, UnreadablePictureError
from grevy.records.run_name import slug

WIDEST = 1600
"""Pixels of the longer side: more is not seen on a page."""

LARGEST_SVG = 1024**2
_ACTIVE = re.compile(
    rb"<\s*(script|foreignobject|iframe)|\son\w+\s*=|@import|url\(\s*['\"]?\w+:", re.I
)
_OUTWARD = re.compile(rb"href\s*=\s*['\"]\s*(?!#|data:image/(?:png|jpeg))", re.I)


def picture_block(folder: Path, address: str, alternative: str, caption: Text = "") -> Figure:
    """A figure with the picture.

    Args:
        folder: in which the text lies.
        address: of the file, relative to it.
        alternative: what it shows, in words; "": the caption, or the name of the file.
        caption: said below.

    Raises:
        DataNotFoundError: it is not there, or not in that folder.
        UnreadablePictureError: it can't be decoded.
        DataFormatError: an SVG that has no PNG beside it, or that runs or fetches something.
    """
    path = _inside(folder, address)
    name = f"picture-{slug(path.stem, 'own')}"
    words = alternative or plain(caption) or path.name
    if path.suffix.lower() == ".svg":
        png = _inside(folder, str(Path(unquote(address)).with_suffix(".png")), of_svg=True)
        return Figure(name, _png(png), words, caption, _svg(path))
    return Figure(name, _png(path), words, caption)


def _inside(folder: Path, address: str, *, of_svg: bool = False) -> Path:
    """The file; only regular ones below the folder, links followed."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]", address):
        raise DataNotFoundError(
            f"picture '{address}'",
            "a file beside the text, named relative to it",
            "copy it there: a report fetches nothing",
        )
    path = (folder / unquote(address)).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise DataNotFoundError(
            f"picture '{address}', which leaves the folder of the text",
            "a file beside the text or below",
            "copy it there",
        )
    if not path.is_file():
        why = "the PNG that stands for the SVG where drawings can't be shown" if of_svg else ""
        raise DataNotFoundError(f"no picture '{address}'", why or "a file", "check the spelling")
    return path


def _png(path: Path) -> bytes:
    from PIL import Image

    pixels_HWC, facts = decode(path)
    if pixels_HWC is None:
        raise UnreadablePictureError(
            f"'{path.name}': {facts.error}", "a PNG or JPEG", "save it anew"
        )
    gray = pixels_HWC.shape[2] == 1
    picture = Image.fromarray(pixels_HWC[:, :, 0] if gray else pixels_HWC)
    picture.thumbnail((WIDEST, WIDEST))
    file = BytesIO()
    picture.save(file, "png", optimize=True)
    return file.getvalue()


def _svg(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST_SVG + 1)
    if len(content) > LARGEST_SVG or b"<svg" not in content:
        raise DataFormatError(f"'{path.name}'", "an SVG of less than 1 MB", "take the PNG")
    if _ACTIVE.search(content) or _OUTWARD.search(content):
        raise DataFormatError(
            f"'{path.name}', which runs or fetches something", "only drawing", "take the PNG"
        )
    return content
