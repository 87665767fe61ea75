import resource
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from grevy.errors import SaveError
from grevy.figures.confusion import draw_confusion
from grevy.figures.curves import draw_loss
from grevy.figures.gallery import draw_mistakes
from grevy.figures.save import save_figure

STEPS = [{"step": s, "epoch": s / 10, "loss": 2 / s, "lr": 0.1} for s in range(1, 31)]
CHECKS = [{"step": 20, "epoch": 2.0, "loss": 0.4, "accuracy": 0.8}]


def loss():
    return draw_loss(STEPS, CHECKS, 20, "digits & <run> 1")


def mistakes():
    images = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)
    return draw_mistakes(images, ["0", "1"], ["1", "0"], [0.9, 0.8], ["a", "b"], "mistakes")


def confusion():
    return draw_confusion(np.array([[5, 1], [2, 7]]), ["cat", "dog"], "test")


def settings():
    return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}  # resolved lazily


def test_png_and_svg_are_written_and_nothing_else(tmp_path):
    figure = loss()
    png, svg = save_figure(figure, tmp_path / "figures" / "run-0.5")
    assert (png.name, svg.name) == ("run-0.5.png", "run-0.5.svg")
    assert sorted(png.parent.iterdir()) == [png, svg]
    width, height = np.round(figure.get_size_inches() * 150)
    with Image.open(png) as picture:
        assert picture.size == (width, height)
        assert round(picture.info["dpi"][0]) == 150


@pytest.mark.parametrize("draw", [loss, mistakes, confusion])
def test_a_saved_picture_is_not_blank(draw, tmp_path):
    png, svg = save_figure(draw(), tmp_path / "figure")
    with Image.open(png) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) > 20
    assert 0.01 < (pixels != 255).any(axis=1).mean() < 0.95
    assert svg.read_text().count("<path") > 10


@pytest.mark.parametrize("draw", [loss, mistakes, confusion])
def test_the_same_figure_gives_the_same_bytes(draw, tmp_path):
    figure = draw()
    first = [path.read_bytes() for path in save_figure(figure, tmp_path / "a")]
    again = [path.read_bytes() for path in save_figure(figure, tmp_path / "b")]
    redrawn = [path.read_bytes() for path in save_figure(draw(), tmp_path / "c")]
    assert first == again == redrawn


def test_the_svg_has_the_title_as_text_and_no_date(tmp_path):
    _, svg = save_figure(loss(), tmp_path / "figure")
    text = svg.read_text()
    assert "<title>digits &amp; &lt;run&gt; 1</title>" in text
    assert "<dc:date>" not in text
    assert "<text" not in text


def test_pictures_in_the_svg_keep_their_own_resolution(tmp_path):
    _, svg = save_figure(mistakes(), tmp_path / "figure")
    text = svg.read_text()
    assert text.count("<image") == 2
    assert text.count("pixelated") == 2
    assert text.count('width="8" height="8"') == 2


def test_a_file_where_the_folder_should_be_is_an_error_of_one_line(tmp_path):
    (tmp_path / "figures").write_text("not a folder")
    with pytest.raises(SaveError, match="could not write") as caught:
        save_figure(loss(), tmp_path / "figures" / "loss")
    assert "\n" not in str(caught.value)


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path):
    save_figure(confusion(), tmp_path / "loss")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    figure = loss()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        with pytest.raises(SaveError, match="could not write"):
            save_figure(figure, tmp_path / "loss")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_matplotlibs_settings_are_left_alone_and_the_readers_do_not_reach_in(tmp_path):
    plain = save_figure(loss(), tmp_path / "plain")[0].read_bytes()
    with mpl.rc_context({"font.size": 30, "axes.grid": True, "savefig.bbox": "tight"}):
        before = settings()
        styled = save_figure(loss(), tmp_path / "styled")[0].read_bytes()
        assert settings() == before
    assert styled == plain


def test_drawing_touches_no_pyplot_and_importing_no_matplotlib(tmp_path):
    program = f"""
import sys
from pathlib import Path
import grevy.figures.confusion, grevy.figures.contact_sheet, grevy.figures.curves
import grevy.figures.gallery, grevy.figures.render, grevy.figures.save
assert not {{"matplotlib", "torch", "PIL"}} & set(sys.modules)
figure = grevy.figures.curves.draw_loss({STEPS}, {CHECKS}, 20, "run")
grevy.figures.save.save_figure(figure, Path({str(tmp_path)!r}) / "loss")
assert not {{"matplotlib.pyplot", "torch"}} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
