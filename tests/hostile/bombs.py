"""Files that are small on disk and ask for gigabytes of memory."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 13_377
"""Of the largest square that the limit of pixels allows."""


def zeros(count: int, level: int = 1) -> bytes:
    """So many zeros, compressed by zlib."""
    packer = zlib.compressobj(level)
    parts = [packer.compress(bytes(2**20)) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count % 2**20)), packer.flush()])


def chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def png(side: int, depth: int, colour: int, row_bytes: int, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    body = zeros(side * (row_bytes + 1))
    chunks = chunk(b"IHDR", header) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def tiff(side: int, tags: dict[int, tuple[int, list[int]]], content: bytes) -> bytes:
    """A TIFF of one strip or tile in zlib's compression; tags are (type, values)."""
    sizes = {1: "B", 3: "H", 4: "I"}
    offset_tag = 324 if 322 in tags else 273
    every = {
        **{256: (4, [side]), 257: (4, [side]), 259: (3, [8]), 262: (3, [1]), 277: (3, [1])},
        **{offset_tag: (4, [0]), offset_tag + (1 if 322 in tags else 6): (4, [len(content)])},
        **tags,
    }
    start = 8 + 2 + 12 * len(every) + 4
    entries, beside = b"", b""
    for tag, (kind, values) in sorted(every.items()):
        packed = struct.pack(f"<{len(values)}{sizes[kind]}", *values)
        if tag == offset_tag:
            entries += struct.pack("<HHI", tag, kind, 1) + b"HERE"
        elif len(packed) <= 4:
            entries += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<HHII", tag, kind, len(values), start + len(beside))
            beside += packed
    entries = entries.replace(b"HERE", struct.pack("<I", start + len(beside)))
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(every)) + entries + bytes(4) + beside + content
    )


def float_tiff() -> bytes:
    tags = {258: (3, [32]), 339: (3, [3]), 278: (4, [SIDE])}
    return tiff(SIDE, tags, zeros(SIDE * SIDE * 4))


def tiled_tiff() -> bytes:
    """64 × 64 pixels in one tile of 40,000 × 40,000."""
    tags = {258: (3, [8]), 322: (4, [40_000]), 323: (4, [40_000])}
    return tiff(64, tags, zeros(1_600_000_000))


def encoded(kind: str, mode: str = "RGB", side: int = 64, **options: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 4), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise, "RGBA").convert(mode).save(out, kind, **options)
    return out.getvalue()


def patched_jpeg(height: int, width: int, side: int = 64, **options: object) -> bytes:
    """A small JPEG whose header claims another size."""
    content = encoded("JPEG", side=side, **options)
    frame = content.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    return content[: frame + 5] + struct.pack(">HH", height, width) + content[frame + 9 :]


def patched_webp() -> bytes:
    content = bytearray(encoded("WEBP", lossless=True))
    place = content.index(b"VP8L") + 9
    content[place : place + 4] = struct.pack("<I", 9_999 | 9_999 << 14)
    return bytes(content)


def icon() -> bytes:
    """One that claims 64 × 64 pixels, with a PNG inside."""
    inside = png(SIDE, 8, 6, 4 * SIDE)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 64, 64, 0, 0, 1, 32, len(inside), 22) + inside


def large_text(path: Path) -> None:
    """A PNG with 600 MB of text before its pixels."""
    size = 600_000_000
    whole = encoded("PNG")
    with path.open("wb") as file:
        file.write(whole[:33] + struct.pack(">I", size) + b"tEXta\0")
        file.seek(size - 2 + 4, io.SEEK_CUR)
        file.write(whole[33:])


PICTURES: dict[str, Callable[[], bytes]] = {
    "rgba.png": lambda: png(SIDE, 8, 6, 4 * SIDE),
    "rgb16.png": lambda: png(SIDE, 16, 2, 6 * SIDE),
    "palette.png": lambda: png(SIDE, 8, 3, SIDE, chunk(b"PLTE", bytes(768))),
    "float.tif": float_tiff,
    "tile.tif": tiled_tiff,
    "tags.tif": lambda: tiff(
        64, {258: (3, [8]), 278: (4, [64]), 65_000: (3, [7] * 20_000_000)}, zeros(4096)
    ),
    "patched.jpg": lambda: patched_jpeg(13_000, 13_000),
    "progressive.jpg": lambda: patched_jpeg(13_000, 13_000, progressive=True),
    "patched.webp": patched_webp,
    "icon.ico": icon,
}


def npz(path: Path, count: int = 1_600_000_000) -> None:
    header = io.BytesIO()
    shape = (count // 4096, 64, 64)
    plain = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, plain)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("x_train.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for _ in range(shape[0] // 256):
                member.write(bytes(2**20))
            member.write(bytes(shape[0] % 256 * 4096))
        labels = io.BytesIO()
        np.save(labels, np.zeros(shape[0], np.uint8))
        archive.writestr("y_train.npy", labels.getvalue())


def long_npy_header(path: Path) -> None:
    """Of which the header alone is 1.6 GB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x_train.npy", "w", force_zip64=True) as member,
    ):
        member.write(b"\x93NUMPY\x02\0" + struct.pack("<I", 1_600_000_000))
        for _ in range(1_526):
            member.write(b" " * 2**20)
        archive_labels = io.BytesIO()
        np.save(archive_labels, np.zeros(4, np.uint8))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("y_train.npy", archive_labels.getvalue())


def idx(folder: Path, *, compressed: bool) -> None:
    """Headers that claim 3 GB; compressed, they are there, as zeros."""
    count = 4_000_000
    images = struct.pack(">HBBIII", 0, 8, 3, count, 28, 28)
    labels = struct.pack(">HBBI", 0, 8, 1, count) + bytes(count)
    suffix = ".gz" if compressed else ""
    packed = gzip.compress(labels, 1) if compressed else labels
    (folder / f"train-labels-idx1-ubyte{suffix}").write_bytes(packed)
    place = folder / f"train-images-idx3-ubyte{suffix}"
    if not compressed:
        place.write_bytes(images)
        return
    with gzip.open(place, "wb", 1) as file:
        file.write(images)
        for _ in range(2_991):
            file.write(bytes(2**20))


def cifar(folder: Path) -> None:
    """Pickles of 9 bytes that ask for a table of 4 GB."""
    names = [f"data_batch_{n}" for n in range(1, 6)] + ["test_batch", "batches.meta"]
    for name in names:
        (folder / name).write_bytes(b"\x80\x02]r" + struct.pack("<I", 0x0FFFFFFF) + b".")


def long_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"path,label\n")
        for _ in range(1_000):
            file.write(b"a" * 1_000_000)


def parquet(path: Path, *, rows: int, picture_bytes: int) -> None:
    """One picture for all the rows, which is stored once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    places = pa.array(np.zeros(rows, np.int32))
    pictures = pa.DictionaryArray.from_arrays(places, pa.array([bytes(picture_bytes)]))
    names = pa.DictionaryArray.from_arrays(places, pa.array(["a.png"]))
    column = pa.StructArray.from_arrays([pictures, names], ["bytes", "path"])
    table = pa.table({"image": column, "label": pa.array(np.arange(rows) % 2)})
    limit = 2 * picture_bytes + 2**20
    pq.write_table(
        table, path, store_schema=False, row_group_size=rows, dictionary_pagesize_limit=limit
    )


def weights(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\0.")
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(1_600):
                member.write(bytes(2**20))


def safetensors(path: Path) -> None:
    """A header that claims 8 GB of numbers behind it, in a file with holes."""
    size = 8_000_000_000
    header = json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)
