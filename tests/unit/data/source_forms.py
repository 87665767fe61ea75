"""Small image data in the forms that people have it in, and a server, for the tests of readers."""

from __future__ import annotations

import gzip
import http.server
import json
import pickle
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CIFAR10_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship"]
CIFAR10_NAMES += ["truck"]


def pixels(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def python2_batch(data: np.ndarray, labels: list[int]) -> bytes:
    """A batch opcode by opcode as Python 2 and the NumPy of 2009 wrote it."""

    def text(value: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(value)) + value

    def integer(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    dtype = b"cnumpy\ndtype\n" + text(b"u1") + integer(0) + integer(1) + b"\x87R"
    dtype += b"(" + integer(3) + text(b"|") + b"NNN" + integer(-1) * 2 + integer(0) + b"tb"
    shape = integer(data.shape[0]) + integer(data.shape[1]) + b"\x86"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + integer(0) + b"\x85"
    array += text(b"b") + b"\x87R(" + integer(1) + shape + dtype + b"\x89" + text(data.tobytes())
    array += b"tb"
    numbers = b"(l" + b"".join(integer(label) + b"a" for label in labels)
    return b"\x80\x02}" + text(b"data") + array + b"s" + text(b"labels") + numbers + b"s."


def cifar10_batches(folder: Path, per_batch: int = 10) -> dict[str, np.ndarray]:
    """`cifar-10-batches-py` with picture i of a batch in class i % 10; returns the pictures."""
    folder.mkdir(parents=True)
    meta = {"label_names": CIFAR10_NAMES, "num_cases_per_batch": per_batch, "num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    labels = [i % 10 for i in range(per_batch)]
    images = {}
    for seed, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        rows = pixels(per_batch, 3072, seed=seed)
        (folder / name).write_bytes(python2_batch(rows, labels))
        images[name] = np.stack([row.reshape(3, 32, 32).transpose(1, 2, 0) for row in rows])
    return {
        "train": np.concatenate([images[f"data_batch_{n}"] for n in range(1, 6)]),
        "test": images["test_batch"],
    }


def idx_files(folder: Path, count: int = 20, *, compress: bool = True) -> dict[str, np.ndarray]:
    """The four files of MNIST with picture i in class i % 10; returns the pictures."""
    folder.mkdir(parents=True)
    images = {}
    for seed, (split, prefix) in enumerate({"train": "train", "test": "t10k"}.items()):
        images[split] = pixels(count, 28, 28, seed=seed)
        labels = bytes(i % 10 for i in range(count))
        contents = {
            "images-idx3": struct.pack(">4I", 0x803, count, 28, 28) + images[split].tobytes(),
            "labels-idx1": struct.pack(">2I", 0x801, count) + labels,
        }
        for kind, content in contents.items():
            path = folder / f"{prefix}-{kind}-ubyte{'.gz' * compress}"
            path.write_bytes(gzip.compress(content) if compress else content)
    return images


def parquet(
    path: Path,
    contents: list[dict[str, object] | None],
    labels: list[object],
    names: list[str] | None = None,
    columns: tuple[str, str] = ("img", "label"),
    row_group_size: int = 2,
) -> None:
    """A file in the Hugging Face image layout; `names` go to its schema metadata."""
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({columns[0]: pa.array(contents, picture), columns[1]: pa.array(labels)})
    if names is not None:
        features = {columns[1]: {"names": names, "_type": "ClassLabel"}}
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        table = table.replace_schema_metadata(metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=row_group_size)


def cells(*contents: bytes) -> list[dict[str, object] | None]:
    return [{"bytes": content, "path": None} for content in contents]


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` by name, and misbehaves as its fields say."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.resumes = True
        self.break_off_after: int | None = None
        self.content_range: str | None = None
        self.asked: list[str | None] = []

    def url(self, name: str = "") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        content = self.server.files.get(self.path.removeprefix("/"))
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if not self.server.resumes:
            start = 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            there = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", self.server.content_range or there)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = self.server.break_off_after
        self.wfile.write(content[start:] if stop is None else content[start:stop])

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
