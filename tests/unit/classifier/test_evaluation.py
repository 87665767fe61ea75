"""A network is tried on other labelled pictures: which of them, and what is said of the rest."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from statsmodels.stats.proportion import proportion_confint
from torch import nn

import grevy
from grevy.classifier.classifier import Classifier
from grevy.classifier.evaluation import agrees
from grevy.cli.main import main
from grevy.errors import (
    ClassMismatchError,
    CorruptRecordError,
    DataFormatError,
    EmptyDataError,
    MissingSplitError,
    NoLabelsError,
    UnreadablePictureError,
)
from grevy.recipes.schema import PicturesConfig
from grevy.records.results import Score
from grevy.training.listeners.listener import Listener

ANGLES = ("0", "90", "180", "270")
"""Class names that are numbers, and no indices."""


class Brightness(nn.Module):
    """Says class k of pictures of brightness 40 + 50 k."""

    def __init__(self, count: int = 4) -> None:
        super().__init__()
        self.levels = nn.Parameter(torch.tensor([(40 + 50 * k) / 255 for k in range(count)]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return -((images.mean((1, 2, 3))[:, None] - self.levels) ** 2) * 100


@pytest.fixture
def angles() -> Classifier:
    return grevy.open(Brightness(), input_shape=(1, 8, 8), classes=ANGLES)


def write(place: Path, level: int, *, size: int = 8) -> None:
    """One picture of that brightness; no two are the same."""
    place.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size, size), 40 + 50 * level, np.uint8)
    own = hashlib.sha256("/".join(place.parts[-3:]).encode()).digest()[:8]
    pixels.flat[: len(own)] += np.frombuffer(own, np.uint8) % 8
    Image.fromarray(pixels).save(place)


def folder(root: Path, counts: dict[str, int], level: Any = ANGLES.index) -> Path:
    for name, count in counts.items():
        for number in range(count):
            write(root / name / f"{number:02d}.png", level(Path(name).name))
    return root


def test_a_folder_without_splits_is_evaluated_whole(angles: Classifier, tmp_path: Path) -> None:
    counts = {"0": 6, "90": 6, "180": 1, "270": 6}
    found = angles.evaluate(folder(tmp_path / "new", counts))
    assert (found["n"], found["split"], found["accuracy"]) == (19, "all", 1.0)
    assert {name: c["n"] for name, c in found["classes"].items()} == counts
    assert found["missing"] == []


def test_fewer_classes_are_fine_and_told(angles: Classifier, tmp_path: Path) -> None:
    found = angles.evaluate(folder(tmp_path / "some", {"270": 3, "90": 1}))
    assert (found["n"], found["accuracy"]) == (4, 1.0)  # by name: 90 is no index, 270 is not 1
    assert found["missing"] == ["0", "180"]
    assert "no picture of class '0', '180'" in found["notes"][0]
    assert angles.evaluate(folder(tmp_path / "one", {"180": 1}))["n"] == 1


def test_another_order_of_the_classes_is_brought_to_the_networks(tmp_path: Path) -> None:
    backwards = grevy.open(Brightness(), input_shape=(1, 8, 8), classes=ANGLES[::-1])
    place = folder(tmp_path / "new", dict.fromkeys(ANGLES, 2), ANGLES[::-1].index)
    assert backwards.evaluate(place)["accuracy"] == 1.0
    data = grevy.load_data(folder(tmp_path / "train", dict.fromkeys(ANGLES, 4), ANGLES.index))
    assert data.classes == ANGLES
    assert backwards.evaluate(data, split="train")["accuracy"] == 0.0


def test_image_data_of_some_classes_is_mapped_by_name(angles: Classifier, tmp_path: Path) -> None:
    data = grevy.load_data(folder(tmp_path / "some", {"270": 4, "180": 4}))
    assert data.classes == ("180", "270")
    found = angles.evaluate(data, split="train")
    assert found["accuracy"] == 1.0
    assert set(found["classes"]) == {"180", "270"}


def test_a_class_that_the_network_does_not_know_is_named(
    angles: Classifier, tmp_path: Path
) -> None:
    place = folder(tmp_path / "more", {"0": 2, "45": 2}, lambda name: 0)
    with pytest.raises(ClassMismatchError, match=r"the class '45'.*classes 0, 90, 180, 270"):
        angles.evaluate(place)
    animals = grevy.open(Brightness(2), input_shape=(1, 8, 8), classes=("Cow", "Zebra"))
    place = folder(tmp_path / "animals", {"Cow": 2, "zebra": 2}, lambda name: 0)
    with pytest.raises(ClassMismatchError, match="'zebra': 'Zebra'"):
        animals.evaluate(place)
    twos = {"test": (np.zeros((4, 8, 8), np.uint8), np.array([0, 1, 2, 3]))}
    with pytest.raises(ClassMismatchError, match="numbers without names"):
        angles.evaluate(twos)


def test_a_folder_with_splits_is_evaluated_on_test(angles: Classifier, tmp_path: Path) -> None:
    counts = {"train/0": 3, "train/90": 3, "test/0": 2, "test/270": 1}
    place = folder(tmp_path / "data", counts)
    found = angles.evaluate(place)
    assert (found["n"], found["split"]) == (3, "test")  # 270 is not in train: no matter
    assert angles.evaluate(place, split="train")["n"] == 6  # no part of it is taken off
    with pytest.raises(MissingSplitError, match="no validation split"):
        angles.evaluate(place, split="validation")


def test_a_split_of_data_without_splits_is_refused(angles: Classifier, tmp_path: Path) -> None:
    place = folder(tmp_path / "new", {"0": 2, "90": 2})
    with pytest.raises(MissingSplitError, match=r"no splits; expected all: 4 pictures"):
        angles.evaluate(place, split="train")
    assert angles.evaluate(place, split="all")["n"] == 4


def test_a_test_split_alone_is_enough(angles: Classifier, tmp_path: Path) -> None:
    found = angles.evaluate(folder(tmp_path / "data", {"test/0": 2, "test/90": 1}))
    assert (found["n"], found["split"]) == (3, "test")


def test_splits_that_need_a_word_are_named_by_the_user(angles: Classifier, tmp_path: Path) -> None:
    place = folder(tmp_path / "folds", {"fold0/0": 2, "fold0/90": 1, "fold1/0": 1, "fold1/90": 1})
    with pytest.raises(DataFormatError, match="fold0"):
        angles.evaluate(place)
    found = angles.evaluate(place, pictures=PicturesConfig(splits="test=fold0"))
    assert (found["n"], found["split"]) == (3, "test")


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_tables_without_splits_are_evaluated_whole(angles: Classifier, tmp_path: Path) -> None:
    folder(tmp_path, {"0": 1, "90": 2})
    names = ["0/00.png", "90/00.png", "90/01.png"]
    rows = [[name, name.split("/")[0]] for name in names]
    table = write_csv(tmp_path / "new.csv", [["path", "label"], *rows])
    assert angles.evaluate(table)["n"] == 3
    cells = [{"bytes": (tmp_path / name).read_bytes(), "path": None} for name in names]
    labels = pa.array([name.split("/")[0] for name in names])
    pq.write_table(pa.table({"image": cells, "label": labels}), tmp_path / "new.parquet")
    found = angles.evaluate(tmp_path / "new.parquet")
    assert (found["n"], found["split"], found["accuracy"]) == (3, "all", 1.0)
    np.savez(tmp_path / "new.npz", images=np.zeros((2, 8, 8), np.uint8), labels=["0", "90"])
    assert angles.evaluate(tmp_path / "new.npz")["split"] == "all"


def test_pictures_without_labels_are_to_be_predicted(angles: Classifier, tmp_path: Path) -> None:
    said = "no labels; .*predict them.*leave the split out"
    write(tmp_path / "flat" / "1.png", 0)
    with pytest.raises(NoLabelsError, match=said):
        angles.evaluate(tmp_path / "flat")
    place = folder(tmp_path / "data", {"train/0": 2, "train/90": 2})
    write(place / "test" / "1.png", 0)
    with pytest.raises(NoLabelsError, match=f"'test'.*1 picture.*{said}"):
        angles.evaluate(place)
    choice = PicturesConfig(splits="train=train")
    assert angles.evaluate(place, split="train", pictures=choice)["n"] == 4
    with pytest.raises(NoLabelsError, match=said):
        grevy.load_data(place)


def test_labels_of_minus_one_are_none(angles: Classifier, tmp_path: Path) -> None:
    said = "no labels; .*predict them"
    images = np.zeros((4, 8, 8), np.uint8)
    for labels in (np.full(4, -1), ["-1"] * 4):
        np.savez(tmp_path / "test.npz", x_test=images, y_test=labels)
        with pytest.raises(NoLabelsError, match=said):
            angles.evaluate(tmp_path / "test.npz")
    with pytest.raises(NoLabelsError, match="1 picture with -1"):
        angles.evaluate({"test": (images, ["0", "90", "0", "-1"])})
    cell = {"bytes": b"", "path": None}
    for missing in (pa.array([-1, -1]), pa.nulls(2, pa.int64())):
        pq.write_table(pa.table({"image": [cell] * 2, "label": missing}), tmp_path / "t.parquet")
        with pytest.raises(NoLabelsError, match=said):
            angles.evaluate(tmp_path / "t.parquet")
    write(tmp_path / "1.png", 0)
    for empty in ("", "nan", "-1"):
        table = write_csv(tmp_path / "t.csv", [["path", "label"], ["1.png", empty]])
        with pytest.raises(NoLabelsError, match=said):
            angles.evaluate(table)


def test_a_table_that_lacks_some_labels_names_the_first_row(tmp_path: Path) -> None:
    folder(tmp_path, {"0": 2})
    table = write_csv(tmp_path / "t.csv", [["path", "label"], ["0/00.png", "0"], ["0/01.png", ""]])
    with pytest.raises(DataFormatError, match="no label in row 3") as refused:
        grevy.load_data(table)
    assert not isinstance(refused.value, NoLabelsError)


def test_pictures_that_can_not_be_read_stop_it_or_are_left_out(
    angles: Classifier, tmp_path: Path
) -> None:
    place = folder(tmp_path / "new", {"0": 2, "90": 1})
    (place / "90" / "00.png").write_bytes(b"")
    with pytest.raises(UnreadablePictureError, match=r"90/00\.png"):
        angles.evaluate(place)
    leave_out = PicturesConfig(unreadable="leave-out")
    found = angles.evaluate(place, pictures=leave_out)
    assert found["n"] == 2
    assert found["missing"] == ["90", "180", "270"]
    assert any("left out 1 of 3" in note for note in found["notes"])
    (place / "90" / "00.png").unlink()
    for broken in (place / "0").iterdir():
        broken.write_bytes(b"")
    with pytest.raises(EmptyDataError):
        angles.evaluate(place, pictures=leave_out)


def test_accuracies_have_wilsons_interval(angles: Classifier, tmp_path: Path) -> None:
    place = folder(tmp_path / "new", {"0": 7, "90": 3})
    write(place / "0" / "wrong.png", 3)
    found = angles.evaluate(place)
    for scores, right, n in ((found, 10, 11), (found["classes"]["0"], 7, 8)):
        expected = proportion_confint(right, n, method="wilson")
        assert (scores["low"], scores["high"]) == pytest.approx(expected)
        assert scores["accuracy"] == pytest.approx(right / n)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, grevy.Run]:
    """A folder of two classes without a validation split, and a run on it."""
    place = tmp_path_factory.mktemp("data") / "angles"
    folder(place, {"train/0": 12, "train/90": 12, "test/0": 3, "test/90": 3})
    recipe = {"epochs": 1, "batch_size": 8, "patience": 0, "precision": "fp32"}
    out = tmp_path_factory.mktemp("runs") / "run"
    return place, grevy.train(place, recipe, out=out, device="cpu", listener=Listener())


def test_the_test_pictures_of_a_run_are_counted_under_any_name(
    trained: tuple[Path, grevy.Run], tmp_path: Path
) -> None:
    place, run = trained
    reads = run.record.test_reads
    found = grevy.evaluate(run, place / "test")
    assert (found["split"], found["same_as"], found["counted"]) == ("all", "test", True)
    moved = shutil.copytree(place, tmp_path / "moved")
    assert grevy.evaluate(run, moved)["counted"]
    assert run.record.test_reads == reads + 2
    other = grevy.evaluate(run, folder(tmp_path / "other", {"0": 1, "90": 2}))
    assert (other["counted"], other["same_as"]) == (False, None)
    assert run.record.test_reads == reads + 2


def test_some_of_the_pictures_of_a_run_among_others_are_told_and_test_ones_counted(
    tmp_path: Path,
) -> None:
    place = tmp_path / "own"
    for split, count in {"train": 12, "val": 3, "test": 3}.items():
        for name in ("0", "90"):
            for number in range(count):
                write(place / split / name / f"{number:02d}.png", ANGLES.index(name))
    recipe = {"epochs": 1, "batch_size": 8, "patience": 0, "precision": "fp32"}
    run = grevy.train(place, recipe, out=tmp_path / "run", device="cpu", listener=Listener())
    reads = run.record.test_reads
    trained_on = grevy.evaluate(run, shutil.copytree(place / "train/0", tmp_path / "part/0").parent)
    assert "12 of these 12 pictures are train pictures of the run" in trained_on["notes"]
    assert not trained_on["counted"]
    more = shutil.copytree(place / "test", tmp_path / "more")
    write(more / "0" / "new.png", 0)
    found = grevy.evaluate(run, more)
    assert "6 of these 7 pictures are test pictures of the run" in found["notes"]
    assert (found["counted"], run.record.test_reads) == (True, reads + 1)


def test_the_pictures_that_a_run_was_trained_on_are_told(
    trained: tuple[Path, grevy.Run], tmp_path: Path
) -> None:
    place, run = trained
    whole = grevy.evaluate(run, place / "train")
    trained_on = run.results["train"]["n"]
    assert whole["n"] == 24 > trained_on
    assert f"{trained_on} of these 24 pictures are train pictures of the run" in whole["notes"]
    own = grevy.evaluate(run, place, split="train")
    assert (own["n"], own["same_as"]) == (trained_on, "train")
    changed = shutil.copytree(place, tmp_path / "changed")
    recorded = Path(run.record.data.where)
    assert not any("changed since" in note for note in grevy.evaluate(run, changed)["notes"])
    extra = recorded / "test" / "0" / "extra.png"
    write(extra, 0)
    try:
        assert any("changed since" in n for n in grevy.evaluate(run, recorded)["notes"])
    finally:
        extra.unlink()


def as_an_older_grevy_wrote_it(run: grevy.Run, place: Path) -> Path:
    """A copy of a run whose record has no checksums."""
    shutil.copytree(run.path, place)
    fields = json.loads((place / "run.json").read_text())
    del fields["files"], fields["sha256_of_the_rest"]
    (place / "run.json").write_text(json.dumps(fields))
    return place


def test_the_figures_of_the_record_are_held_against_what_is_found(
    trained: tuple[Path, grevy.Run], tmp_path: Path
) -> None:
    _place, run = trained
    for split in ("train", "validation", "test"):
        assert grevy.evaluate(run, split=split)["agrees"] is True
    assert grevy.evaluate(run, folder(tmp_path / "other", {"0": 1}))["agrees"] is None
    assert grevy.open(run.path, snapshot="initial").evaluate()["agrees"] is None
    old = as_an_older_grevy_wrote_it(run, tmp_path / "old")
    assert grevy.evaluate(old)["agrees"] is True
    weights = load_file(old / "model.safetensors")
    save_file({name: -value for name, value in weights.items()}, old / "model.safetensors")
    found = grevy.evaluate(old)
    assert found["agrees"] is False
    assert (
        "a likely cause: model.safetensors, of which this record has no SHA-256"
        in found["notes"][0]
    )
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(old)])
    assert ended.value.code == 1


def test_a_flipped_bit_in_the_weights_is_refused_by_their_sum(
    trained: tuple[Path, grevy.Run], tmp_path: Path
) -> None:
    copy = shutil.copytree(trained[1].path, tmp_path / "copy")
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-1] ^= 64
    (copy / "model.safetensors").write_bytes(content)
    with pytest.raises(CorruptRecordError, match=r"model\.safetensors differs from its SHA-256"):
        grevy.evaluate(copy)


@pytest.mark.parametrize(
    ("accuracy", "loss", "precision", "is_same"),
    [
        (0.8, 0.5, "fp32", True),
        (0.801, 0.5, "fp32", True),
        (0.803, 0.5, "fp32", False),
        (0.8, 0.502, "fp32", True),
        (0.8, 0.51, "fp32", False),
        (0.804, 0.509, "bf16", True),
        (0.81, 0.5, "bf16", False),
        (0.8, 0.52, "bf16", False),
    ],
)
def test_rounding_explains_so_much_and_no_more(accuracy, loss, precision, is_same) -> None:
    recorded = Score(loss=0.5, accuracy=0.8, n=1000)
    assert agrees({"accuracy": accuracy, "loss": loss}, recorded, precision) is is_same
