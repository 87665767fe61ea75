"""Bad input gets one clear line and exit status 2 or 1, and loses nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grevy.cli.main import main

Grevy = Callable[..., tuple[int, str, str]]


@pytest.fixture
def grevy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Grevy:
    """Runs a command in an empty folder; returns exit status, standard output, standard error."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(*words: object) -> tuple[int, str, str]:
        status = 0
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            status = int(stop.code or 0)
        out, error = capsys.readouterr()
        return status, out, error

    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes, red and blue, with twelve 16×16 PNGs each."""
    random = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    for name, channel in (("red", 0), ("blue", 2)):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 90, (16, 16, 3), dtype=np.uint8)
            pixels[..., channel] += 150
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


QUICK = ("--epochs", "1", "--batch-size", "8", "--precision", "fp32")


def refused(answer: tuple[int, str, str], *named: str, status: int = 2) -> None:
    """One line on standard error, with all these words in it."""
    code, _, error = answer
    assert code == status, error
    lines = [line for line in error.splitlines() if line.startswith("grevy: ")]
    assert len(lines) == 1, error
    assert "Traceback" not in error
    for word in named:
        assert word in lines[0], lines[0]


def test_no_such_folder(grevy: Grevy) -> None:
    refused(grevy("train", "no/such/folder"), "no/such/folder")


def test_a_misspelt_name_gets_the_nearest(grevy: Grevy) -> None:
    refused(grevy("train", "cifar01"), "cifar01", "cifar10")


def test_an_empty_folder(grevy: Grevy, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(grevy("train", tmp_path / "empty"), "empty")


def test_one_class(grevy: Grevy, pictures: Path) -> None:
    for file in (pictures / "blue").iterdir():
        file.unlink()
    (pictures / "blue").rmdir()
    refused(grevy("train", pictures), "red", "two classes")


def test_a_class_that_is_missing_in_test(grevy: Grevy, pictures: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    pictures.rename(whole / "train")
    (whole / "test" / "red").mkdir(parents=True)
    Image.new("RGB", (16, 16)).save(whole / "test" / "red" / "1.png")
    refused(grevy("train", whole), "test", "blue")


def truncated_jpeg() -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()[:1500]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.jpg", truncated_jpeg()),
        ("zero.png", b""),
        ("words.png", b"this is a text, not a picture\n"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named_before_training(
    grevy: Grevy, pictures: Path, name: str, content: bytes
) -> None:
    (pictures / "red" / name).write_bytes(content)
    refused(grevy("train", pictures, *QUICK), f"red/{name}", "1 of 25")
    assert not Path("runs").exists()
    status, out, error = grevy("train", pictures, *QUICK, "--pictures.unreadable", "leave-out")
    assert status == 0, error
    assert f"red/{name}" in out


def test_16_bit_cmyk_and_animated_pictures_are_read(grevy: Grevy, pictures: Path) -> None:
    red = pictures / "red"
    Image.fromarray(np.full((16, 16), 40_000, np.uint16)).save(red / "deep.png")
    Image.new("CMYK", (16, 16), (0, 200, 200, 0)).save(red / "print.jpg")
    frames = [Image.new("RGB", (16, 16), c) for c in ("red", "blue", "green")]
    frames[0].save(red / "moving.gif", save_all=True, append_images=frames[1:])
    status, _, error = grevy("train", pictures, *QUICK)
    assert status == 0, error


def test_a_picture_smaller_than_the_network_needs(grevy: Grevy, pictures: Path) -> None:
    refused(grevy("train", pictures, "--pictures.size", 6), "pool3", "8×8")


def test_a_batch_larger_than_the_split(grevy: Grevy, pictures: Path) -> None:
    refused(grevy("train", pictures, "--batch-size", 500), "500", "--batch-size")


def test_an_unknown_recipe_field(grevy: Grevy, pictures: Path, tmp_path: Path) -> None:
    refused(grevy("train", pictures, "--optimizer.rl", 0.1), "--optimizer.rl", "--optimizer.lr")
    file = tmp_path / "mine.yaml"
    file.write_text("optimiser: {lr: 0.1}\n")
    refused(grevy("train", pictures, "--recipe", file), "optimiser", "mine.yaml")


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--epochs", "0"), ("--epochs", "ten"), ("--precision", "fp8"), ("--optimizer.lr", "-1")],
)
def test_a_value_that_a_field_does_not_take(
    grevy: Grevy, pictures: Path, flag: str, value: str
) -> None:
    refused(grevy("train", pictures, flag, value))


def test_an_unknown_model_recipe_device_and_command(grevy: Grevy, pictures: Path) -> None:
    refused(grevy("train", pictures, "--model.name", "bsae"), "bsae", "base")
    refused(grevy("train", pictures, "--recipe", "bsae"), "bsae", "base")
    refused(grevy("train", pictures, "--device", "tpu"), "tpu", "cpu")
    refused(grevy("trian", pictures), "trian", "train")
    refused(grevy("train"), "grevy train digits")


def test_a_run_directory_that_exists_already(grevy: Grevy, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "thesis.txt").write_text("months of work")
    refused(grevy("train", pictures, "--out", out), "exists already", "--out", "--resume")
    assert [f.name for f in out.iterdir()] == ["thesis.txt"]


def test_a_resume_with_another_recipe_seed_or_other_pictures(
    grevy: Grevy, pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert grevy("train", pictures, *QUICK, "--out", out)[0] == 0
    facts = json.loads((out / "run.json").read_text())
    del facts["sha256_of_the_rest"]  # as one who means it
    (out / "run.json").write_text(json.dumps({**facts, "status": "interrupted"}))
    again = ("train", pictures, "--resume", "--out", out)
    refused(grevy(*again, *QUICK, "--optimizer.lr", 0.3), "recipe")
    refused(grevy(*again, "--seed", 9), "seed")
    (pictures / "red" / "0.png").unlink()
    refused(grevy(*again), "data")


def test_a_corrupt_checkpoint(grevy: Grevy, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert grevy("train", pictures, *QUICK, "--out", out)[0] == 0
    facts = json.loads((out / "run.json").read_text())
    del facts["sha256_of_the_rest"]  # as one who means it
    (out / "run.json").write_text(json.dumps({**facts, "status": "training"}))
    for generation in (out / "checkpoint").iterdir():
        state = generation / "state.safetensors"
        state.write_bytes(state.read_bytes()[:-7])
    steps = (out / "steps.jsonl").read_bytes()
    refused(grevy("train", "--resume", "--out", out), "SHA-256", str(out), status=1)
    assert (out / "steps.jsonl").read_bytes() == steps


def test_a_loss_that_is_not_finite(grevy: Grevy, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    answer = grevy("train", pictures, *QUICK, "--optimizer.lr", 1e30, "--out", out)
    refused(answer, "step", "learning rate 1e+30", status=1)
    facts = json.loads((out / "run.json").read_text())
    assert facts["status"] == "failed"
    assert facts["error"] in answer[2]


def test_errors_as_json(grevy: Grevy) -> None:
    status, out, _ = grevy("train", "no/such/folder", "--json")
    assert status == 2
    assert json.loads(out)["error"] == "DataNotFoundError"


def test_predict_and_evaluate_without_a_run(grevy: Grevy, pictures: Path) -> None:
    refused(grevy("predict", "runs/none", pictures), "runs/none")
    refused(grevy("evaluate", "runs/none"), "runs/none")
    refused(grevy("runs", "nowhere"), "nowhere")
