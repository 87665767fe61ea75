"""What there is to train, and what of it is found on disk."""

from __future__ import annotations

import numpy as np
import pytest

from grevy.cli.reproduce import place, tasks_of
from grevy.data.load import load_data
from grevy.errors import InputError, UsageError
from grevy.recipes.changes import changed
from grevy.recipes.load import load_recipe
from grevy.reports.reproduce.assignment import prepare
from grevy.reports.reproduce.experiments import Experiment, experiments, find
from grevy.reports.reproduce.published import CLASSES
from grevy.reports.reproduce.tenth import write_tenth
from grevy.training.listeners.listener import Listener
from grevy.training.train import train


def test_tasks_decide_what_is_trained() -> None:
    transfer = load_recipe("transfer")
    every = experiments((1, 2, 3, 4), 3, quick=False, transfer=transfer)
    assert {e.name: len(e.runs) for e in every} == {
        "networks": 9,
        "transfer": 1,
        "best": 1,
        "changes": 18,
    }
    assert not experiments((1,), 3, quick=False, transfer=transfer)
    (base,) = experiments((2,), 2, quick=False, transfer=transfer)
    assert base.runs == (("baseline", 0), ("baseline", 1))
    assert [e.name for e in experiments((4,), 2, quick=False, transfer=transfer)] == ["transfer"]


def test_a_run_is_found_by_what_it_trained_wherever_it_lies(tmp_path) -> None:
    short = changed(load_recipe("base"), {"epochs": 1, "checks_per_epoch": 1}, "a test")
    other = changed(short, {"optimizer.lr": 0.01}, "a test")
    asked = Experiment("networks", frozenset({2}), {"baseline": short, "slow": other}, (0,))
    path = tmp_path / "elsewhere" / "run"
    run = train("digits", short, seed=0, out=path, listener=Listener())
    fingerprint = run.record.data.fingerprint
    finished, missing = find(asked, tmp_path, fingerprint)
    assert finished.finished
    assert finished.path == path
    assert (missing.path, missing.finished) == (None, False)
    assert not any(found.finished for found in find(asked, tmp_path, "of other data"))
    (path / "run.json").write_text("{")
    assert not any(found.finished for found in find(asked, tmp_path, fingerprint))


def test_a_tenth_has_every_tenth_picture_of_each_class(tmp_path) -> None:
    images = np.arange(60, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2)
    labels = np.array(["cat", "dog"] * 30)
    data = load_data({"train": (images, labels), "test": (images, labels)})
    path = write_tenth(data, tmp_path / "tenth.npz")
    tenth = load_data(path)
    assert {name: len(tenth.splits[name]) for name in ("test",)} == {"test": 6}
    content = path.read_bytes()
    assert write_tenth(data, path).read_bytes() == content


def test_other_pictures_than_cifar_10_are_refused() -> None:
    with pytest.raises(InputError, match=CLASSES[0]):
        prepare("digits")


@pytest.mark.parametrize(
    ("words", "where"),
    [((), "cifar10"), (("assignment",), "cifar10"), (("assignment", "d"), "d"), (("d",), "d")],
)
def test_the_place_may_follow_the_assignment(words: tuple[str, ...], where: str) -> None:
    assert place(words) == where


def test_tasks_are_numbers_from_1_to_4() -> None:
    assert tasks_of("4,1,1") == (1, 4)
    for wrong in ("5", "", "two"):
        with pytest.raises(UsageError, match="--tasks"):
            tasks_of(wrong)
