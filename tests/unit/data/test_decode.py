"""The one door for image bytes, against pixels computed by hand."""

from __future__ import annotations

import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile, ImageOps

from grevy.data.decode import decode, read_header


def pixels_of(data):
    pixels, facts = decode(data)
    assert facts.error is None
    assert pixels.dtype == np.uint8
    assert pixels.shape[:2] == (facts.height, facts.width)
    return pixels


def error_of(data):
    pixels, facts = decode(data, picture_id="cats/7.png", label="cat")
    assert pixels is None
    assert (facts.id, facts.label) == ("cats/7.png", "cat")
    assert (facts.height, facts.width, facts.pixel_hash) == (0, 0, "")
    assert facts.error
    assert "\n" not in facts.error
    return facts.error


def png_chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_by_hand(width, height, depth, colour, rows, extra=b""):
    """A PNG made without Pillow; `rows` are the bytes of each row."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", body)
    return b"\x89PNG\r\n\x1a\n" + chunks + png_chunk(b"IEND", b"")


def test_an_rgb_png_keeps_every_pixel(encode, noise):
    pixels = noise(5, 7, 3)
    found, facts = decode(encode(pixels), picture_id="a", label="cat")
    np.testing.assert_array_equal(found, pixels)
    assert (facts.id, facts.label, facts.format, facts.mode) == ("a", "cat", "PNG", "RGB")
    assert (facts.height, facts.width) == (5, 7)


def test_a_gray_png_has_one_channel(encode, noise):
    pixels = noise(5, 7)
    np.testing.assert_array_equal(pixels_of(encode(pixels))[..., 0], pixels)


def test_a_path_and_its_contents_give_the_same(encode, noise, tmp_path):
    data = encode(noise(4, 4, 3))
    (tmp_path / "a.png").write_bytes(data)
    from_path, from_bytes = decode(tmp_path / "a.png"), decode(data)
    assert from_path[1] == from_bytes[1]
    np.testing.assert_array_equal(from_path[0], from_bytes[0])


def test_one_bit_becomes_black_and_white(encode):
    image = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    assert pixels_of(encode(image))[..., 0].tolist() == [[0, 255], [255, 0]]


def test_sixteen_bit_gray_is_divided_by_257_and_rounded():
    values = [0, 128, 129, 257, 385, 386, 32768, 65406, 65407, 65535]
    by_hand = [0, 0, 1, 1, 1, 2, 128, 254, 255, 255]
    row = struct.pack(f">{len(values)}H", *values)
    data = png_by_hand(len(values), 1, 16, 0, [row])
    assert decode(data)[1].mode == "I;16"
    assert pixels_of(data)[0, :, 0].tolist() == by_hand


def test_every_sixteen_bit_value_is_rounded_to_the_nearest(encode):
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = np.floor(values / 257 + 0.5)
    np.testing.assert_array_equal(pixels_of(encode(values))[..., 0], expected)
    np.testing.assert_array_equal(pixels_of(encode(values, "TIFF"))[..., 0], expected)


def test_sixteen_bit_colour_is_off_by_one_level_at_most():
    values = [0, 255, 256, 40000, 65278, 65535]
    data = png_by_hand(2, 1, 16, 2, [struct.pack(">6H", *values)])
    found = pixels_of(data).ravel().astype(float)
    assert np.abs(found - np.array(values) / 257).max() <= 1


def test_float_gray_from_0_to_1_is_scaled(encode):
    image = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert pixels_of(encode(image, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("value", [-0.5, 2.0, float("nan")])
def test_float_gray_without_a_meaning_is_an_error(encode, value):
    image = Image.fromarray(np.array([[0.0, value]], np.float32))
    assert "gray values from" in error_of(encode(image, "TIFF"))


def test_transparency_is_laid_on_white(encode):
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 128]]], np.uint8)
    # The last by hand: (0·128 + 255·127) / 255 = 127, (100·128 + 255·127) / 255 = 177.2,
    # (200·128 + 255·127) / 255 = 227.4.
    assert pixels_of(encode(rgba))[0].tolist() == [[10, 20, 30], [255, 255, 255], [127, 177, 227]]


def test_gray_with_transparency_stays_gray(encode):
    gray_and_alpha = np.array([[[40, 255], [40, 0], [100, 128]]], np.uint8)
    image = Image.fromarray(gray_and_alpha)
    assert image.mode == "LA"
    assert pixels_of(encode(image))[0].tolist() == [[40], [255], [177]]


def test_a_palette_gives_its_colours(encode):
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 200, 100, 50])
    image.putpixel((1, 0), 1)
    assert pixels_of(encode(image))[0].tolist() == [[1, 2, 3], [200, 100, 50]]


@pytest.mark.parametrize("transparency", [1, b"\xff\x00"], ids=["one index", "a table"])
def test_a_transparent_palette_colour_becomes_white(encode, transparency):
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 200, 100, 50])
    image.putpixel((1, 0), 1)
    data = encode(image, transparency=transparency)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixels_of(data)[0].tolist() == [[1, 2, 3], [255, 255, 255]]


def test_a_transparent_gray_value_becomes_white(encode):
    gray = encode(np.array([[7, 9]], np.uint8), transparency=9)
    assert pixels_of(gray)[0, :, 0].tolist() == [7, 255]
    deep = png_by_hand(
        2, 1, 16, 0, [struct.pack(">2H", 2570, 2571)], png_chunk(b"tRNS", struct.pack(">H", 2571))
    )
    assert pixels_of(deep)[0, :, 0].tolist() == [10, 255]


def test_a_transparent_colour_becomes_white(encode):
    data = encode(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), transparency=(4, 5, 6))
    assert pixels_of(data)[0].tolist() == [[1, 2, 3], [255, 255, 255]]


def test_cmyk_becomes_rgb_by_the_plain_formula(encode):
    cmyk = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0]]], np.uint8)
    image = Image.fromarray(cmyk, "CMYK")
    by_hand = [[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 0, 0]]
    assert pixels_of(encode(image, "TIFF"))[0].tolist() == by_hand


def test_a_cmyk_jpeg_is_read_in_its_colours(encode):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = encode(image, "JPEG", quality=95)
    assert decode(data)[1].mode == "CMYK"
    np.testing.assert_allclose(pixels_of(data).mean((0, 1)), [255, 0, 0], atol=4)


def test_of_an_animation_the_first_frame_is_read(encode):
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    for kind, options in (("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        found = pixels_of(data)
        assert found.shape == (4, 6, 3), kind
        assert (found == (255, 0, 0)).all(), kind


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("PNG", (3, 5, 3)),
        ("PNG", (3, 5)),
        ("TIFF", (3, 5, 3)),
        ("TIFF", (3, 5)),
        ("WEBP", (3, 5, 3)),
    ],
)
def test_the_exif_turn_is_applied(encode, noise, orientation, kind, shape):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    pixels = noise(*shape)
    data = encode(pixels, kind, exif=exif, **options)
    upright = Image.fromarray(pixels)
    upright.getexif()[ExifTags.Base.Orientation] = orientation
    expected = np.asarray(ImageOps.exif_transpose(upright)).reshape(*upright_shape(orientation), -1)
    np.testing.assert_array_equal(pixels_of(data), expected)
    assert read_header(data)[:2] == upright_shape(orientation)


def upright_shape(orientation):
    return (5, 3) if orientation >= 5 else (3, 5)


def test_a_jpeg_that_lies_on_its_side_is_set_upright(encode):
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:, :16] = 255  # stored with the white half on the left
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned clockwise: left becomes top
    data = encode(picture, "JPEG", exif=exif, quality=95)
    found = pixels_of(data)
    assert found.shape == (32, 16, 3)
    assert found[:14].min() > 240
    assert found[18:].max() < 15
    assert read_header(data) == (32, 16, False)


def test_damaged_exif_does_not_hide_the_picture(encode, noise):
    data = encode(noise(4, 4, 3), "JPEG", exif=b"Exif\0\0MM\0*garbage")
    assert pixels_of(data).shape == (4, 4, 3)


def test_an_icc_profile_changes_nothing(encode, noise):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    pixels = noise(3, 3, 3)
    np.testing.assert_array_equal(pixels_of(encode(pixels, icc_profile=profile)), pixels)


def test_a_truncated_jpeg_is_an_error(encode, noise):
    data = encode(noise(64, 64, 3), "JPEG")
    assert "truncated" in error_of(data[: len(data) // 2])


def test_every_truncation_of_a_png_is_an_error_or_the_whole_picture(encode, noise):
    pixels = noise(8, 8, 3)
    data = encode(pixels)
    for length in range(len(data)):
        found, facts = decode(data[:length])
        assert (found is None) == (facts.error is not None)
        if found is not None:
            np.testing.assert_array_equal(found, pixels)


def test_a_program_that_reads_truncated_files_does_not_change_that(encode, noise, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = encode(noise(64, 64, 3), "JPEG")
    assert "truncated" in error_of(data[: len(data) // 2])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_an_empty_file_is_an_error(tmp_path):
    (tmp_path / "empty.png").touch()
    assert error_of(b"") == "empty file"
    assert error_of(tmp_path / "empty.png") == "empty file"


def test_a_text_named_png_is_an_error_that_shows_how_it_begins(tmp_path):
    (tmp_path / "note.png").write_text("hello, I am no picture")
    assert error_of(tmp_path / "note.png") == "not a picture (begins with b'hello, I am no p')"


def test_postscript_is_not_run():
    assert "not a picture" in error_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


def test_a_file_that_is_gone_is_an_error(tmp_path):
    assert error_of(tmp_path / "gone.png") == "No such file or directory"
    assert error_of(tmp_path) == "Is a directory"
    assert read_header(tmp_path / "gone.png") is None


def test_a_bomb_is_refused_from_its_header(monkeypatch):
    bomb = png_by_hand(60_000, 60_000, 8, 2, [b"\0" * 10])
    assert error_of(bomb) == "more than 178,956,970 pixels"
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert error_of(bomb) == "more than 178,956,970 pixels"
    assert read_header(bomb) is None


def test_random_bytes_behind_a_good_start_never_raise(encode, noise):
    random = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        good = encode(noise(16, 16, 3), kind)
        for _ in range(60):
            damaged = bytearray(good)
            for position in random.integers(0, len(good), 8):
                damaged[position] = random.integers(256)
            pixels, facts = decode(bytes(damaged))
            assert (pixels is None) == (facts.error is not None)
            read_header(bytes(damaged))


def test_the_pixel_hash_knows_pixels_and_shape_but_not_the_format(encode, noise):
    pixels = noise(4, 6, 3)
    png, bmp, array = decode(encode(pixels))[1], decode(encode(pixels, "BMP"))[1], decode(pixels)[1]
    assert png.pixel_hash == bmp.pixel_hash == array.pixel_hash
    assert array.format == "array"
    others = [noise(4, 6, 3, seed=1), pixels.reshape(6, 4, 3), pixels[::-1]]
    assert len({png.pixel_hash, *(decode(other)[1].pixel_hash for other in others)}) == 4


def test_the_header_tells_size_and_gray_without_decoding(encode, noise):
    assert read_header(encode(noise(3, 5, 3))) == (3, 5, False)
    assert read_header(encode(noise(3, 5))) == (3, 5, True)
    assert read_header(noise(3, 5)) == (3, 5, True)
    whole = encode(noise(64, 64, 3), "JPEG")
    assert read_header(whole[: len(whole) // 2]) == (64, 64, False)
    assert read_header(b"no picture") is None


def test_the_door_opens_without_torch():
    code = "import sys, grevy.data.decode_split; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
