"""What a confusion matrix says in words."""

from __future__ import annotations

import numpy as np

from grevy.reports.sections.results import _confusion_in_words

NAMES = ("cat", "dog", "owl")


def said(*rows: tuple[int, int, int]) -> str:
    return _confusion_in_words(np.array(rows), NAMES, "test")


def test_the_pair_that_is_mixed_up_most_is_named() -> None:
    text = said((5, 2, 0), (1, 6, 0), (0, 0, 7))
    assert text.endswith("Most often mixed up here: cat, taken for dog 2 times.")
    assert "18 of 21 pictures lie on the diagonal" in text


def test_where_several_pairs_are_as_often_none_is_named() -> None:
    text = said((5, 1, 0), (1, 6, 0), (0, 1, 7))
    assert text.endswith("No pair of classes is mixed up most: 3 are, 1 time each.")


def test_without_a_mistake_nothing_is_mixed_up() -> None:
    assert "mixed up" not in said((5, 0, 0), (0, 6, 0), (0, 0, 7))
