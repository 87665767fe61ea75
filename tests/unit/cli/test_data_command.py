"""`grevy data` as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from grevy.cli.main import main


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """Two classes, six pictures each; two of them equal, one empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREVY_CACHE", str(tmp_path / "cache"))
    for number, name in enumerate(["cat", "dog"]):
        place = tmp_path / "my pets" / name
        place.mkdir(parents=True)
        for i in range(6):
            random = np.random.default_rng(100 * number + i)
            pixels = random.integers(0, 256, (10, 12, 3), np.uint8)
            Image.fromarray(pixels).save(place / f"{i}.png")
    cats = tmp_path / "my pets" / "cat"
    (cats / "again.png").write_bytes((cats / "1.png").read_bytes())
    (cats / "empty.png").touch()
    return tmp_path / "my pets"


def test_a_person_reads_what_is_there_and_what_is_wrong(pets, capsys):
    main(["data", str(pets)])
    told = capsys.readouterr().out
    for words in (
        "class  train",
        "all       14",
        "10 pixels (all the same)",
        "PNG 13",
        "sees RGB pictures of 10×12 pixels",
        "1 can't be read",
        "cat/empty.png",
        "empty file",
        "--pictures.unreadable leave-out",
        "groups of equal pictures: 1; across splits, which is a leak: 0",
        "cat/again.png",
        "sheet     --out FOLDER draws some pictures of each class",
        f"next      grevy train '{pets}'",
    ):
        assert words in told, words


def test_without_out_nothing_is_written_anywhere(pets, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(pets)
    before = sorted(pets.rglob("*"))
    main(["data", "."])
    assert "written" not in capsys.readouterr().out
    assert sorted(pets.rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "my pets"]


@pytest.mark.parametrize("inside", [".", "cat", "sheets"])
def test_a_sheet_among_the_pictures_is_refused(pets, capsys, inside):
    with pytest.raises(SystemExit) as stop:
        main(["data", str(pets), "--out", str(pets / inside)])
    assert stop.value.code == 2
    assert "would be read as a picture of a class" in capsys.readouterr().err
    assert not list(pets.rglob("*contact-sheet*"))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Two classes of large pictures, a dot, a panorama."""
    monkeypatch.setenv("GREVY_CACHE", str(tmp_path / "cache"))
    for number, name in enumerate(["cat", "dog"]):
        place = tmp_path / "photos" / name
        place.mkdir(parents=True)
        for i in range(6):
            random = np.random.default_rng(100 * number + i)
            pixels = random.integers(0, 256, (240, 320, 3), np.uint8)
            Image.fromarray(pixels).save(place / f"{i}.jpg")
    cats = tmp_path / "photos" / "cat"
    Image.new("RGB", (1, 1)).save(cats / "dot.png")
    Image.fromarray(random.integers(0, 256, (40, 3000, 3), np.uint8)).save(cats / "wide.png")
    return tmp_path / "photos"


def test_large_photographs_get_the_recipe_that_fits_them_and_its_size(photos, tmp_path, capsys):
    main(["data", str(photos), "--out", str(tmp_path / "sheets")])
    told = capsys.readouterr().out
    for words in (
        "sees RGB pictures of 160×160 pixels, with --recipe transfer",
        "1 of 14 pictures is tiny (cat/dot.png: 1 wide and 1 high for 160×160)",
        "1 of 14 pictures is a strip (cat/wide.png: 3,000 wide and 40 high; crop keeps 1.3 % of it",
        "advice    --recipe transfer: few pictures (14 in train) and large ones (typically 320 wide"
        " and 240 high)",
        f"next      grevy train {photos} --recipe transfer --batch-size 4",
    ):
        assert words in told, words
    with Image.open(tmp_path / "sheets" / "photos-contact-sheet.png") as sheet:
        assert sheet.width > 5 * 160


def test_the_contact_sheet_is_written_where_it_was_asked_for(pets, tmp_path, capsys):
    main(["data", str(pets), "--out", str(tmp_path / "sheets")])
    sheet = tmp_path / "sheets" / "my-pets-contact-sheet.png"
    assert str(sheet) in capsys.readouterr().out
    with Image.open(sheet) as image:
        image.load()
        assert min(image.size) > 100
    assert not list(tmp_path.glob("*contact-sheet*"))


def test_the_next_command_repeats_what_was_said_about_the_pictures(pets, capsys):
    said = ["--pictures.size", "16", "20", "--pictures.fit", "pad", "--pictures.bits", "12"]
    main(["data", str(pets), *said])
    assert capsys.readouterr().out.endswith(f"'{pets}' --batch-size 4 {' '.join(said)}\n")


def test_json_is_one_object_and_nothing_else(pets, tmp_path, capsys):
    prepared = ["--pictures.size", "16", "--pictures.channels", "gray"]
    main(["data", str(pets), "--json", *prepared, "--out", str(tmp_path / "sheets")])
    told = json.loads(capsys.readouterr().out)
    assert told["classes"] == ["cat", "dog"]
    assert told["counts"]["train"] == {"cat": 8, "dog": 6}
    assert told["input_shape"] == [1, 16, 16]
    assert told["unreadable"] == [{"split": "train", "id": "cat/empty.png", "reason": "empty file"}]
    assert [p["id"] for p in told["duplicates"][0]["pictures"]] == ["cat/1.png", "cat/again.png"]
    assert sorted(path.rsplit(".")[-1] for path in told["written"]) == ["png", "svg"]
    assert told["advice"]["flags"] == ["--batch-size", "4"]


def test_a_place_that_is_not_there_is_one_line_and_status_2(pets, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["data", str(pets / "nothing")])
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("grevy: ")
    assert told.count("\n") == 1


def test_the_command_starts_without_torch(pets):
    code = (
        "import sys; from grevy.cli.main import main;"
        f"main(['data', {str(pets)!r}]); assert 'torch' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=dict(os.environ), stdout=subprocess.DEVNULL
    )


def test_plain_folders_of_splits_are_said(pets, capsys):
    (pets / "cat" / "empty.png").unlink()
    for split in ("train", "test"):
        (pets.parent / "s").mkdir(exist_ok=True)
        (pets.parent / "s" / split).symlink_to(pets)
    main(["data", "s"])
    assert "note      taken as splits: train is 'train'; test is 'test'" in capsys.readouterr().out
