from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from grevy.arithmetic.convolve import convolve
from grevy.arithmetic.pool import pool
from grevy.errors import CellNotFoundError, SaveError
from grevy.figures.animation import FRAMES, animate_convolution, stops
from grevy.figures.convolution import draw_convolution

IMAGE = "1 0 2 3 1; 3 2 0 7 0; 0 6 1 1 4"
KERNEL = "-1 0 1; -2 0 2; -1 0 1"


def frames(path):
    with Image.open(path) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            yield np.asarray(gif.convert("RGB")), gif.info["duration"]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("animation") / "example.gif"
    return animate_convolution(convolve(IMAGE, KERNEL, padding=1), path)


def test_each_cell_has_a_frame_and_the_last_is_held(example):
    durations = [duration for _, duration in frames(example)]
    assert len(durations) == 15
    assert durations[-1] > 2 * durations[0]
    with Image.open(example) as gif:
        assert gif.info["loop"] == 0


def coloured(pixels, box):
    """Pixels in a box that are neither gray nor a frame's orange."""
    left, top, right, bottom = box
    part = pixels[top:bottom, left:right].astype(int)
    is_blue_or_red = np.abs(part[..., 0] - part[..., 2]) > 8
    is_orange = (part[..., 2] < 40) & (part[..., 0] > 80)
    return int((is_blue_or_red & ~is_orange).sum())


def test_the_output_fills_up_in_reading_order(example):
    pictures = [pixels for pixels, _ in frames(example)]
    height, width, _ = pictures[0].shape
    output = (int(0.7 * width), int(0.3 * height), width, int(0.7 * height))
    filled = [coloured(pixels, output) for pixels in pictures]
    assert all(later > earlier for earlier, later in pairwise(filled))
    upper = (output[0], output[1], width, int(0.43 * height))
    assert coloured(pictures[4], upper) == pytest.approx(coloured(pictures[14], upper), rel=0.05)


def test_the_page_stays_white_and_its_static_part_the_same(example):
    pictures = [pixels for pixels, _ in frames(example)]
    assert all((pixels[:5] == 255).all() for pixels in pictures)
    title = [pixels[:35] for pixels in pictures]
    assert all((part == title[0]).all() for part in title)
    assert (title[0] < 128).any()


def test_the_sum_of_each_frame_differs(example):
    sums = [
        pixels[int(0.8 * len(pixels)) : int(0.88 * len(pixels))] for pixels, _ in frames(example)
    ]
    assert len({part.tobytes() for part in sums}) == 15


def test_the_same_input_gives_the_same_small_file(example, tmp_path):
    again = animate_convolution(convolve(IMAGE, KERNEL, padding=1), tmp_path / "again.gif")
    assert again.read_bytes() == example.read_bytes()
    assert example.stat().st_size < 200_000


@pytest.mark.parametrize(
    "worked",
    [
        pool("1 2 3 4; 5 6 7 8", 2),
        convolve("1 2; 3 4", "1 2; 3 4", transposed=True, stride=2),
        convolve("3", "-2"),
        convolve([[[1, 2]], [[3, 4]]], [[[[1]], [[2]]]] * 2, bias=[1, 2]),
    ],
    ids=["pooling", "transposed", "one cell", "channels"],
)
def test_every_operation_has_as_many_frames_as_cells(worked, tmp_path):
    path = animate_convolution(worked, tmp_path / "new folder" / "a.gif")
    cells = len(worked.output_FHW[0]) * len(worked.output_FHW[0][0])
    assert len(list(frames(path))) == cells


def test_another_filter_gives_another_animation(tmp_path):
    worked = convolve("1 2 3", [[[[1, 1]]], [[[1, -1]]]])
    first = animate_convolution(worked, tmp_path / "0.gif")
    second = animate_convolution(worked, tmp_path / "1.gif", filter=1)
    assert first.read_bytes() != second.read_bytes()


def test_of_too_many_cells_evenly_spaced_ones_have_a_frame():
    assert stops(FRAMES) == list(range(FRAMES))
    for count in (FRAMES + 1, 1_024, 25_600):
        chosen = stops(count)
        assert len(chosen) == FRAMES
        assert chosen[-1] == count - 1
        steps = {later - earlier for earlier, later in pairwise([-1, *chosen])}
        assert steps <= {count // FRAMES, -(-count // FRAMES)}


def test_cells_without_a_frame_appear_with_the_next_and_a_note_says_so(tmp_path, monkeypatch):
    worked = convolve(np.arange(320).reshape(16, 20).tolist(), "-1 0 20")
    monkeypatch.setattr("grevy.figures.animation.FRAMES", 5)
    pictures = [pixels for pixels, _ in frames(animate_convolution(worked, tmp_path / "a.gif"))]
    assert len(pictures) == 5
    height = draw_convolution(worked, worked.cell(0, 0)).get_size_inches()[1]
    assert len(pictures[0]) > 100 * height + 5  # a line more: the note
    right = [pixels[:, pixels.shape[1] * 2 // 3 :] for pixels in pictures]
    filled = [coloured(part, (0, 0, part.shape[1], len(part))) for part in right]
    assert filled[1] == pytest.approx(2 * filled[0], rel=0.2)


def test_wrong_input_is_refused_and_nothing_is_written(tmp_path):
    worked = convolve(IMAGE, KERNEL)
    with pytest.raises(CellNotFoundError, match="filter 1"):
        animate_convolution(worked, tmp_path / "a.gif", filter=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError):
        animate_convolution(worked, tmp_path / "file" / "a.gif")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_large_windows_have_fewer_frames():
    assert len(stops(784, 169)) == 71
    assert stops(784, 169)[-1] == 783
    assert len(stops(784, 10_000)) == 24
    assert stops(10, 10_000) == list(range(10))


def test_the_grays_of_a_photograph_stay_smooth(tmp_path):
    """Every gray of a ramp of 32 × 32 cells is off by less than an eye can see, and stays gray."""
    ramp = (np.arange(1024) // 4).reshape(32, 32)
    worked = convolve(ramp.tolist(), "-1 0 1", stride=8)
    *_, (pixels, _) = frames(animate_convolution(worked, tmp_path / "a.gif"))
    part = pixels[:, : pixels.shape[1] // 3].astype(int)
    gray = np.ptp(part, axis=2) <= 6
    assert gray.mean() > 0.97  # all but the frame around the window
    shown = np.unique(part[gray].mean(1).round())
    apart = np.abs(np.arange(256)[:, None] - shown).min(1)
    assert apart.max() <= 3
