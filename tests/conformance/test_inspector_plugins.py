"""An inspector from outside: one file, and it is a flag, a keyword and in the battery."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.cli.main import main
from grevy.cli.plugin import load_plugin
from grevy.errors import InputError, PartError, UsageError
from grevy.inspection import registry
from grevy.testing import check_inspector

PLUGIN = '''
"""How bright the pictures are, as the network sees them."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field
from typing import Annotated

import grevy
from grevy.inspection.inspectors.activations import ActivationsSettings
from grevy.inspection import activations


class BrightSettings(grevy.InspectorSettings):
    """Which layer, and how much brighter."""

    layer: str
    """Of the network."""

    gain: Annotated[float, Field(gt=0)] = 2.0
    """By which activations are multiplied."""


@dataclass(frozen=True)
class Bright:
    view: activations.ActivationsView
    gain: float

    def __getattr__(self, name):
        return getattr(self.view, name)

    def as_json(self):
        return {**self.view.as_json(), "gain": self.gain}


@grevy.register_inspector("bright", settings=BrightSettings)
def look(classifier, pictures, settings):
    """What a layer puts out, brighter."""
    seen = activations.look(classifier, pictures, ActivationsSettings(layer=settings.layer))
    return Bright(seen, settings.gain)


@grevy.register_inspector("careless", settings=BrightSettings)
def careless(classifier, pictures, settings):
    """It leaves the network in another mode."""
    classifier.model.eval()
    return look(classifier, pictures, settings)
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    registry._find_ours()
    before = dict(registry._registered)
    file = tmp_path / "bright.py"
    file.write_text(PLUGIN)
    yield file
    registry._registered.clear()
    registry._registered.update(before)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "noise.png"
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_it_is_a_method_with_flags_of_its_own(
    plugin: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["look", str(picture), "--model", "base", "--plugin", str(plugin)]
    asked = ["--method", "bright", "--layer", "conv2", "--gain", "3", "--json"]
    main([*words, *asked, "--out", str(plugin.with_suffix(".png"))])
    assert json.loads(capsys.readouterr().out)["gain"] == 3
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    told = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "bright: What a layer puts out, brighter." in told
    assert "By which activations are multiplied. (bright, careless; 2.0)" in told
    assert plugin.with_suffix(".svg").exists()


def test_it_is_a_keyword_of_look_and_what_it_does_not_read_is_refused(
    plugin: Path, picture: Path
) -> None:
    load_plugin(plugin)
    asked = {"model": "base", "method": "bright", "layer": "conv2"}
    assert grevy.look(picture, **asked, gain=3).gain == 3
    assert grevy.look(picture, **asked).gain == 2
    with pytest.raises(InputError, match="--gain 0; expected greater than 0"):
        grevy.look(picture, **asked, gain=0)
    with pytest.raises(UsageError, match=r"--noise with --method bright.*smoothgrad"):
        grevy.look(picture, **asked, noise=0.1)
    with pytest.raises(UsageError, match=r"--gain with --method gradcam.*bright"):
        grevy.look(picture, model="base", method="gradcam", gain=2)
    assert "bright" in [inspector.name for inspector in grevy.inspectors()]


def test_the_battery_holds_it_to_what_all_must_do(plugin: Path) -> None:
    load_plugin(plugin)
    check_inspector("bright")
    with pytest.raises(PartError, match=r"'careless' on .*'base' leaves behind other.*training"):
        check_inspector("careless")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages with one that brings an inspector from the module `bright`."""
    facts = tmp_path / "mine-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[grevy.inspectors]\nbright = bright\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._find_installed.cache_clear()
    yield tmp_path
    registry._find_installed.cache_clear()
    sys.modules.pop("bright", None)


@pytest.mark.usefixtures("packages", "plugin")
def test_an_installed_package_brings_its_inspectors() -> None:
    assert registry.find("bright").summary == "What a layer puts out, brighter."


def test_an_installed_package_that_fails_is_named(packages: Path) -> None:
    (packages / "bright.py").write_text("import no_such_module")
    with pytest.raises(PartError, match=r"'bright' of mine fails .*no_such_module"):
        registry.inspectors()


@pytest.mark.usefixtures("plugin")
def test_one_that_has_the_name_of_ours_takes_its_place() -> None:
    settings = registry.find("gradcam").settings
    grevy.register_inspector("gradcam", settings=settings, summary="Mine.")(print)
    assert registry.find("gradcam").summary == "Mine."
