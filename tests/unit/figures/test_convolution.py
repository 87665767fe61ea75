import os
from pathlib import Path

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from PIL import Image

from grevy.arithmetic.convolve import convolve
from grevy.arithmetic.pool import pool
from grevy.figures.convolution import draw_convolution
from grevy.figures.save import save_figure

IMAGE = "1 0 2 3 1; 3 2 0 7 0; 0 6 1 1 4"
KERNEL = "-1 0 1; -2 0 2; -1 0 1"
ROW = "1 2 3 4 5 6"
SQUARE = "1 2 3 4; 5 6 7 8; 9 1 2 3; 4 5 6 7"


def draw(worked, row, column, filter=0):
    return draw_convolution(worked, worked.cell(row, column, filter))


def found(figure, gid):
    return figure.findobj(lambda artist: isinstance(artist, Artist) and artist.get_gid() == gid)


def gids(figure, start):
    every = {artist.get_gid() or "" for artist in figure.findobj()}
    return {gid for gid in every if gid.startswith(start)}


def numbers(figure, sheet):
    """Text by cell of one sheet."""
    texts = {}
    for gid in gids(figure, f"{sheet} at "):
        row, column = map(int, gid.rpartition(" ")[2].split(","))
        (text,) = found(figure, gid)
        texts[row, column] = text.get_text()
    return texts


def framed(figure, gid, sheet):
    """Cells of a sheet whose middle lies in the frame with this gid."""
    (frame,) = found(figure, gid)
    left, top = frame.get_xy()
    return {
        cell
        for cell in numbers(figure, sheet)
        for text in found(figure, f"{sheet} at {cell[0]},{cell[1]}")
        for x, y in [text.get_position()]
        if left < x < left + frame.get_width() and top < y < top + frame.get_height()
    }


def block(rows, columns):
    return {(row, column) for row in rows for column in columns}


def rows_of(texts):
    rows = sorted({row for row, _ in texts})
    return [[texts[cell] for cell in sorted(texts) if cell[0] == row] for row in rows]


def test_image_kernel_and_output_show_their_numbers():
    figure = draw(convolve(IMAGE, KERNEL, padding=1), 0, 3)
    image = numbers(figure, "image 0")
    assert set(image) == block(range(-1, 4), range(-1, 6))
    assert rows_of(image)[2] == ["0", "3", "2", "0", "7", "0", "0"]
    assert rows_of(numbers(figure, "kernel 0"))[1] == ["−2", "0", "2"]
    assert rows_of(numbers(figure, "output"))[0] == ["2", "−1", "11", "−2", "−13"]


def test_the_window_and_the_cell_of_the_output_are_framed():
    figure = draw(convolve(IMAGE, KERNEL, padding=1, stride=2), 1, 2)
    assert framed(figure, "window 0", "image 0") == block(range(1, 4), range(3, 6))
    assert framed(figure, "output frame 1,2", "output") == {(1, 2)}
    assert gids(figure, "used") == set()


def test_sum_and_sentence_stand_below_with_padding_in_square_brackets(seen):
    worked = convolve(IMAGE, KERNEL, padding=1)
    words = seen(draw(worked, 0, 3)).words().replace("\n", " ")
    terms = "(−1)·[0] + 0·[0] + 1·[0] + (−2)·2 + 0·3 + 2·1 + (−1)·0 + 0·7 + 1·0"
    assert f"output[0, 3] = {terms} = −2" in words
    assert worked.sentence in words


def test_in_mode_convolution_the_kernel_is_shown_turned_and_the_page_says_so(seen):
    figure = draw(convolve(IMAGE, "1 2 3; 4 5 6; 7 8 9", mode="convolution"), 0, 0)
    assert rows_of(numbers(figure, "kernel 0")) == [
        ["9", "8", "7"],
        ["6", "5", "4"],
        ["3", "2", "1"],
    ]
    assert "turned by 180°" in seen(figure).words()
    assert "laid on as it is given" in seen(draw(convolve(IMAGE, KERNEL), 0, 0)).words()


@pytest.mark.parametrize(
    ("boundary", "first"),
    [
        ("zeros", ["0", "0", "0", "0", "0", "0", "0"]),
        ("reflect", ["2", "3", "2", "0", "7", "0", "7"]),
        ("replicate", ["1", "1", "0", "2", "3", "1", "1"]),
        ("wrap", ["4", "0", "6", "1", "1", "4", "0"]),
    ],
)
def test_the_padding_shows_what_the_boundary_rule_puts_there(boundary, first):
    figure = draw(convolve(IMAGE, KERNEL, padding=1, boundary=boundary), 0, 0)
    assert rows_of(numbers(figure, "image 0"))[0] == first


def test_padding_is_hatched_and_the_image_is_not():
    figure = draw(convolve(IMAGE, KERNEL, padding=1), 0, 0)
    (padding,), (cells,) = found(figure, "image 0 padding"), found(figure, "image 0 cells")
    assert padding.get_hatch()
    assert not cells.get_hatch()
    assert (len(padding.get_paths()), len(cells.get_paths())) == (20, 15)


def test_with_dilation_the_touched_cells_are_marked():
    worked = convolve(np.arange(36).reshape(6, 6).tolist(), KERNEL, dilation=2)
    figure = draw(worked, 1, 0)
    assert framed(figure, "window 0", "image 0") == block(range(1, 6), range(5))
    touched = {f"used 0 {row},{column}" for row in (1, 3, 5) for column in (0, 2, 4)}
    assert gids(figure, "used") == touched
    assert framed(figure, "used 0 3,2", "image 0") == {(3, 2)}


def colours(figure, gid):
    (cells,) = [c for c in found(figure, gid) if isinstance(c, PolyCollection)]
    return [to_hex(colour) for colour in cells.get_facecolor()]


def test_signed_numbers_are_coloured_around_a_neutral_zero():
    blue, zero, red = colours(draw(convolve("1 2 3", "-1 0 1"), 0, 0), "kernel 0 cells")
    assert int(blue[5:], 16) > int(blue[1:3], 16)
    assert int(red[1:3], 16) > int(red[5:], 16)
    parts = [int(zero[i : i + 2], 16) for i in (1, 3, 5)]
    assert min(parts) > 240
    assert max(parts) - min(parts) <= 1


def test_numbers_that_are_not_negative_darken_from_zero():
    shades = colours(draw(convolve("0 1 2 4", "1"), 0, 0), "image 0 cells")
    light = [sum(int(shade[i : i + 2], 16) for i in (1, 3, 5)) for shade in shades]
    assert light == sorted(light, reverse=True)
    assert light[0] > 740


def test_each_channel_has_a_row_and_a_line_of_the_sum(seen):
    image = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    kernels = [[[[1, 0], [0, 0]], [[0, 0], [0, 1]]], [[[1, 1], [1, 1]], [[0, 1], [0, 0]]]]
    figure = draw(convolve(image, kernels, bias=[0, -3]), 0, 0, filter=1)
    assert rows_of(numbers(figure, "image 1")) == [["5", "6"], ["7", "8"]]
    assert rows_of(numbers(figure, "kernel 1")) == [["0", "1"], ["0", "0"]]
    assert gids(figure, "window") == {"window 0", "window 1"}
    words = seen(figure).words()
    assert "channel 0: 1·1 + 1·2 + 1·3 + 1·4 = 10" in words
    assert "channel 1: 0·5 + 1·6 + 0·7 + 0·8 = 6" in words
    assert "output[1, 0, 0] = 10 + 6 + (−3) = 13" in words
    assert "kernel of filter 1" in words
    assert "bias −3" in words
    assert "1 other filter is not shown." in words


def test_of_groups_only_the_channels_of_the_filter_are_shown():
    image = [[[channel]] for channel in range(4)]
    figure = draw(convolve(image, [[[[1]], [[2]]]] * 2, groups=2), 0, 0, filter=1)
    assert gids(figure, "window") == {"window 2", "window 3"}


def test_channels_that_are_not_shown_are_said_and_summed(seen):
    figure = draw(convolve([[[c]] for c in range(7)], [[[[1]]] * 7]), 0, 0)
    assert gids(figure, "window") == {f"window {channel}" for channel in range(4)}
    words = seen(figure).words()
    assert "The first 4 of 7 channels are shown; the sum has all of them." in words
    assert "3 more channels together: 15" in words
    assert "output[0, 0, 0] = 0 + 1 + 2 + 3 + 15 = 21" in words


def test_max_pooling_has_no_kernel_and_marks_the_first_largest_value(seen):
    figure = draw(pool("1 9 2 2; 9 0 2 2", 2), 0, 0)
    assert gids(figure, "kernel") == set()
    assert gids(figure, "used") == {"used 0 0,1"}
    assert "output[0, 0] = max(1, 9, 9, 0) = 9" in seen(figure).words()
    assert gids(draw(pool("1 9 2 2; 9 0 2 2", 2), 0, 1), "used") == {"used 0 0,2"}


def test_average_pooling_says_its_divisor_and_shows_counted_padding(seen):
    worked = pool(SQUARE, 3, kind="average", stride=2, padding=1)
    figure = draw(worked, 0, 0)
    assert numbers(figure, "image 0")[-1, -1] == "0"
    words = seen(figure).words()
    assert "([0] + [0] + [0] + [0] + 1 + 2 + [0] + 5 + 6)/9 = 14/9" in words
    assert "counted as 0" in words
    not_counted = draw(
        pool(SQUARE, 3, kind="average", stride=2, padding=1, count_padding=False), 0, 0
    )
    assert numbers(not_counted, "image 0")[-1, -1] == ""
    assert gids(not_counted, "used") == {f"used 0 {r},{c}" for r in (0, 1) for c in (0, 1)}


def test_in_ceil_mode_the_window_hangs_over_the_image(seen):
    figure = draw(pool("1 2 3; 4 5 6; 7 8 9", 2, ceil=True), 1, 1)
    assert framed(figure, "window 0", "image 0") == block((2, 3), (2, 3))
    assert numbers(figure, "image 0")[3, 3] == ""
    assert gids(figure, "used") == {"used 0 2,2"}
    assert "outside, never chosen" in seen(figure).words().replace("\n", " ")


def test_adaptive_windows_are_framed_as_large_as_they_are():
    worked = pool(np.arange(35).reshape(5, 7).tolist(), kind="average", output_size=3)
    assert framed(draw(worked, 1, 1), "window 0", "image 0") == block(range(1, 4), range(2, 5))
    assert framed(draw(worked, 0, 0), "window 0", "image 0") == block(range(2), range(3))


def letters(figure, sheet):
    return sorted(
        (text.get_text(), round(text.get_position()[0], 2))
        for text in found(figure, f"{sheet} letter")
    )


def test_a_transposed_convolution_marks_what_meets_at_the_cell(seen):
    worked = convolve("1 2; 3 4", "1 2 3; 4 5 6; 7 8 9", transposed=True, stride=2)
    figure = draw(worked, 2, 2)
    assert framed(figure, "window 0", "image 0") == block((0, 1), (0, 1))
    assert gids(figure, "kernel 0 frame") == {
        f"kernel 0 frame {r},{c}" for r in (0, 2) for c in (0, 2)
    }
    assert [name for name, _ in letters(figure, "image 0")] == list("abcd")
    corner = found(figure, "kernel 0 at 2,2")[0].get_position()
    last = next(text for text in found(figure, "kernel 0 letter") if text.get_text() == "a")
    assert np.hypot(*np.subtract(last.get_position(), corner)) < 0.25
    assert "9·1 + 7·2 + 3·3 + 1·4 = 36" in seen(figure).words()
    turned = draw(convolve("1 2", "1 2 3", transposed=True, stride=2, mode="convolution"), 0, 0)
    assert gids(turned, "kernel 0 frame") == {"kernel 0 frame 0,0"}
    assert numbers(turned, "kernel 0")[0, 0] == "3"


def test_a_cell_that_no_image_cell_reaches_has_no_window(seen):
    figure = draw(convolve("1 2; 3 4", "1", transposed=True, stride=2), 1, 1)
    assert gids(figure, "window") == set()
    assert "output[1, 1] = 0" in seen(figure).words()


def test_fractions_are_exact_and_long_numbers_rounded_with_a_note(seen):
    figure = draw(convolve("1/3 1/2", "1 -1"), 0, 0)
    assert numbers(figure, "output") == {(0, 0): "−1/6"}
    assert "1·1/3" in seen(figure).words() or "1·(1/3)" in seen(figure).words()
    view = seen(draw(convolve("1000000000001 0.25", "1 1"), 0, 0))
    assert numbers(view.figure, "image 0") == {(0, 0): "≈1.00e12", (0, 1): "0.25"}
    assert "≈ stands before numbers rounded" in view.words()
    assert "1·1000000000001" in view.words()


def test_numbers_beyond_floats_are_drawn():
    figure = draw(convolve([[10**350, -(10**350)]], "1 1"), 0, 0)
    assert numbers(figure, "image 0") == {(0, 0): "≈1.00e350", (0, 1): "≈−1.00e350"}


def picture(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width)).tolist()


def test_a_large_image_is_a_picture_with_the_window_enlarged(seen):
    pixels = picture(20, 30)
    figure = draw(convolve(pixels, KERNEL), 3, 5)
    assert numbers(figure, "image 0") == {}
    (image,) = found(figure, "image 0 picture")
    assert (np.asarray(image.get_array())[..., 0] == pixels).all()
    assert rows_of(numbers(figure, "window 0")) == [
        [str(pixels[row][column]) for column in (5, 6, 7)] for row in (3, 4, 5)
    ]
    words = seen(figure).words()
    result = np.array(convolve(pixels, KERNEL).output_FHW[0])
    assert f"least −{-result.min()}, greatest {result.max()}" in words
    assert "No numbers are written into image and output" in words


def test_around_a_picture_the_window_shows_its_padding():
    figure = draw(convolve(picture(20, 20), KERNEL, padding=1), 0, 0)
    assert rows_of(numbers(figure, "window 0"))[0] == ["0", "0", "0"]
    assert found(figure, "window 0 padding")[0].get_hatch()


def test_a_large_kernel_is_shown_without_numbers(seen):
    figure = draw(convolve(picture(14, 14), picture(12, 12)), 1, 1)
    assert numbers(figure, "kernel 0") == {}
    assert found(figure, "kernel 0 picture")
    assert "No numbers are written into kernel:" in seen(figure).words()


def test_drawing_twice_gives_the_same_bytes(tmp_path):
    worked = convolve(IMAGE, KERNEL, padding=1)
    first = save_figure(draw(worked, 1, 1), tmp_path / "first")
    second = save_figure(draw(worked, 1, 1), tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


WORKED = {
    "example": lambda: convolve(IMAGE, KERNEL, padding=1, boundary="reflect", mode="convolution"),
    "channels": lambda: convolve(
        np.arange(96).reshape(6, 4, 4).tolist(), np.ones((2, 6, 3, 3), int).tolist(), bias=[1, 2]
    ),
    "long numbers": lambda: convolve("-1/12345 1 22/7; 3 4 5", "123456 -1/3; 2 0.125"),
    "one cell": lambda: convolve("3", "-2"),
    "a row": lambda: convolve(ROW, "1 2"),
    "pooling": lambda: pool(SQUARE, 3, padding=1, stride=1),
    "transposed": lambda: convolve(SQUARE, SQUARE, transposed=True, stride=3, padding=2),
    "picture": lambda: convolve(picture(40, 60), picture(9, 9), padding=4),
    "wide": lambda: convolve(picture(12, 12), KERNEL, padding=1),
}


@pytest.mark.parametrize("name", WORKED)
def test_nothing_is_cut_and_no_text_lies_over_another(name, seen):
    worked = WORKED[name]()
    last = len(worked.output_FHW[0]) - 1, len(worked.output_FHW[0][0]) - 1
    view = seen(draw(worked, *last))
    assert not view.cut()
    assert view.overlapping(view.texts()) == []


def test_the_real_zebra_with_a_sobel_kernel(seen):
    data = Path(os.environ.get("GREVY_TEST_DATA", Path(__file__).parents[4] / "shared/data"))
    if not (data / "zebra.jpg").exists():
        pytest.skip(f"no zebra.jpg in {data}")
    with Image.open(data / "zebra.jpg") as opened:
        pixels = np.asarray(opened.convert("L").resize((96, 64))).tolist()
    figure = draw(convolve(pixels, KERNEL, padding=1), 30, 40)
    assert rows_of(numbers(figure, "window 0"))[1] == [str(v) for v in pixels[30][39:42]]
    assert not seen(figure).cut()
