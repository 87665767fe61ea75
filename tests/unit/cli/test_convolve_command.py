import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from grevy.cli.main import main

ASSIGNMENT = "1 0 2 3 1; 3 2 0 7 0; 0 6 1 1 4"
SOBEL = "-1 0 1; -2 0 2; -1 0 1"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `grevy convolve ... --json` and gives the object that it printed."""

    def run(*words: str) -> Any:
        main(["convolve", *words, "--json"])
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ([], [[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]]),
        (
            ["--mode", "convolution"],
            [[-2, 1, -11, 2, 13], [-10, 4, -8, -2, 18], [-14, 1, 5, -6, 9]],
        ),
        (
            ["--mode", "convolution", "--boundary", "reflect"],
            [[0, 4, -16, 2, 0], [0, 4, -8, -2, 0], [0, 4, 0, -6, 0]],
        ),
    ],
)
def test_the_assignment(words: list[str], output: list[list[int]], said: Any) -> None:
    found = said("--image", ASSIGNMENT, "--kernel", SOBEL, "--padding", "1", *words)
    assert found["output"] == output
    assert len(found["sums"]) == 15


def test_small_work_starts_without_numpy_and_rich() -> None:
    program = (
        "import sys; from grevy.cli.main import main; main(sys.argv[1:]);"
        "slow = {'numpy', 'torch', 'rich', 'pydantic', 'typeguard'} & set(sys.modules);"
        "assert not slow, slow"
    )
    words = ["convolve", "--image", ASSIGNMENT, "--kernel", SOBEL, "--json"]
    subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True)


def test_the_terminal_shows_the_sums_and_what_to_do_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["convolve", "--image", ASSIGNMENT, "--kernel", SOBEL, "--cell", "0,2"])
    shown = capsys.readouterr().out
    assert "kernel is laid on as it is" in shown
    assert "output[0, 2] = (−1)·2 + 0·3" in shown
    assert "output[0, 1]" not in shown
    assert "next" in shown


def test_pooling_by_window_and_by_output_size(said: Any) -> None:
    words = ("--image", ASSIGNMENT, "--pool")
    assert said(*words, "max", "--window", "2")["output"] == [[3, 7]]
    assert said(*words, "average", "--output-size", "1x1")["output"] == [["31/15"]]
    uncounted = ("--window", "2", "--padding", "1", "--no-count-padding")
    assert said(*words, "average", *uncounted)["output"][0] == [1, 1, 2]
    hanging = said(*words, "max", "--window", "2x2", "--stride", "2", "--ceil")
    assert hanging["output"] == [[3, 7, 1], [6, 1, 4]]


def test_channels_filters_bias_and_the_transpose(said: Any) -> None:
    found = said("--image", "1 2|3 4", "--kernel", "1|1||2|-1", "--bias", "-1 .5")
    assert found["output"] == [[[3, 5]], [[-0.5, 0.5]]]
    found = said("--image", "1 2", "--kernel", "1 1|3 0", "--transposed", "--stride", "2")
    assert found["output"] == [[[1, 1, 2, 2]], [[3, 0, 6, 0]]]


def test_numbers_from_csv_files(tmp_path: Path, said: Any) -> None:
    (tmp_path / "image.csv").write_text("\ufeff1, 2\n3,0.5\n \n5,6\n7,8\n\n", "utf-8")
    (tmp_path / "kernel.csv").write_text("1;1\n\n1;1\n")
    found = said("--image", str(tmp_path / "image.csv"), "--kernel", str(tmp_path / "kernel.csv"))
    assert found["output"] == [[[14], [18.5]]]


def test_numbers_from_pictures(tmp_path: Path, said: Any) -> None:
    pixels_HWC = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    picture = tmp_path / "colours.png"
    Image.fromarray(pixels_HWC).save(picture)
    found = said("--image", str(picture), "--kernel", "1|-1|2")
    assert np.array_equal(found["output"][0], pixels_HWC.astype(int) @ [1, -1, 2])
    found = said("--image", str(picture), "--kernel", "1", "--gray")
    assert np.array_equal(found["output"], Image.fromarray(pixels_HWC).convert("L"))


def test_files_of_every_kind_are_written_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["sums.md", "sums.txt", "sums.tex", "sums.html", "sums.json", "sums.png", "walk.gif"]
    words = [word for name in names for word in ("--out", str(tmp_path / name))]
    main(["convolve", "--image", "1 2; 3 4", "--kernel", "1 -1", *words])
    shown = capsys.readouterr().out
    for name in [*names, "sums.svg"]:
        assert (tmp_path / name).stat().st_size > 100
        assert str(tmp_path / name) in shown
    assert json.loads((tmp_path / "sums.json").read_text())["output"] == [[-1], [-1]]
    assert "output[1, 0] = 1·3 + (−1)·4 = −1" in (tmp_path / "sums.txt").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--image", "1 2; 3", "--kernel", "1"], "row 1 of the image with 1 number"),
        (["--image", "1 two", "--kernel", "1"], "'two'"),
        (["--image", "1 2; 3 4", "--kernel", "1 1", "--padding", "same"], "padding 0,0,0,1"),
        (["--image", "1 2; 3 4", "--kernel", "1 1 1"], "1×3 on an image of 2×2"),
        (["--image", "1 2", "--kernel", "1", "--stride", "0"], "stride 0"),
        (["--image", "1 2", "--kernel", "1", "--cell", "4,4"], "cell 4,4"),
        (["--image", "1 2", "--kernel", "1", "--cell", "a"], "--cell a"),
        (["--image", "1 2", "--kernel", "1", "--filter", "1"], "--filter without --cell"),
        (["--image", "1 2", "--kernel", "1", "--window", "2", "--ceil"], "--window and --ceil"),
        (["--image", "1 2", "--kernel", "1", "--pool", "max"], "--kernel together with --pool"),
        (["--image", "1 2", "--pool", "max"], "--window or --output-size"),
        (["--image", "1 2", "--pool", "max", "--window", "1", "--padding", "same"], "'same'"),
        (["--image", "1 2"], "no kernel"),
        (["--image", "cat.png", "--kernel", "1"], "no file 'cat.png'"),
        (["--image", "1 2", "--kernel", "1", "--out", "sums.doc"], ".svg or .gif"),
        (["--kernel", "1"], "--image"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["convolve", *words])
    told = capsys.readouterr()
    assert stop.value.code == 2
    assert message in told.err
    assert len(told.err.splitlines()) == 1
    assert not told.out


def test_a_colour_picture_with_one_kernel_says_how_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "cat.png")
    with pytest.raises(SystemExit):
        main(["convolve", "--image", str(tmp_path / "cat.png"), "--kernel", "1"])
    assert "--gray" in capsys.readouterr().err


def test_a_broken_picture_and_a_binary_csv_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cat.png", "cat.csv"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00nonsense")
        with pytest.raises(SystemExit) as stop:
            main(["convolve", "--image", str(tmp_path / name), "--kernel", "1"])
        assert stop.value.code == 2
        assert name in capsys.readouterr().err


@pytest.mark.parametrize("word", ["x", "1", "-1,0", "1,2,3"])
def test_a_cell_must_be_a_row_and_a_column(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["convolve", "--image", "1 2; 3 4", "--kernel", "2", "--cell", word])
    assert f"--cell {word}; expected row,column" in capsys.readouterr().err


def test_a_path_without_an_ending_is_taken_for_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["convolve", "--image", str(tmp_path / "nothing"), "--kernel", "2"])
    assert "no file" in capsys.readouterr().err
