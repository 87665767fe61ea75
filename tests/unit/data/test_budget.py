"""Memory is known before it is taken: by format, in strips, with a line for what it lacks."""

from __future__ import annotations

import io
import os
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from grevy.data import decode_split, memory, strips
from grevy.data.decode import decode
from grevy.data.types import PictureFacts
from grevy.errors import DataFormatError, GrevyError, OutOfMemoryError, WorkerDiedError

JPEGS = {
    "baseline": {},
    "full colours": {"subsampling": 0},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 1},
    "restart a row": {"restart_marker_rows": 1},
}


def jpeg(pixels, **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("shape", [(64, 64, 3), (64, 64)], ids=["RGB", "gray"])
@pytest.mark.parametrize("size", [(64, 96), (96, 64), (400, 300), (2000, 2000)])
def test_a_jpeg_that_claims_more_pixels_than_it_holds_is_truncated(noise, options, shape, size):
    content = jpeg(noise(*shape), **options)
    frame = content.index(b"\xff\xc2" if "progressive" in options else b"\xff\xc0")
    patched = content[: frame + 5] + struct.pack(">HH", *size) + content[frame + 9 :]
    pixels, facts = decode(patched)
    assert pixels is None
    assert "truncated" in facts.error


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_gray_jpeg_is_whole(options, mode):
    gray = np.asarray(Image.new(mode, (70, 50), 128 if mode == "L" else (128, 128, 128)))
    pixels, facts = decode(jpeg(gray, **options))
    assert facts.error is None
    assert (pixels == 128).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "F", "I;16"])
def test_strips_change_nothing(noise, monkeypatch, mode, orientation):
    rgba = noise(37, 23, 4)
    deep = rgba[..., 0].astype(np.uint16) * 257
    image = {"F": Image.fromarray(rgba[..., 0] / np.float32(255)), "I;16": Image.fromarray(deep)}
    image = image.get(mode) or Image.fromarray(rgba).convert(mode)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    out = io.BytesIO()
    image.save(out, "TIFF" if mode == "F" else "PNG", exif=exif)
    whole, whole_facts = decode(out.getvalue())
    monkeypatch.setattr(strips, "STRIP_PIXELS", 100)
    found, facts = decode(out.getvalue())
    assert facts == whole_facts
    np.testing.assert_array_equal(found, whole)


def test_a_picture_for_which_there_is_no_memory_is_named_and_not_called_unreadable(monkeypatch):
    out = io.BytesIO()
    Image.new("L", (15_000, 10_000)).save(out, "PNG")
    monkeypatch.setattr(memory, "free_memory", lambda: 100_000_000)
    with pytest.raises(OutOfMemoryError, match=r"cats/7\.png: decoding 15,000 × 10,000") as caught:
        decode(out.getvalue(), picture_id="cats/7.png")
    assert "\n" not in str(caught.value)


def test_a_lack_of_memory_while_decoding_is_one_line_with_the_name(monkeypatch, encode, noise):
    def full(image):
        raise MemoryError

    monkeypatch.setattr("grevy.data.decode.has_deep_colours", full)
    with pytest.raises(OutOfMemoryError, match=r"cats/7\.png: no memory"):
        decode(encode(noise(4, 4, 3)), picture_id="cats/7.png")


def test_a_file_may_not_claim_what_it_can_not_hold(tmp_path):
    memory.require_claim("a small array", 100_000_000, 10)
    with pytest.raises(DataFormatError, match="claims 300 MB in memory and has 10 bytes on disk"):
        memory.require_claim("an array", 300_000_000, 10)
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(10**9)
        file.write(b"a")
    assert memory.on_disk(tmp_path / "holes") < 10**6


def test_the_picture_with_which_a_worker_dies_is_named():
    def work(chunk):
        if "b.png" in chunk.ids:
            os._exit(9)
        return [PictureFacts(name, "", 1, 1, "", "", "") for name in chunk.ids]

    ids = ("a.png", "b.png", "c.png")
    chunk = decode_split._Chunk(0, [b"", b"", b""], ids, ("", "", ""))
    with pytest.raises(WorkerDiedError, match=r"decoding b\.png ended its process") as caught:
        decode_split._one_by_one(work, chunk)
    assert "\n" not in str(caught.value)


def test_a_message_is_short_whatever_it_names():
    error = GrevyError(f"no folder '{'a' * 10**6}b'", "a folder", "check it " + "c" * 10**6)
    assert len(str(error)) < 2_100
    assert str(error).startswith("no folder 'aaa")
    assert "aab'; expected a folder; check it" in str(error)
