"""What `grevy train` says at its end."""

from __future__ import annotations

import re

import pytest

from grevy.cli.train import ended
from grevy.records.results import Results, SecondsRecord
from grevy.training.check_noise import few_pictures


def results(steps: int, epochs: float, early: bool, best: int) -> Results:
    return Results(
        best_step=best,
        steps=steps,
        epochs=epochs,
        stopped_early=early,
        seconds=SecondsRecord(training=1.0),
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (results(44, 2.0, False, 40), "44 steps, all of 2 epochs; best check"),
        (results(1, 1.0, False, 1), "1 step, all of 1 epoch; best check"),
        (results(41, 20.5, False, 41), "41 steps, all of 20.5 epochs; best check"),
        (results(2106, 3.0, True, 1053), "2,106 steps, stopped early after 3 epochs; best check"),
    ],
)
def test_steps_and_the_best_check_are_told_apart(found: Results, said: str) -> None:
    text = ended(found)
    assert text.startswith(said)
    assert text.endswith(f"at step {found.best_step:,}")
    assert not re.search(r"\d+ of \d+", text)


@pytest.mark.parametrize(("pictures", "points"), [(1, 40), (6, 31), (145, 8), (380, 5)])
def test_few_validation_pictures_are_told_of_with_what_they_are_worth(
    pictures: int, points: int
) -> None:
    said = few_pictures(pictures)
    assert said is not None
    noun = "picture" if pictures == 1 else "pictures"
    on = f"on {pictures} validation {noun}"
    assert f"{on}: an accuracy there is known to ±{points} points" in said


@pytest.mark.parametrize("pictures", [381, 5000])
def test_enough_of_them_are_not(pictures: int) -> None:
    assert few_pictures(pictures) is None
