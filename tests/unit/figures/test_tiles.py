from itertools import combinations

import numpy as np
import pytest
from measure import LEAST, faults

from grevy.errors import InputError
from grevy.figures.page import DPI
from grevy.figures.scale import NOT_A_NUMBER, activations_scale, render, weights_scale
from grevy.figures.sheet import _grids as grids
from grevy.figures.sheet import draw_sheet
from grevy.figures.stamps import stamp, stamp_width
from grevy.figures.tile_grid import LARGEST, enlargement, scaled
from grevy.figures.tiles import ASKED, Band, Sheet, Tile, paged, pages, untitled

YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


def tile(index=0, side=4, **more):
    picture = np.random.default_rng(index).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Tile(picture, str(index), "min −1 max 2 mean 0.5", **more)


def drawn(rows, title="", scale=None, notes=(), row_titles=(), lines=(), numbers=""):
    """Rows of tiles; with titles each in a band of its own, else all in one."""
    if row_titles:
        bands = [Band((row,), name) for row, name in zip(rows, row_titles, strict=True)]
    else:
        bands = [Band(tuple(rows), "", numbers, scale)]
    return draw_sheet(Sheet("", title, tuple(bands), tuple(lines), tuple(notes)))


def bars(figure):
    return [i for axes in figure.axes for i in axes.images if i.get_gid() == "bar"]


def stamped(figure):
    """The words that are drawn letter by letter."""
    return "\n".join(c.get_label() for axes in figure.axes for c in axes.collections)


@pytest.fixture
def stamps(monkeypatch):
    """Boxes in inches of all lines that are drawn letter by letter, and their points."""
    found = []

    def note(page, canvas, lines, size, *colour):
        boxes = [(line.left, line.base, stamp_width(line.text, size), size) for line in lines]
        found.extend(box for box in boxes if box[2])
        stamp(page, canvas, lines, size, *colour)

    for place in ("tile_grid", "colour_bar"):
        monkeypatch.setattr(f"grevy.figures.{place}.stamp", note)
    return found


def lie_on_each_other(a, b):
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1], b[1]) - max(a[1] - 0.7 * a[3] / 72, b[1] - 0.7 * b[3] / 72)
    return wide > 0.01 and high > 0.01


def sheet_of(figure):
    (image,) = [i for axes in figure.axes for i in axes.images if i.get_gid() == "tiles"]
    return np.asarray(image.get_array())[..., :3]


def holds(sheet, picture):
    height, width = picture.shape[:2]
    first = np.argwhere((sheet[: -height + 1, : -width + 1] == picture[0, 0]).all(2))
    return any((sheet[y : y + height, x : x + width] == picture).all() for y, x in first)


def test_every_value_is_a_square_of_its_exact_colour(seen):
    tiles = [tile(0), tile(1, side=8)]
    sheet = sheet_of(drawn([tiles], "two", None))
    for one in tiles:
        factor = enlargement(one.picture_HW3.shape[:2], 1.5)
        assert factor > 1
        assert holds(sheet, one.picture_HW3.repeat(factor, 0).repeat(factor, 1))


def test_the_pixels_of_the_page_are_those_of_the_tiles(seen):
    one = tile(3)
    factor = enlargement((4, 4), 1.5)
    page = seen(drawn([[one]], "one", None)).pixels
    assert holds(page, one.picture_HW3.repeat(factor, 0).repeat(factor, 1))


def test_titles_numbers_notes_lines_and_the_size_are_on_the_page(seen):
    figure = drawn(
        [[tile(14)], [tile(15)]], "the title", None, ["A note."], ["row a", "row b"], ["A line."]
    )
    words = seen(figure).words() + stamped(figure)
    for text in ("the title", "A note.", "A line.", "row a", "row b", "14", "15", "mean 0.5"):
        assert text in words, text
    assert "4×4, enlarged 56 times" in words
    assert not seen(figure).cut()


def test_a_scale_is_a_bar_with_its_numbers_and_its_note(seen):
    values = np.array([[0.0, 3.25], [np.nan, 1.0]])
    scale = activations_scale(values)
    figure = drawn([[Tile(render(values, scale), "a", "")]], "one", scale)
    words = stamped(figure)
    for text in ("3.25", "0", "NaN"):
        assert text in words, text
    assert "1 value NaN or infinite, drawn yellow" in seen(figure).words()
    (bar,) = [bar for bar in bars(figure) if np.shape(bar.get_array())[:2] == (201, 1)]
    np.testing.assert_array_equal(
        np.asarray(bar.get_array()), render(np.linspace(3.25, 0, 201)[:, None], scale)
    )
    page = seen(figure).pixels
    assert (page == YELLOW).all(2).sum() > (56 * 56)  # the tile's value, and its key


def test_without_nan_nothing_is_yellow(seen):
    values = np.array([[0.0, -3.0]])
    scale = weights_scale(values)
    page = seen(drawn([[Tile(render(values, scale), "a", "")]], "one", scale)).pixels
    assert not (page == YELLOW).all(2).any()


def test_each_band_has_its_own_bar_beside_it():
    scales = [activations_scale(np.array([high])) for high in (1.0, 2.0, 3.0)]
    bands = tuple(Band(([tile()],), f"band {i}", "", scale) for i, scale in enumerate(scales))
    figure = draw_sheet(Sheet("", "three", bands))
    found = bars(figure)
    assert len(found) == 3
    grids = [i for axes in figure.axes for i in axes.images if i.get_gid() == "tiles"]
    for bar, grid in zip(found, grids, strict=True):
        left, _, bottom, top = bar.get_extent()
        assert left > grid.get_extent()[1]  # right of its tiles, and as high
        assert grid.get_extent()[3] <= top < bottom <= grid.get_extent()[2]


def test_what_a_scale_leaves_out_stands_in_the_line_of_its_band(seen):
    values = np.tile(np.arange(1000) / 1000, 4).reshape(40, 100)
    values[0, :3] = 50, 60, 70
    scale = activations_scale(values)
    view = seen(drawn([[Tile(render(values, scale), "a")]], "one", scale, numbers="min 0"))
    words = " ".join(view.words().split())
    assert "min 0 · 40×100, enlarged 2 times · the scale ends at the 99.9 percentile; " in words
    assert "3 values beyond it, up to 70, drawn like it" in words


def test_one_line_of_numbers_stands_for_those_of_each_tile(seen):
    words = seen(figure := drawn([[tile(0), tile(1)]], "one", numbers="min −3 max 4")).words()
    assert "min −3 max 4 · 4×4" in words
    assert "mean 0.5" not in stamped(figure)
    assert "mean 0.5" in stamped(drawn([[tile(0), tile(1)]], "each its own"))


def test_columns_are_the_same_in_all_bands():
    small = Band(([tile(i) for i in range(8)],), "", "n")
    coarse = Band(([tile(i, side=9) for i in range(8)],), "", "n")
    large = Band(([tile(1, side=40), tile(2, side=40)],), "", "n", inches=ASKED)
    plan = grids([large, small, coarse])
    lefts = [[grid.left(i) for i in range(len(grid.rows[0]))] for grid in plan]
    assert lefts[1] == lefts[2]
    assert any(abs(lefts[0][1] - left) < 1e-9 for left in lefts[1])
    sizes = [max(t.picture_HW3.shape) for grid in plan for t in grid.rows[0]]
    assert sizes[0] > 3 * sizes[-1]  # what is asked is the largest


def test_sentences_stand_beside_the_picture_where_there_is_room():
    def place(bands):
        figure = draw_sheet(Sheet("", "one", bands, ("Found.",)))
        (line,) = [text for text in figure.texts if text.get_text() == "Found."]
        return line.get_position()

    picture = Band(([tile(1, side=40)],), "", "n", inches=1.6)
    row = Band(([tile(i) for i in range(8)],), "", "n")
    left, high = place((picture, row))
    assert left > 0.2
    assert high > 0.5
    left, low = place((row, row))
    assert left < 0.05
    assert low < 0.2


@pytest.mark.parametrize(("count", "side"), [(1, 8), (5, 1), (8, 112), (16, 300), (40, 8)])
def test_no_fault_is_found_on_a_page_of_tiles(stamps, count, side):
    scale = activations_scale(np.array([-12.3, 18.0, np.nan]))
    rows, _ = paged([tile(i, side) for i in range(count)])
    name = "a class name of sixty letters that goes on and on and on"
    bands = (
        Band(([tile(0, 64), Tile(tile(1, 64).picture_HW3, f"for {name}", f"says {name}")],),
             f"It says {name}", scale=scale, over=True, inches=ASKED),
        Band(tuple(rows), "filters of a layer", "min −0.3 max 4 mean 0.01", scale),
        untitled(Band(tuple(rows), "what they make of it", "min −0.3 max 4", scale)),
    )  # fmt: skip
    figure = draw_sheet(Sheet("a run", name, bands, ("Found. " * 20,), ("Note. " * 40,)))
    assert faults(figure) == []
    assert min(size for *_, size in stamps) >= LEAST
    width = figure.get_size_inches()[0]
    assert all(0 < left < left + wide < width for left, _, wide, _ in stamps)
    assert not any(lie_on_each_other(a, b) for a, b in combinations(stamps, 2))


def test_a_marked_tile_is_framed():
    def marks(figure):
        return sum(
            len(c.get_paths()) for a in figure.axes for c in a.collections if c.get_gid() == "marks"
        )

    assert marks(drawn([[tile(0), tile(1)]], "none", None)) == 0
    assert marks(drawn([[tile(0), tile(1, marked=True)]], "one", None)) == 2  # rim and frame


def test_a_picture_that_is_too_large_is_shrunk_by_averaging_and_the_page_says_so(seen):
    assert enlargement((LARGEST, LARGEST), 0.6) == 1
    assert enlargement((LARGEST + 1, 3), 0.6) == -2
    picture = np.zeros((3, 4, 3), np.uint8)
    picture[:2, :2] = [[[0]], [[100]]]
    picture[2, 2:] = 50
    assert scaled(picture, -2)[..., 0].tolist() == [[50, 0], [0, 50]]
    figure = drawn([[tile(0, side=600)]], "large", None)
    assert "600×600, shrunk 3 times by averaging colours" in seen(figure).words()


@pytest.mark.parametrize("side", [1, 3, 28, 100, 256])
def test_tiles_of_any_size_stay_between_half_an_inch_and_two(side):
    factor = enlargement((side, side), 1.5)
    assert factor >= 1
    assert 0.5 <= side * factor / DPI <= 2


def test_long_titles_are_neither_cut_nor_outside_the_page(seen):
    row = [Tile(tile().picture_HW3, "a title of many words " * 3, "9" * 30) for _ in range(16)]
    assert not seen(drawn([row] * 2, "word " * 60, None, ["note " * 200])).cut()


def test_a_page_without_tiles_says_so(seen):
    assert "There is no tile to show." in seen(drawn([], "nothing", None)).words()


@pytest.mark.parametrize(
    "picture",
    [np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)],
)
def test_what_is_not_rendered_is_refused(picture):
    with pytest.raises(InputError, match="render its values first"):
        drawn([[Tile(picture, "", "")]], "wrong", None)


def test_tiles_come_in_pages_in_order():
    tiles = [tile(i) for i in range(300)]
    assert [pages(n) for n in (0, 1, 128, 129, 300)] == [1, 1, 1, 2, 3]
    shown = [t.title for page in (1, 2, 3) for row in paged(tiles, page)[0] for t in row]
    assert shown == [str(i) for i in range(300)]
    rows, notes = paged(tiles, 2)
    assert {len(row) for row in rows} == {16}
    assert notes == ("Page 2 of 3: 129 to 256 of 300 shown.",)
    assert paged(tiles[:128])[1] == ()
    for wrong in (0, 4):
        with pytest.raises(InputError, match="1 to 3"):
            paged(tiles, wrong)


def test_a_sheet_draws_what_it_holds(seen):
    scale = activations_scale(np.array([1.5]))
    band = Band(([tile(7)],), "row", "", scale)
    sheet = Sheet("net", "conv1", (band,), ("Found.",), ("Note.",))
    assert (sheet.row_titles, sheet.scales) == (("row",), (scale,))
    figure = draw_sheet(sheet)
    words = seen(figure).words() + stamped(figure)
    for text in ("net: conv1", "row", "7", "1.5", "Found.", "Note."):
        assert text in words, text
