"""What the tests of figures look at: the texts of a figure, and whether they can be read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from grevy.figures.page import DPI, drawing


class Seen:
    """A figure as a reader sees it."""

    def __init__(self, figure):
        self.figure = figure
        file = io.BytesIO()
        with drawing():
            figure.savefig(file, format="png", dpi=DPI)
        self.pixels = np.asarray(Image.open(file).convert("RGB"))

    def texts(self):
        found = self.figure.findobj(lambda artist: isinstance(artist, Text))
        return [text for text in found if text.get_visible() and text.get_text().strip()]

    def words(self):
        return "\n".join(text.get_text() for text in self.texts())

    def cut(self):
        """Whether anything reaches the edge of the page."""
        edges = self.pixels[:2], self.pixels[-2:], self.pixels[:, :2], self.pixels[:, -2:]
        return any((edge != 255).any() for edge in edges)

    def overlapping(self, texts):
        boxes = [text.get_window_extent() for text in texts]
        return [
            (texts[i].get_text(), texts[j].get_text())
            for i in range(len(boxes))
            for j in range(i)
            if min(boxes[i].x1, boxes[j].x1) - max(boxes[i].x0, boxes[j].x0) > 2
            and min(boxes[i].y1, boxes[j].y1) - max(boxes[i].y0, boxes[j].y0) > 2
        ]


@pytest.fixture
def seen():
    return Seen


@pytest.fixture(autouse=True)
def _no_warning_is_left(recwarn):
    """Matplotlib warns of missing glyphs and of layouts that do not fit: neither may happen."""
    yield
    assert [str(w.message) for w in recwarn if issubclass(w.category, UserWarning)] == []
