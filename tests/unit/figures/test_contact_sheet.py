import numpy as np
import pytest

from grevy.errors import InputError
from grevy.figures.contact_sheet import columns_for, draw_contact_sheet


def pictures(n, channels=3, side=8):
    return np.random.default_rng(0).integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def test_each_class_has_a_row_in_order_of_appearance_with_its_pictures_as_they_are(seen):
    images = pictures(5)
    figure = draw_contact_sheet(images, ["dog", "cat", "dog", "dog", "cat"], "data")
    drawn = figure.axes[0].images
    order = [0, 2, 3, 1, 4]
    for image, index in zip(drawn, order, strict=True):
        assert (image.get_array() == images[index].transpose(1, 2, 0)).all()
    tops = [image.get_extent()[3] for image in drawn]
    assert len(set(tops[:3])) == len(set(tops[3:])) == 1
    assert tops[0] < tops[3]
    words = seen(figure).words()
    assert words.index("dog") < words.index("cat")
    assert "shown" not in words


def test_a_gray_picture_is_shown_in_gray():
    images = pictures(1, channels=1)
    (shown,) = draw_contact_sheet(images, ["cat"], "data").axes[0].images
    assert (shown.get_array() == images[0].transpose(1, 2, 0)).all()
    assert shown.get_array().shape == (8, 8, 3)


def test_what_is_left_out_is_said(seen):
    figure = draw_contact_sheet(pictures(75), [f"c{i // 3}" for i in range(75)], "data")
    assert len(figure.axes[0].images) == 60
    assert "The first 20 of 25 classes are shown." in seen(figure).words()
    figure = draw_contact_sheet(pictures(23), ["cat"] * 20 + ["dog"] * 3, "data")
    assert len(figure.axes[0].images) == 13
    assert "The first 10 pictures of a class are shown." in seen(figure).words()


def test_large_pictures_are_shown_larger_and_fewer_of_them(seen):
    large = draw_contact_sheet(pictures(12, side=160), ["cat"] * 12, "data")
    assert len(large.axes[0].images) == columns_for(160) == 5
    assert "The first 5 pictures of a class are shown." in seen(large).words()
    left, right, *_ = large.axes[0].images[0].get_extent()
    assert right - left > 1
    small = draw_contact_sheet(pictures(12, side=96), ["cat"] * 12, "data")
    assert len(small.axes[0].images) == columns_for(96) == 10


def test_only_the_pictures_shown_are_read():
    class Counting(np.ndarray):
        read = 0

        def __getitem__(self, item):
            if isinstance(item, list):
                Counting.read += len(item)
            return super().__getitem__(item)

    draw_contact_sheet(pictures(1000).view(Counting), ["cat"] * 500 + ["dog"] * 500, "data")
    assert Counting.read == 20


def test_long_names_are_neither_cut_nor_laid_over_each_other(seen):
    names = [f"species number {i:03d} of the northern lakes" for i in range(20)]
    view = seen(draw_contact_sheet(pictures(20), names, "data"))
    assert not view.cut()
    assert view.overlapping(view.texts()) == []


def test_no_picture_is_said_in_words(seen):
    assert "There is no picture." in seen(draw_contact_sheet(pictures(0), [], "data")).words()


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match="2 pictures and 1 label;"):
        draw_contact_sheet(pictures(2), ["cat"], "data")
    with pytest.raises(InputError, match="uint8 of shape"):
        draw_contact_sheet(pictures(2)[:, 0], ["cat", "dog"], "data")
