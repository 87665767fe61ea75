import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.cli.main import COMMANDS, main
from grevy.training.listeners.listener import Listener

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]
RECIPE = {"batch_size": 16, "epochs": 2, "precision": "fp32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stripes across and down, as a folder of PNGs with a test split."""
    place = tmp_path_factory.mktemp("stripes")
    random = np.random.default_rng(0)
    lines = np.where(np.arange(16) % 4 < 2, 60, 190)
    for split, count in (("train", 60), ("test", 20)):
        for number in range(count):
            name = ("across", "down")[number % 2]
            pixels = np.tile(lines, (16, 1)) if number % 2 else np.tile(lines[:, None], 16)
            pixels = pixels + random.integers(-40, 40, pixels.shape)
            (place / split / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(place / split / name / f"{number}.png")
    return place


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> grevy.Run:
    out = tmp_path_factory.mktemp("runs") / "first"
    return grevy.train(folder, RECIPE, out=out, listener=Listener())


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_loads_no_torch_and_is_quick(words: list[str]) -> None:
    program = (
        "import sys; from grevy.cli.main import main; main(sys.argv[1:]);"
        "assert not {'torch', 'numpy', 'tyro'} & set(sys.modules)"
    )
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3


def test_import_grevy_loads_no_torch() -> None:
    program = "import grevy, sys; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_public_door_opens_on_every_name() -> None:
    for name in grevy.__all__:
        assert getattr(grevy, name) is not None
    assert set(grevy.__all__) <= set(dir(grevy))
    with pytest.raises(AttributeError, match="no attribute"):
        _ = grevy.nonsense


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert not stop.value.code
    assert "--json" in capsys.readouterr().out


def test_train_prints_one_json_object_and_nothing_else(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--epochs",
        "1",
        "--batch-size",
        "16",
        "--precision",
        "fp32",
        "--augment.flip",
        "random",
    ]
    main(["train", str(folder), *words, "--out", str(tmp_path / "run"), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["status"] == "finished"
    assert said["recipe"]["augment"]["flip"] == "random"
    assert said["command"][:2] == ["grevy", "train"]


def test_runs_sorts_filters_and_shows_damage(
    run: grevy.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = run.path.parent / "broken"
    broken.mkdir(exist_ok=True)
    (broken / "run.json").write_text("{")
    main(["runs", str(run.path.parent), "--json"])
    rows = json.loads(capsys.readouterr().out)["runs"]
    assert {Path(r["run"]).name: r["status"] for r in rows} == {
        "first": "finished",
        "broken": "damaged",
    }
    main(["runs", str(run.path.parent), "--where", "test>0.1", "--where", "recipe=base", "--json"])
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 1
    main(["runs", str(run.path.parent), "--where", "status=finished", "--sort=-test"])
    assert "first" in capsys.readouterr().out


def test_evaluate_counts_every_reading_of_the_test_split(
    run: grevy.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    before = run.record.test_reads
    main(["evaluate", str(run.path), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["accuracy"] == run.results["test"]["accuracy"]
    assert said["loss"] == run.results["test"]["loss"]
    assert said["test_reads"] == before + 1 == run.record.test_reads
    assert sum(c["n"] for c in said["classes"].values()) == 20


def test_evaluate_on_the_data_of_the_run_by_its_name_says_that_it_is_counted(
    run: grevy.Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reads = run.record.test_reads + 1
    main(["evaluate", str(run.path), str(folder)])
    told = f"the test split has now been read {reads} times for this run"
    assert told in " ".join(capsys.readouterr().out.split())
    assert run.record.test_reads == reads
    main(["evaluate", str(run.path), str(folder), "--split", "train"])
    assert "has now been read" not in capsys.readouterr().out


def test_evaluate_on_other_pictures(run: grevy.Run, folder: Path, tmp_path: Path) -> None:
    others = shutil.copytree(folder, tmp_path / "others")
    next((others / "test").rglob("*.png")).unlink()
    before = run.record.test_reads
    found = grevy.evaluate(run, others, split="test")
    assert found["n"] == run.results["test"]["n"] - 1
    assert run.record.test_reads == before + 1  # they are its test pictures, but one


def test_evaluate_says_that_a_folder_has_no_splits_and_which_classes_are_missing(
    run: grevy.Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = tmp_path / "some"
    for picture in sorted((folder / "test" / "down").iterdir())[:3]:
        (some / "down").mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, some / "down")
    main(["evaluate", str(run.path), str(some)])
    said = capsys.readouterr().out
    assert f"on all 3 pictures of {some}, which has no splits" in said
    assert "95 % interval" in said
    assert "no picture of class 'across'" in said
    main(["evaluate", str(run.path), str(some), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["split"], found["n"], found["missing"]) == ("all", 3, ["across"])
    assert found["low"] < found["accuracy"] <= found["high"]
    assert found["counted"] is True  # they are test pictures of the run


def test_evaluate_takes_the_names_of_splits_of_other_data_only(
    run: grevy.Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (0, 1):
        shutil.copytree(folder / "test", tmp_path / "folds" / f"fold{number}")
    words = ["--pictures.splits", "test=fold1"]
    main(["evaluate", str(run.path), str(tmp_path / "folds"), *words])
    said = capsys.readouterr().out
    assert "20 pictures" in said
    assert "the test pictures of the run" not in said.splitlines()[0]
    with pytest.raises(SystemExit):
        main(["evaluate", str(run.path), *words])
    assert "--pictures.splits for the run's own data" in capsys.readouterr().err


def test_predict_as_table_csv_and_json(
    run: grevy.Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = str(folder / "test")
    main(["predict", str(run.path), pictures])
    assert "probability" in capsys.readouterr().out
    main(["predict", str(run.path), pictures, "--json"])
    rows = json.loads(capsys.readouterr().out)["predictions"]
    assert len(rows) == 20
    assert (
        sum(row["class"] in row["picture"] for row in rows) / 20 == run.results["test"]["accuracy"]
    )
    main(["predict", str(run.path), pictures, "--format", "csv", "--out", str(tmp_path / "a.csv")])
    with (tmp_path / "a.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [r["class"] for r in table] == [r["class"] for r in rows]
    assert float(table[0]["across"]) + float(table[0]["down"]) == pytest.approx(1, abs=1e-5)


def test_a_picture_that_cannot_be_read_does_not_cost_the_others(
    run: grevy.Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "[red]oops.png").write_bytes(b"")
    good = next((folder / "test" / "down").iterdir())
    with pytest.raises(SystemExit) as stop:
        main(["predict", str(run.path), str(tmp_path / "[red]oops.png"), str(good)])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert good.name in said.out
    assert "[red]oops.png" in said.out
    assert "1 of 2 pictures can't be read" in said.err


def test_a_plugin_registers_a_network(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "import math, grevy\nfrom torch import nn\n"
        "@grevy.register_model('flat-test')\n"
        "def flat(input_shape, classes, width):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(input_shape), width),\n"
        "        nn.ReLU(), nn.Linear(width, classes))\n"
    )
    words = [
        "--plugin",
        str(plugin),
        "--model.name",
        "flat-test",
        "--model.arguments",
        "width",
        "9",
    ]
    words += ["--epochs", "1", "--batch-size", "16", "--precision", "fp32"]
    main(["train", str(folder), *words, "--out", str(tmp_path / "run"), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["parameters"] == 256 * 9 + 9 + 9 * 2 + 2
    main(
        ["predict", str(tmp_path / "run"), str(folder / "test"), "--plugin", str(plugin), "--json"]
    )
    assert len(json.loads(capsys.readouterr().out)["predictions"]) == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["convolve", "--kernel", "1"], "grevy convolve without --image; expected one"),
        (["evaluate"], "grevy evaluate without a run directory; expected one"),
        (["layers"], "grevy layers without a registered name"),
    ],
)
def test_what_is_missing_is_named_without_its_whole_help(words, said, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error) < 200
