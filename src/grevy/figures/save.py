"""Figures as files: the same figure gives the same bytes, and a file is whole or absent.

Text in an SVG is written as paths, not as text: a path looks the same in every viewer, also
where the fonts that the page was measured with are not installed, and class names in any script
stay what was drawn. The price is that it can't be searched; the title stands in the metadata.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grevy.figures.page import DPI, drawing
from grevy.records.atomic import save_error, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write `figure` as `<stem>.png` (150 dots an inch) and `<stem>.svg`, atomically.

    The folder is made if it is absent. Neither file names a date or a version.

    Returns:
        The paths of the PNG and of the SVG.

    Raises:
        SaveError: the disk did not take it; older files of that name are untouched.
    """
    png, svg = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    pixels, paths = rendered(figure, "png"), rendered(figure, "svg")
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(stem.parent, error) from error
    write_bytes(png, pixels)
    write_bytes(svg, paths)
    return png, svg


def rendered(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """The content of such a file."""
    title = " ".join(text.get_text() for text in figure.texts if text.get_gid() == "title")
    stamps = {"Software": None} if kind == "png" else {"Date": None, "Creator": "Grevy"}
    metadata = {"Title": " ".join(title.replace(r"\$", "$").split()), **stamps}
    file = BytesIO()
    with drawing():
        figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
    return file.getvalue()
