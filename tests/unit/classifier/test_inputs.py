"""A picture in any form is shown as the network sees it, and what was done to it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from grevy.classifier.inputs import Inputs, Pictures, read_inputs
from grevy.errors import (
    DataFormatError,
    DataNotFoundError,
    EmptyDataError,
    UnreadablePictureError,
)
from grevy.records.preprocessing import Preprocessing

RGB = Preprocessing(3, 8, 8, "crop", (0.5, 0.25, 0.0), (0.5, 0.25, 1.0))
GRAY = Preprocessing(1, 8, 8, "pad", (0.5,), (0.25,))
PIXELS = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)


def read(pictures: Pictures, preprocessing: Preprocessing = RGB) -> Inputs:
    return read_inputs(pictures, preprocessing, torch.device("cpu"))


def note_of(pictures: Pictures, preprocessing: Preprocessing = RGB) -> str:
    (note,) = read(pictures, preprocessing).notes
    return note


def saved(folder: Path, image: Image.Image, name: str = "picture.png", **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


def test_a_picture_that_fits_is_untouched_and_nothing_is_told() -> None:
    inputs = read(PIXELS)
    np.testing.assert_array_equal(inputs.pixels_NHWC[0], PIXELS)
    assert inputs.notes == ("",)
    assert inputs.told() == ()
    assert inputs.names == ("picture 0",)


def test_normalisation_is_pixels_over_255_minus_mean_over_deviation() -> None:
    images_NCHW = read(PIXELS).images_NCHW
    expected_HWC = (PIXELS / 255 - np.array(RGB.mean)) / np.array(RGB.standard_deviation)
    np.testing.assert_allclose(images_NCHW[0], expected_HWC.transpose(2, 0, 1), atol=1e-6)
    assert images_NCHW.dtype == torch.float32


@pytest.mark.parametrize(
    ("shape", "count"),
    [((8, 8), 1), ((8, 8, 1), 1), ((8, 8, 3), 1), ((5, 8, 8, 3), 5), ((5, 8, 8, 1), 5)],
)
def test_arrays_of_one_or_several_pictures_are_taken(shape: tuple[int, ...], count: int) -> None:
    assert read(np.zeros(shape, np.uint8)).images_NCHW.shape == (count, 3, 8, 8)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((2, 3, 8, 8), np.uint8),
        np.zeros(8, np.uint8),
    ],
)
def test_an_array_that_is_not_pixels_is_refused(array: np.ndarray) -> None:
    with pytest.raises(DataFormatError, match="expected uint8 pixels"):
        read(array)


def test_files_folders_and_arrays_can_be_mixed(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    one = saved(tmp_path, Image.fromarray(PIXELS), "one.png")
    for name in ("10.png", "2.png"):
        saved(tmp_path / "more", Image.fromarray(PIXELS), name)
    inputs = read([one, PIXELS, str(tmp_path / "more")])
    assert inputs.names == ("one.png", "picture 1", "2.png", "10.png")
    assert len(inputs) == 4


@pytest.mark.parametrize(
    ("preprocessing", "words"),
    [(RGB, "scaled and cropped to 8×8"), (GRAY, "scaled and padded with black to 8×8")],
)
def test_another_size_is_told(preprocessing: Preprocessing, words: str) -> None:
    assert note_of(np.zeros((20, 10), np.uint8), preprocessing).startswith(
        f"10 wide and 20 high, {words}"
    )


def test_another_size_of_the_same_form_is_only_scaled() -> None:
    assert note_of(np.zeros((16, 16, 3), np.uint8)) == "16 wide and 16 high, scaled to 8×8"


def test_gray_becomes_rgb_and_rgb_gray() -> None:
    assert note_of(PIXELS[..., 0]) == "gray repeated to RGB"
    assert note_of(PIXELS, GRAY) == "colour turned to gray"


@pytest.mark.parametrize("form", ["jpg", "png", "tiff"])
def test_a_turn_by_exif_is_applied_and_told(tmp_path: Path, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = np.zeros((8, 8, 3), np.uint8)
    upright[:, :4] = 255
    stored = Image.fromarray(np.rot90(upright).copy())
    path = saved(tmp_path, stored, f"turned.{form}", exif=exif)
    inputs = read(path)
    assert inputs.notes == ("turned by its EXIF tag",)
    assert inputs.told() == (f"turned.{form}: turned by its EXIF tag.",)
    assert (inputs.pixels_NHWC[0, :, :3] > 200).all()
    assert (inputs.pixels_NHWC[0, :, 5:] < 50).all()


def test_bytes_and_pil_images_are_taken_and_told_like_files(tmp_path: Path) -> None:
    pixels_HW4 = np.dstack([PIXELS, np.zeros((8, 8), np.uint8)])
    path = saved(tmp_path, Image.fromarray(pixels_HW4))
    for picture in (path.read_bytes(), Image.open(path), Image.fromarray(pixels_HW4)):
        inputs = read(picture)
        assert inputs.notes == ("transparency laid on white",)
        assert inputs.names == ("picture 0",)
        assert (inputs.pixels_NHWC == 255).all()


def test_an_upright_exif_tag_is_not_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    assert note_of(saved(tmp_path, Image.fromarray(PIXELS), "a.jpg", exif=exif)) == ""


def test_transparency_is_laid_on_white_and_told(tmp_path: Path) -> None:
    pixels_HW4 = np.dstack([PIXELS, np.zeros((8, 8), np.uint8)])
    inputs = read(saved(tmp_path, Image.fromarray(pixels_HW4)))
    assert inputs.notes == ("transparency laid on white",)
    assert (inputs.pixels_NHWC == 255).all()


def test_other_forms_of_colour_are_told(tmp_path: Path) -> None:
    cmyk = saved(tmp_path, Image.fromarray(PIXELS).convert("CMYK"), "a.jpg")
    assert note_of(cmyk) == "CMYK turned into RGB"
    deep = saved(tmp_path, Image.fromarray(np.full((8, 8), 65535, np.uint16)), "b.png")
    assert note_of(deep, GRAY) == "16 bits a pixel brought to 8"
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    moving = saved(tmp_path, frames[0], "c.gif", save_all=True, append_images=frames[1:])
    assert note_of(moving) == "its first frame"


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    with pytest.raises(UnreadablePictureError, match=r"broken\.png can't be read"):
        read(path)


def test_a_missing_path_and_an_empty_list_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        read(tmp_path / "absent.png")
    with pytest.raises(EmptyDataError):
        read([])
