"""Seconds as people say them."""

from __future__ import annotations

import pytest

from grevy.cli.duration import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (4.23, "4.2 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (41.2, "41 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (500.4, "8 min 20 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7500.0, "2 h 05 min"),
        (360_000.0, "100 h 00 min"),
    ],
)
def test_seconds_are_rounded_to_what_matters(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
