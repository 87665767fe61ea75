import numpy as np
import pytest

from grevy.errors import InputError
from grevy.figures.page import DPI
from grevy.figures.scale import NOT_A_NUMBER, activations_scale, render, weights_scale
from grevy.figures.tile_grid import LARGEST, enlargement, scaled
from grevy.figures.tiles import Sheet, Tile, draw_tiles, paged, pages

YELLOW = [int(NOT_A_NUMBER[i : i + 2], 16) for i in (1, 3, 5)]


def tile(index=0, side=4, **more):
    picture = np.random.default_rng(index).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Tile(picture, str(index), "min −1 max 2 mean 0.5", **more)


def stamped(figure):
    """The words that are drawn letter by letter."""
    return "\n".join(c.get_label() for axes in figure.axes for c in axes.collections)


def sheet_of(figure):
    (image,) = [i for axes in figure.axes for i in axes.images if i.get_gid() == "tiles"]
    return np.asarray(image.get_array())[..., :3]


def holds(sheet, picture):
    height, width = picture.shape[:2]
    first = np.argwhere((sheet[: -height + 1, : -width + 1] == picture[0, 0]).all(2))
    return any((sheet[y : y + height, x : x + width] == picture).all() for y, x in first)


def test_every_value_is_a_square_of_its_exact_colour(seen):
    tiles = [tile(0), tile(1, side=8)]
    sheet = sheet_of(draw_tiles([tiles], "two", None))
    for one in tiles:
        factor = enlargement(one.picture_HW3.shape[:2], 1.5)
        assert factor > 1
        assert holds(sheet, one.picture_HW3.repeat(factor, 0).repeat(factor, 1))


def test_the_pixels_of_the_page_are_those_of_the_tiles(seen):
    one = tile(3)
    factor = enlargement((4, 4), 1.5)
    page = seen(draw_tiles([[one]], "one", None)).pixels
    assert holds(page, one.picture_HW3.repeat(factor, 0).repeat(factor, 1))


def test_titles_numbers_notes_lines_and_the_size_are_on_the_page(seen):
    figure = draw_tiles(
        [[tile(14)], [tile(15)]], "the title", None, ["A note."], ["row a", "row b"], ["A line."]
    )
    words = seen(figure).words() + stamped(figure)
    for text in ("the title", "A note.", "A line.", "row a", "row b", "14", "15", "mean 0.5"):
        assert text in words, text
    assert "Size of the tiles: 4×4, enlarged 56 times." in words
    assert not seen(figure).cut()


def test_a_scale_is_a_bar_with_its_numbers_and_its_note(seen):
    values = np.array([[0.0, 3.25], [np.nan, 1.0]])
    scale = activations_scale(values)
    figure = draw_tiles([[Tile(render(values, scale), "a", "")]], "one", scale)
    words = stamped(figure)
    for text in ("3.25", "0", "NaN", "one scale for the layer"):
        assert text in words, text
    (bar,) = [
        i for axes in figure.axes for i in axes.images if np.shape(i.get_array())[:2] == (1, 201)
    ]
    np.testing.assert_array_equal(
        np.asarray(bar.get_array())[0], render(np.linspace(0, 3.25, 201), scale)
    )
    page = seen(figure).pixels
    assert (page == YELLOW).all(2).sum() > (56 * 56)  # the tile's value, and its key


def test_without_nan_nothing_is_yellow(seen):
    values = np.array([[0.0, -3.0]])
    scale = weights_scale(values)
    page = seen(draw_tiles([[Tile(render(values, scale), "a", "")]], "one", scale)).pixels
    assert not (page == YELLOW).all(2).any()


def test_each_scale_has_its_own_bar():
    scales = [activations_scale(np.array([high])) for high in (1.0, 2.0, 3.0)]
    figure = draw_tiles([[tile()]], "three", scales)
    bars = [i for a in figure.axes for i in a.images if np.shape(i.get_array())[:2] == (1, 201)]
    assert len(bars) == 3


def test_a_marked_tile_is_framed():
    def marks(figure):
        return sum(
            len(c.get_paths()) for a in figure.axes for c in a.collections if c.get_gid() == "marks"
        )

    assert marks(draw_tiles([[tile(0), tile(1)]], "none", None)) == 0
    assert marks(draw_tiles([[tile(0), tile(1, marked=True)]], "one", None)) == 2  # rim and frame


def test_a_picture_that_is_too_large_is_shrunk_by_averaging_and_the_page_says_so(seen):
    assert enlargement((LARGEST, LARGEST), 0.6) == 1
    assert enlargement((LARGEST + 1, 3), 0.6) == -2
    picture = np.zeros((3, 4, 3), np.uint8)
    picture[:2, :2] = [[[0]], [[100]]]
    picture[2, 2:] = 50
    assert scaled(picture, -2)[..., 0].tolist() == [[50, 0], [0, 50]]
    figure = draw_tiles([[tile(0, side=600)]], "large", None)
    assert "600×600, shrunk 3 times by averaging colours" in seen(figure).words()


@pytest.mark.parametrize("side", [1, 3, 28, 100, 256])
def test_tiles_of_any_size_stay_between_half_an_inch_and_two(side):
    factor = enlargement((side, side), 1.5)
    assert factor >= 1
    assert 0.5 <= side * factor / DPI <= 2


def test_long_titles_are_neither_cut_nor_outside_the_page(seen):
    row = [Tile(tile().picture_HW3, "a title of many words " * 3, "9" * 30) for _ in range(16)]
    assert not seen(draw_tiles([row] * 2, "word " * 60, None, ["note " * 200])).cut()


def test_a_page_without_tiles_says_so(seen):
    assert "There is no tile to show." in seen(draw_tiles([], "nothing", None)).words()


@pytest.mark.parametrize(
    "picture",
    [np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)],
)
def test_what_is_not_rendered_is_refused(picture):
    with pytest.raises(InputError, match="render its values first"):
        draw_tiles([[Tile(picture, "", "")]], "wrong", None)


def test_as_many_row_titles_as_rows_or_none():
    with pytest.raises(InputError, match="1 rows and 2 titles"):
        draw_tiles([[tile()]], "wrong", None, row_titles=["a", "b"])


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
    sheet = Sheet("net", "conv1", ([tile(7)],), ("row",), (scale,), ("Found.",), ("Note.",))
    figure = sheet.draw()
    words = seen(figure).words() + stamped(figure)
    for text in ("net: conv1", "row", "7", "1.5", "Found.", "Note."):
        assert text in words, text
