"""The same pictures are the same image data, in whatever form they come."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from grevy.data.load import Where, load_data

CLASSES = ("cat", "dog", "eel")
Pictures = dict[str, list[tuple[str, np.ndarray]]]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    random = np.random.default_rng(7)

    def some(count: int) -> list[tuple[str, np.ndarray]]:
        return [
            (CLASSES[n % 3], random.integers(0, 255, (12, 12, 3), dtype=np.uint8))
            for n in range(count)
        ]

    return {"train": some(30), "test": some(9)}


def as_arrays(pictures: Pictures, place: Path) -> Where:
    return {s: (np.stack([x for _, x in p]), [c for c, _ in p]) for s, p in pictures.items()}


def saved(pictures: Pictures, folder: Path, file_name: Callable[[int], str]) -> Path:
    for split, members in pictures.items():
        for number, (name, pixels) in enumerate(members):
            file = folder / split / name / file_name(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
    return folder


def as_folder(pictures: Pictures, place: Path) -> Where:
    return saved(pictures, place / "folder", "{}.png".format)


def as_bmp_folder_with_other_names(pictures: Pictures, place: Path) -> Where:
    return saved(pictures, place / "other", lambda number: f"z{1000 - number}.bmp")


def as_zip(pictures: Pictures, place: Path) -> Where:
    folder = Path(str(as_folder(pictures, place)))
    with zipfile.ZipFile(place / "pictures.zip", "w") as archive:
        for file in folder.rglob("*.png"):
            archive.write(file, file.relative_to(folder.parent))
    return place / "pictures.zip"


def as_tar(pictures: Pictures, place: Path) -> Where:
    folder = Path(str(as_folder(pictures, place)))
    with tarfile.open(place / "pictures.tar.gz", "w:gz") as archive:
        archive.add(folder, "pictures")
    return place / "pictures.tar.gz"


def as_csv(pictures: Pictures, place: Path) -> Where:
    folder = Path(str(as_folder(pictures, place)))
    lines = ["path,label,split"]
    for file in sorted(folder.rglob("*.png")):
        split, name, _ = file.relative_to(folder).parts
        lines.append(f"{file.relative_to(place)},{name},{split}")
    (place / "table.csv").write_text("\n".join(lines))
    return place / "table.csv"


def as_npz(pictures: Pictures, place: Path) -> Where:
    arrays = {}
    for split, members in pictures.items():
        arrays[f"x_{split}"] = np.stack([x for _, x in members])
        arrays[f"y_{split}"] = np.array([c for c, _ in members])
    np.savez(place / "pictures.npz", **arrays)
    return place / "pictures.npz"


def as_parquet(pictures: Pictures, place: Path) -> Where:
    folder = place / "parquet"
    folder.mkdir()
    features = (
        '{"info": {"features": {"label": {"names": ["cat", "dog", "eel"], "_type": "ClassLabel"}}}}'
    )
    for split, members in pictures.items():
        cells = []
        for _, pixels in members:
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            cells.append({"bytes": file.getvalue(), "path": None})
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        columns = {
            "image": pa.array(cells, kind),
            "label": pa.array([CLASSES.index(c) for c, _ in members], pa.int64()),
        }
        table = pa.table(columns).replace_schema_metadata({"huggingface": features})
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return folder


FORMS = [as_folder, as_bmp_folder_with_other_names, as_zip, as_tar, as_csv, as_npz, as_parquet]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_fingerprint_and_splits(
    form: Callable[[Pictures, Path], Where], pictures: Pictures, tmp_path: Path
) -> None:
    expected = load_data(as_arrays(pictures, tmp_path))
    found = load_data(form(pictures, tmp_path))
    assert found.classes == CLASSES
    assert found.fingerprint == expected.fingerprint
    assert {n: len(s) for n, s in found.splits.items()} == {"train": 27, "validation": 3, "test": 9}
    for name, split in found.splits.items():
        assert split.content_hash == expected.splits[name].content_hash
        assert split.images_NCHW.shape[1:] == (3, 12, 12)
        assert set(zip(split.labels_N, map(bytes, split.images_NCHW), strict=True)) == set(
            zip(
                expected.splits[name].labels_N,
                map(bytes, expected.splits[name].images_NCHW),
                strict=True,
            )
        )
