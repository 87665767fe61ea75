"""Inspectors are declared once: flags, keywords, documents and the battery come from that."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from torch import nn

import grevy
from grevy.errors import InputError, UsageError
from grevy.inspection import inspectors as folder
from grevy.inspection import registry
from grevy.inspection.registry import Inspector, find, flag, inspectors, register
from grevy.inspection.settings import Settings
from grevy.testing import check_inspector
from grevy.words.look_arguments import LookArguments, look_arguments, settings_in
from grevy.words.parse import parse

ROOT = Path(__file__).parents[3]
PICTURE = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(432, 4))


def look(**words) -> object:
    return grevy.look(PICTURE, model=network(), input_shape=(3, 8, 8), **words)


def test_every_setting_is_a_flag_and_reaches_its_inspector() -> None:
    words = {"layer": "conv1", "sort": "index", "split": "test", "start": "mean"}
    for inspector in inspectors():
        given = {name: words.get(name, "6") for name in inspector.fields}
        flags = [word for name, text in given.items() for word in (flag(name), text)]
        parsed = parse(look_arguments(), "look", ["--method", inspector.name, *flags])
        assert settings_in(parsed) == given
        for name, value in dict(inspector.read(given)).items():
            assert value in (given[name], 6, (6,)), name


def test_a_setting_does_not_take_a_word_of_look() -> None:
    class Weighted(Settings):
        weights: str = ""

    with pytest.raises(InputError, match="'mine' with the setting 'weights'"):
        grevy.register_inspector("mine", settings=Weighted)(print)
    assert "mine" not in [inspector.name for inspector in inspectors()]


def test_the_words_of_look_are_all_that_its_two_doors_take_themselves() -> None:
    keywords = set(inspect.signature(grevy.look).parameters) - {"layer", "settings"}
    flags = {each.name for each in dataclasses.fields(LookArguments)}
    assert keywords | flags == registry.WORDS_OF_LOOK


def test_declarations_and_help_load_no_torch() -> None:
    code = (
        "import sys; from grevy.inspection.registry import inspectors; "
        "from grevy.words.look_arguments import look_arguments; "
        "look_arguments(); print(len(inspectors()), 'torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, torch = found.stdout.split()
    assert (int(count) >= 15, torch) == (True, "False")


def test_the_documents_name_every_inspector_with_its_settings() -> None:
    rows = re.findall(r"^\| (`.*) \| (.*) \|$", (ROOT / "docs/look.md").read_text(), re.MULTILINE)
    told = {name: flags for names, flags in rows for name in re.findall(r"`([a-z-]+)`", names)}
    for inspector in inspectors():
        assert set(re.findall(r"`(--[a-z-]+)`", told[inspector.name])) == set(
            map(flag, inspector.fields)
        )


def test_a_setting_that_nobody_reads_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no setting 'stepz'; expected one of .*steps"):
        look(method="integrated-gradients", stepz=3)


def test_a_setting_of_others_is_refused_and_they_are_named() -> None:
    with pytest.raises(UsageError, match=r"--noise with --method occlusion.*read by smoothgrad"):
        look(method="occlusion", noise=0.1)
    with pytest.raises(UsageError, match=r"--seed with --layer and no --method; .*--sort"):
        look(layer="0", seed=3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"method": "smoothgrad", "samples": 3}, "--samples 3; expected a multiple of 2"),
        ({"method": "smoothgrad", "noise": "loud"}, "--noise loud; expected a valid number"),
        ({"method": "occlusion", "window": 0}, "--window 0; expected greater than or equal to 1"),
        ({"method": "occlusion", "start": "gray"}, "--start gray; expected black, white or mean"),
        ({"method": "activations"}, "activations without --layer"),
        ({"method": "unit", "layer": "0", "channel": 1}, "--method unit without --run"),
        ({"method": "filters"}, "a picture with --method filters"),
        ({"layer": "0", "data": "digits"}, r"--data with --layer.*feature-map"),
        ({"unit": "0:1", "map": "0"}, "--unit with --map"),
        ({"unit": "0:1", "layer": "0"}, "--unit with --layer"),
        ({"map": "0", "layer": "0"}, "--map with --layer"),
    ],
)
def test_what_can_not_be_is_one_line(words: dict, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        look(**words)
    assert "\n" not in str(error.value)


def test_settings_reach_the_inspector_as_texts_too() -> None:
    view = look(method="integrated-gradients", steps="3", most_steps=3, class_name="1")
    assert "3 steps" in view.notes[0]
    assert look(layer="0", channels="2,0-1").arrays["shown_S"].tolist() == [2, 0, 1]


def test_needs_come_in_their_order() -> None:
    with pytest.raises(InputError, match="in this order"):
        Inspector("odd", "Odd.", Settings, ("picture", "network"), print)


@pytest.fixture
def one_more_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file that CONTRIBUTING shows, as if it stood in the folder."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    (code,) = re.findall(r"## Adding an inspector.*?```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "strongest.py").write_text(code)
    before = {each.name: each for each in inspectors()}
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    registry._find_ours.cache_clear()
    yield
    registry._registered.clear()
    for each in before.values():
        register(each)
    sys.modules.pop("grevy.inspection.inspectors.strongest", None)


@pytest.mark.usefixtures("one_more_file")
def test_one_new_file_is_found_by_being_there() -> None:
    view = look(method="strongest", count=3)
    assert len(view.arrays["shown_S"]) == 3
    given = settings_in(parse(look_arguments(), "look", ["--method", "strongest", "--count", "4"]))
    assert find("strongest").read(given).count == 4
    check_inspector("strongest")
