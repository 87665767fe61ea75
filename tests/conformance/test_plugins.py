"""One part of each kind, one file each: as a plugin, as Grevy's own, as an installed package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grevy import testing
from grevy.cli.main import main
from grevy.recipes import parts

PLUGINS = Path(__file__).parent / "plugins"
NAMES = ("blur", "lion", "polynomial", "margin", "squares")
QUICK = ["--epochs", "1", "--batch-size", "60", "--precision", "fp32", "--json"]

FLAGS = {
    "blur": ["--augment.blur.radius", "2"],
    "lion": ["--optimizer.name", "lion", "--optimizer.memory", "0.98", "--optimizer.lr", "0.001"],
    "polynomial": ["--schedule.name", "polynomial", "--schedule.power", "3"],
    "margin": ["--loss.name", "margin", "--loss.margin", "0.5"],
    "squares": [],
}
READ = {
    "blur": ("augment", {"blur": {"radius": 2}}),
    "lion": ("optimizer", {"name": "lion", "memory": 0.98}),
    "polynomial": ("schedule", {"name": "polynomial", "power": 3.0}),
    "margin": ("loss", {"name": "margin", "margin": 0.5}),
}
"""What the record has of it, by section."""

HOMES = {
    "blur": ("grevy.data.augment.kinds", "grevy.augmentations"),
    "lion": ("grevy.training.optimizers.kinds", "grevy.optimizers"),
    "polynomial": ("grevy.training.schedules.kinds", "grevy.schedules"),
    "margin": ("grevy.training.losses.kinds", "grevy.losses"),
    "squares": ("grevy.data.sources.kinds", "grevy.data_sources"),
}
"""The folder of Grevy's own, and the group of entry points."""

ALL_FLAGS = [flag for flags in FLAGS.values() for flag in flags]


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plugin registers is gone after the test."""
    for kind in parts.HOMES:
        monkeypatch.setitem(parts._parts, kind, parts.known_parts(kind))


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    said = capsys.readouterr().err
    assert (stop.value.code, len(said.splitlines())) == (2, 1)
    return said


def read_as_told(facts: dict[str, Any], names: Sequence[str]) -> None:
    """The run finished, and its record has what the flags said."""
    assert facts["status"] == "finished"
    for section, fields in (READ[name] for name in names if name in READ):
        recorded = facts["recipe"][section]
        assert {field: recorded[field] for field in fields} == fields


@pytest.mark.parametrize("name", NAMES)
def test_one_file_with_plugin_and_its_fields_are_flags(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = "squares:240" if name == "squares" else "digits"
    out, plugin = str(tmp_path / "run"), str(PLUGINS / f"{name}.py")
    main(["train", where, *QUICK, *FLAGS[name], "--plugin", plugin, "--out", out])
    read_as_told(json.loads(capsys.readouterr().out), [name])


def test_the_battery_takes_a_plugins_parts() -> None:
    for name in NAMES:
        load(PLUGINS / f"{name}.py")
    testing.check_augmentation("blur", radius=2)
    testing.check_optimizer("lion", lr=0.001)
    testing.check_schedule("polynomial", power=1.5)
    testing.check_loss("margin")
    testing.check_data_source("squares:60")


def load(file: Path) -> None:
    from grevy.cli.plugin import load_plugin

    load_plugin(file)


def trained_elsewhere(folder: Path, *start: str) -> None:
    """All five at once, in a process that has seen none of them."""
    path = os.pathsep.join([str(folder), *sys.path])
    words = ["train", "squares:240", *QUICK, *ALL_FLAGS]
    done = subprocess.run(
        [sys.executable, *start, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read_as_told(json.loads(done.stdout), NAMES)


def test_one_file_in_the_folder_of_its_kind_is_all_that_grevy_needs(tmp_path: Path) -> None:
    code = "import sys\n"
    for name, (home, _) in HOMES.items():
        (tmp_path / f"more_{name}").mkdir()
        shutil.copy(PLUGINS / f"{name}.py", tmp_path / f"more_{name}")
        code += f"import {home} as home; home.__path__.append('more_{name}')\n"
    code += "from grevy.cli.main import main; main(sys.argv[1:])"
    trained_elsewhere(tmp_path, "-c", code)


def test_one_file_of_an_installed_package_needs_no_flag(tmp_path: Path) -> None:
    facts = tmp_path / "mine-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    points = ""
    for name, (_, group) in HOMES.items():
        shutil.copy(PLUGINS / f"{name}.py", tmp_path / f"my_{name}.py")
        points += f"[{group}]\n{name} = my_{name}\n"
    (facts / "entry_points.txt").write_text(points)
    trained_elsewhere(tmp_path, "-m", "grevy")


def test_an_installed_package_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = tmp_path / "broken-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[grevy.optimizers]\nlion = no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    said = refused(capsys, "train", "digits", "--optimizer.name", "lion")
    assert "'no_such_module' of broken fails" in said


def test_the_help_has_a_plugins_fields_with_their_texts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help", f"--plugin={PLUGINS / 'blur.py'}"])
    said = capsys.readouterr().out
    assert "--augment.blur.radius INT" in said
    assert "Pixels to each side" in said


def test_a_plugins_field_that_is_wrong_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "digits", "--plugin", PLUGINS / "blur.py"]
    assert "augment.blur.radius = 9" in refused(capsys, *words, "--augment.blur.radius", "9")
    assert "--augment.blur.radius" in refused(capsys, *words, "--augment.blur.radios", "1")


def test_a_study_has_arms_of_a_plugins_fields(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", "digits", "--vary", "augment.blur.radius=2", "--seeds", "1", "--plan"]
    main([*words, "--plugin", str(PLUGINS / "blur.py"), "--out", str(tmp_path / "study")])
    assert "2 missing" in capsys.readouterr().out


def test_a_recipe_without_a_plugins_augmentation_differs_from_one_with_it() -> None:
    from grevy.recipes.changes import differences
    from grevy.recipes.load import load_recipe

    load(PLUGINS / "blur.py")
    plain, blurred = load_recipe("base"), load_recipe({"augment": {"blur": {"radius": 2}}})
    assert differences(plain, blurred) == {"augment.blur.radius": 2}
    assert differences(blurred, plain) == {"augment.blur.radius": 0}
    assert "blur" not in plain.effective()["augment"]  # so it is the same without the plugin
