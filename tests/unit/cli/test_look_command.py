from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

import grevy
from grevy.cli.main import main
from grevy.errors import UsageError
from grevy.inspection.settings import parse_channels


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    return path


def looked(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    main(["look", *map(str, words), "--json"])
    return json.loads(capsys.readouterr().out)


def failed(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as stop:
        main(["look", *map(str, words)])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_channels_are_numbers_and_ranges():
    assert parse_channels("") is None
    assert parse_channels("14,26, 3-5") == (14, 26, 3, 4, 5)
    for wrong in ("a", "5-3", "1,,2", "-1"):
        with pytest.raises(UsageError):
            parse_channels(wrong)


def test_the_zebra_through_the_first_filters_of_resnet18(test_data, tmp_path, capsys):
    """The figure of the source assignment: its activations are those of torch's convolution."""
    weights = test_data / "resnet18_imagenet_conv1.safetensors"
    words = ["--model", "resnet18", "--weights", weights, "--partial", "--layer", "conv1"]
    out = tmp_path / "five.png"
    answer = looked(
        capsys, test_data / "zebra.jpg", *words, "--channels", "14,26,32,49,52", "--out", out
    )
    assert answer["figures"] == [str(out), str(out.with_suffix(".svg"))]
    assert all(Path(path).stat().st_size > 10_000 for path in answer["figures"])
    view = grevy.look(
        test_data / "zebra.jpg",
        model="resnet18",
        weights=weights,
        partial=True,
        layer="conv1",
        channels=(14, 26, 32, 49, 52),
    )
    kernel = view.arrays["weights_OIHW"]
    pixels = np.asarray(Image.open(test_data / "zebra.jpg"), np.float32) / 255
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    image = torch.from_numpy(
        ((pixels - np.float32(mean)) / np.float32(deviation)).transpose(2, 0, 1)
    )
    expected = F.conv2d(image[None], torch.from_numpy(kernel), stride=2, padding=3)[0]
    shown = view.arrays["maps_NCHW"][0]
    scale = float(expected.abs().max())
    assert np.abs(shown - expected.numpy()).max() <= 1e-6 * scale
    listed = answer["activations"]["pictures"][0]["channels"]
    assert [entry["channel"] for entry in listed] == [14, 26, 32, 49, 52]
    assert listed[0]["maximum"] == pytest.approx(float(expected[14].max()), rel=1e-5)
    assert any("were not loaded" in note for note in answer["activations"]["notes"])


def test_an_overview_is_named_after_what_it_shows(picture, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = looked(capsys, picture, "--model", "base")
    assert answer["figures"] == ["look-noise-base.png", "look-noise-base.svg"]
    assert sum(answer["predicted"].values()) <= 1.0001
    assert any("random" in note for note in answer["notes"])
    assert any("40 wide and 40 high" in note for note in answer["notes"])


def test_list_prints_layers_and_draws_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = looked(capsys, "--model", "base", "--list")
    assert answer["layers"][0] == {"name": "conv1", "type": "Conv2d", "shape": [32, 32, 32]}
    assert list(tmp_path.iterdir()) == []


def test_list_names_every_tensor_that_was_not_loaded(test_data, capsys):
    weights = test_data / "resnet18_imagenet_conv1.safetensors"
    answer = looked(capsys, "--model", "resnet18", "--weights", weights, "--partial", "--list")
    assert len(answer["not_loaded"]) == 101
    assert "conv1.weight" not in answer["not_loaded"]
    assert {"bn1.weight", "fc.bias"} <= set(answer["not_loaded"])


def test_pages_of_many_channels(picture, tmp_path, capsys):
    words = ["--model", "resnet18", "--input", "3x32x32", "--classes", 10, "--layer", "layer4"]
    looked(capsys, picture, *words, "--page", 4, "--out", tmp_path / "a.png")
    error = failed(capsys, picture, *words, "--page", 5, "--out", tmp_path / "a.png")
    assert "1 to 4" in error
    words = ["--model", "base", "--method", "gradcam", "--page", 2, "--out", tmp_path / "b.png"]
    assert "one page" in failed(capsys, picture, *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "base"], "no picture and no layer"),
        (["PICTURE"], "neither a run nor a model"),
        (["PICTURE", "--model", "base", "--layer", "conv9"], "conv1"),
        (["PICTURE", "--model", "base", "--class", "zebra"], "no class 'zebra'"),
        (["PICTURE", "--model", "base", "--method", "magic"], "gradcam"),
        (["PICTURE", "--model", "base", "--method", "gradient", "--layer", "conv1"], "--layer"),
        (["PICTURE", "--model", "base", "--layer", "conv1", "--channels", "32"], "0 to 31"),
        (["PICTURE", "--model", "base", "--layer", "conv1", "--channels", "x"], "--channels x"),
        (["PICTURE", "--model", "bse"], "base"),
        (
            ["PICTURE", "--model", "base", "--out", "a.doc"],
            ".png, .svg, .html, .pdf, .md, .tex or .txt",
        ),
        (["missing.png", "--model", "base"], "missing.png"),
        (["--run", "nowhere", "--unit", "conv1"], "--unit conv1"),
        (["--run", "nowhere", "--unit", "conv1:3", "--map", "conv1"], "--unit with --map"),
        (["--unit", "conv1:3"], "without --run"),
        (["PICTURE", "--run", "nowhere"], "nowhere"),
        (["PICTURE", "--model", "base", "--channels", "3"], "--channels without --layer"),
        (["PICTURE", "PICTURE", "--model", "base"], "2 pictures for an overview"),
        (["PICTURE", "--model", "base", "--other-snapshot", "last"], "--other-snapshot"),
    ],
)
def test_wrong_words_are_one_line(words, said, picture, capsys):
    assert said in failed(capsys, *(picture if word == "PICTURE" else word for word in words))
