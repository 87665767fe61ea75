"""A view as a document, as `grevy look --out` writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grevy.cli.main import main


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "stripes.png"
    pixels_HWC = np.zeros((32, 32, 3), np.uint8)
    pixels_HWC[:, ::4] = 255
    Image.fromarray(pixels_HWC).save(path)
    return path


def look(picture: Path, out: Path) -> str:
    main(["look", str(picture), "--model", "base", "--layer", "conv1", "--out", str(out)])
    return out.read_text("utf-8")


def test_a_page_holds_the_figure_what_was_checked_and_what_must_be_known(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = look(picture, tmp_path / "inside.html")
    assert "data:image/png;base64," in html
    assert "silent channels" in html
    assert "The weights are random" in html
    assert f"written   {tmp_path / 'inside.html'}" in capsys.readouterr().out
    assert not list(tmp_path.glob("inside*.png"))


def test_markdown_has_the_figure_beside_it(picture: Path, tmp_path: Path) -> None:
    text = look(picture, tmp_path / "inside.md")
    assert "(inside-figures/inside.png)" in text
    assert Image.open(tmp_path / "inside-figures" / "inside.png").size[0] > 300
    assert "| silent channels " in text


def test_another_ending_is_refused_with_those_there_are(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        look(picture, tmp_path / "inside.docx")
    assert stop.value.code == 2
    assert ".png, .svg, .html, .pdf, .md, .tex or .txt" in capsys.readouterr().err
