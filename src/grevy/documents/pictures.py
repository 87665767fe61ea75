"""Which form of a figure goes into a document that holds its figures itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Literal, TypeAlias

from grevy.documents.blocks import Figure

LARGEST_SVG = 150_000
"""Bytes from which drawing instructions cost more than they show."""

Form: TypeAlias = Literal["svg", "png", "webp"]
Picture: TypeAlias = tuple[Form, bytes]


def best_form(figure: Figure) -> Picture:
    """The drawing instructions where there are few, else the picture, with its kind."""
    if figure.svg and len(figure.svg) < LARGEST_SVG:
        return "svg", figure.svg
    return "png", figure.png


def fitting(figures: Sequence[Figure], budget: int) -> list[Picture]:
    """The figures in at most `budget` bytes, if that can be, as little changed as will do.

    Pictures that are too many become WebP: without loss, then with a loss that is hard to see,
    then with more.
    """
    pictures = [best_form(figure) for figure in figures]
    for again in _SMALLER:
        if sum(len(content) for _, content in pictures) <= budget:
            break
        pictures = [
            (kind, content) if kind == "svg" else _smaller(again, figure, (kind, content))
            for figure, (kind, content) in zip(figures, pictures, strict=True)
        ]
    return pictures


def _smaller(again: Callable[[bytes], bytes], figure: Figure, before: Picture) -> Picture:
    return min(before, ("webp", again(figure.png)), key=lambda picture: len(picture[1]))


def _webp(png: bytes, quality: int | None = None) -> bytes:
    from PIL import Image

    file = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.save(file, "webp", lossless=quality is None, quality=quality or 80, method=4)
    return file.getvalue()


_SMALLER: tuple[Callable[[bytes], bytes], ...] = (
    _webp,
    lambda png: _webp(png, 90),
    lambda png: _webp(png, 70),
    lambda png: _webp(png, 40),
)
