"""Natural sort."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grevy.data.natural import natural_key


def test_numbers_count_and_letters_ignore_case():
    names = ["10", "2", "b10", "B2", "a", "1.png", "01.png", "img9-2", "img9-10", "img10-1", ""]
    assert sorted(names, key=natural_key) == [
        "", "01.png", "1.png", "2", "10", "a", "B2", "b10", "img9-2", "img9-10", "img10-1",
    ]  # fmt: skip


@given(st.lists(st.integers(min_value=0), min_size=2))
def test_decimals_sort_as_their_numbers(numbers):
    assert sorted(map(str, numbers), key=natural_key) == [str(n) for n in sorted(numbers)]


@given(st.lists(st.text(alphabet="aA01², -é٣"), unique=True))
def test_there_is_one_order_whatever_the_first(names):
    backwards = names[::-1]
    assert sorted(names, key=natural_key) == sorted(backwards, key=natural_key)


def test_numbers_of_any_length_are_taken():
    assert natural_key("9" * 9_999) < natural_key("1" * 10_000)
