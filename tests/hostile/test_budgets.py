"""Bombs: files that are small on disk and ask for gigabytes. Each is refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import bombs

ALLOWED = 1_500_000_000
"""Bytes at the peak of a process that reads a bomb."""

DECODE = """
from grevy.data.decode import decode
said = decode(Path(sys.argv[1]))[1].error
"""

READ = """
from grevy.data.sources.find import find_source
from grevy.errors import GrevyError
try:
    for split in find_source(Path(sys.argv[1])).splits.values():
        for picture in split.pictures():
            pass
    said = None
except GrevyError as error:
    said = str(error)
"""

WEIGHTS = """
from grevy.errors import GrevyError
from grevy.models.weights_content import read_content
try:
    read_content(Path(sys.argv[1]))
    said = None
except GrevyError as error:
    said = str(error)
"""

MEASURE = """
import json, resource, subprocess, sys
child = subprocess.run([sys.executable, "-c", *sys.argv[1:]], capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps({"peak": peak, "out": child.stdout, "error": child.stderr}))
"""


class Read(NamedTuple):
    """What a process said of a file, and the memory that it took at its peak."""

    said: str | None
    peak: int


def read(code: str, path: Path) -> Read:
    """Run code on a file in a child of a small process, so that only the child is measured."""
    whole = f"import json, sys\nfrom pathlib import Path\n{code}\nprint(json.dumps(said))"
    command = [sys.executable, "-c", MEASURE, whole, str(path)]
    found: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
    assert found["error"] == ""
    print(f"{path.name}: {found['peak'] / 1e6:,.0f} MB; {found['out'].strip()}")
    return Read(json.loads(found["out"]), found["peak"])


def assert_refused(found: Read, words: str) -> None:
    assert found.said is not None
    assert words in found.said
    assert "\n" not in found.said
    assert len(found.said) < 2_100
    assert found.peak < ALLOWED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rgba.png", "13,377 × 13,377 pixels (RGBA) take 1."),
        ("rgb16.png", "more than 1.10 GB"),
        ("palette.png", "more than 1.10 GB"),
        ("float.tif", "more than 1.10 GB"),
        ("tile.tif", "64 × 64 pixels (L) take 3."),
        ("tags.tif", "beside its pixels"),
        ("patched.jpg", "more than 1.10 GB"),
        ("progressive.jpg", "more than 1.10 GB"),
        ("patched.webp", "more than 1.10 GB"),
        ("icon.ico", "13,377 × 13,377 pixels in it"),
    ],
)
def test_a_picture_that_takes_gigabytes_is_refused_from_its_header(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / name).write_bytes(bombs.PICTURES[name]())
    assert_refused(read(DECODE, tmp_path / name), words)


def test_a_png_with_much_text_is_refused(tmp_path: Path) -> None:
    bombs.large_text(tmp_path / "a.png")
    assert_refused(read(DECODE, tmp_path / "a.png"), "beside its pixels")


@pytest.mark.parametrize("compressed", [False, True])
def test_idx_headers_that_claim_gigabytes_are_refused(tmp_path: Path, compressed: bool) -> None:
    bombs.idx(tmp_path, compressed=compressed)
    assert_refused(read(READ, tmp_path), "claims 3.14 GB" if compressed else "less than the 3,")


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (bombs.npz, "a.npz", "claims 1."),
        (bombs.long_npy_header, "a.npz", "damaged or no plain .npz"),
        (bombs.long_line, "a.csv", "a.csv"),
    ],
)
def test_tables_and_arrays_of_gigabytes_are_refused(
    tmp_path: Path, make: Callable[[Path], None], name: str, words: str
) -> None:
    make(tmp_path / name)
    assert_refused(read(READ, tmp_path / name), words)


def test_a_pickle_that_asks_for_a_table_of_gigabytes_is_refused(tmp_path: Path) -> None:
    bombs.cifar(tmp_path)
    assert_refused(read(READ, tmp_path), "a place in a table that nothing fills")


@pytest.mark.parametrize(
    ("rows", "picture_bytes"), [(400, 20_000_000), (9_000_000, 10)], ids=["dictionary", "rows"]
)
def test_parquet_files_that_unpack_to_gigabytes_are_refused(
    tmp_path: Path, rows: int, picture_bytes: int
) -> None:
    make = "import sys; from pathlib import Path; import bombs; bombs.parquet(Path(sys.argv[1]), "
    code = f"{make}rows={rows}, picture_bytes={picture_bytes})"
    here = Path(__file__).parent
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "train.parquet")], check=True, cwd=here
    )
    assert_refused(read(READ, tmp_path / "train.parquet"), "it may be a bomb")


@pytest.mark.parametrize(
    ("make", "name"), [(bombs.weights, "a.pt"), (bombs.safetensors, "a.safetensors")]
)
def test_weights_that_unpack_to_gigabytes_are_refused(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    make(tmp_path / name)
    assert_refused(read(WEIGHTS, tmp_path / name), "it may be a bomb")
