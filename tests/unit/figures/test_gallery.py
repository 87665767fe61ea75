import numpy as np
import pytest

from grevy.errors import InputError
from grevy.figures.gallery import draw_mistakes, percent
from grevy.figures.page import DPI


def pictures(n, side=8, channels=3):
    return np.random.default_rng(0).integers(0, 256, (n, side, side, channels), dtype=np.uint8)


def test_mistakes_come_most_confident_first_and_right_answers_not_at_all(seen):
    images = pictures(4)
    figure = draw_mistakes(
        images,
        ["cat", "dog", "cat", "ship"],
        ["dog", "dog", "ship", "cat"],
        [0.6, 0.99, 0.98, 0.7],
        ["a.png", "b.png", "c.png", "d.png"],
        "run",
    )
    shown = [image.get_array() for image in figure.axes[0].images]
    assert [next(i for i in range(4) if (images[i] == s).all()) for s in shown] == [2, 3, 0]
    words = seen(figure).words().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert words.index("cat, seen as ship") < words.index("98 %") < words.index("ship, seen as cat")
    assert words.index("c.png") < words.index("d.png") < words.index("a.png")
    assert "b.png" not in words


def test_mistakes_of_one_kind_lie_under_one_heading_the_largest_group_first(seen):
    true, predicted = ["cat", "dog", "ship", "dog"], ["ship", "cat", "dog", "cat"]
    confidence = [0.99, 0.6, 0.98, 0.7]
    figure = draw_mistakes(pictures(4), true, predicted, confidence, ["a", "b", "c", "d"], "run")
    words = [" ".join(text.get_text().split()) for text in figure.texts]
    assert [text for text in words if ", seen as " in text] == [
        "dog, seen as cat", "cat, seen as ship", "ship, seen as dog",
    ]  # fmt: skip
    lines = [line.get_xdata() for line in figure.axes[0].lines]
    boxes = [image.get_extent() for image in figure.axes[0].images]
    under = [sum(left - 0.01 <= box[0] <= right for box in boxes) for left, right in lines]
    assert under == [2, 1, 1]  # places of pictures snap to pixels
    assert not seen(figure).cut()


def test_more_than_twenty_four_mistakes_are_counted(seen):
    n = 100
    figure = draw_mistakes(
        pictures(n), ["cat"] * n, ["dog"] * n, np.linspace(0.5, 0.9, n), ["id"] * n, "run"
    )
    assert len(figure.axes[0].images) == 24
    assert "The 24 most confident of 100 mistakes." in seen(figure).words()


def test_pixels_of_a_small_picture_are_squares_of_one_size_and_exact_colour(seen):
    image = pictures(1, side=8, channels=1)
    figure = draw_mistakes(image, ["cat"], ["dog"], [0.9], ["id"], "run")
    view = seen(figure)
    box = figure.axes[0].images[0].get_window_extent()
    assert box.extents == pytest.approx(np.round(box.extents), abs=1e-6)
    top, left = round(view.pixels.shape[0] - box.y1), round(box.x0)
    factor = round(box.width) // 8
    assert factor == 24  # 8 pixels brought to 1.28 inches at 150 dots an inch
    patch = view.pixels[top : top + 8 * factor, left : left + 8 * factor]
    inner = slice(1, -1)  # before Matplotlib 3.11 an edge may be off by one
    for (row, column), value in np.ndenumerate(image[0, :, :, 0]):
        square = patch[row * factor :, column * factor :][:factor, :factor]
        assert (square[inner, inner] == value).all()


@pytest.mark.parametrize("side", [1, 8, 28, 32, 64, 100, 224, 1000])
def test_pictures_of_any_size_take_about_the_same_room(side, seen):
    figure = draw_mistakes(pictures(1, side), ["cat"], ["dog"], [0.9], ["id"], "run")
    seen(figure)
    assert 0.8 <= figure.axes[0].images[0].get_window_extent().width / DPI <= 1.95


@pytest.mark.parametrize("given", [0, 1, 5])
def test_without_a_mistake_the_page_says_so(given, seen):
    names = ["cat"] * given
    figure = draw_mistakes(pictures(given), names, names, [1.0] * given, names, "run")
    told = "There is no mistake among {}.".format
    expected = {0: "no mistake to show", 1: told("this picture"), 5: told("these 5 pictures")}[
        given
    ]
    assert expected in seen(figure).words()
    assert not seen(figure).cut()


@pytest.mark.parametrize("name", ["species number {:03d} of the northern lakes", "x" * 40 + "{}"])
def test_long_names_are_neither_cut_nor_laid_over_each_other(name, seen):
    true, predicted = [name.format(i) for i in range(24)], [name.format(i + 1) for i in range(24)]
    ids = [f"test/a folder with a long name/IMG_{i:05d}.jpg" for i in range(24)]
    figure = draw_mistakes(pictures(24, 32), true, predicted, [0.9999] * 24, ids, "run")
    view = seen(figure)
    assert not view.cut()
    assert view.overlapping(view.texts()) == []


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "100 %"), (0.99999, ">99.9 %"), (0.9949, "99.5 %"), (0.98, "98 %"), (0.004, "0.4 %")],
)
def test_hundred_percent_is_said_of_one_only(probability, text):
    assert percent(probability).replace("\N{NO-BREAK SPACE}", " ") == text


def test_pictures_that_are_not_uint8_or_not_gray_or_rgb_are_refused():
    for images in (pictures(1).astype(float), pictures(1, channels=2), pictures(1)[..., 0]):
        with pytest.raises(InputError, match="uint8 of shape"):
            draw_mistakes(images, ["cat"], ["dog"], [0.9], ["id"], "run")
