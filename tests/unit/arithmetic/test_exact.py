from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grevy.arithmetic.exact import exact, is_decimal, jsonable, shown
from grevy.errors import NotANumberError


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("3", 3),
        ("+3", 3),
        ("−3", -3),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("2.", 2),
        ("-1.50e-1", Fraction(-3, 20)),
        ("1e3", 1000),
        ("6/4", Fraction(3, 2)),
        ("4/2", 2),
        (0.1, Fraction(1, 10)),
        (2.0, 2),
        (True, 1),
        (Decimal("0.25"), Fraction(1, 4)),
        (np.float64(0.1), Fraction(1, 10)),
        (np.int8(-7), -7),
        (Fraction(8, 4), 2),
    ],
)
def test_a_number_is_read_exactly(written: Any, number: Any) -> None:
    found = exact(written)
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    "written",
    ["", "x", "1/0", "1/2/3", "1_000", "0x10", "nan", "inf", "--1", "1e999999999", "1e-99999"],
)
def test_what_is_no_number_is_named(written: str) -> None:
    with pytest.raises(NotANumberError, match="row 2 of the image"):
        exact(written, "row 2 of the image")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, 1j, [1], "9" * 401])
def test_what_is_not_finite_or_not_one_number_is_refused(value: Any) -> None:
    with pytest.raises(NotANumberError):
        exact(value)


def test_numbers_are_shown_as_they_were_written() -> None:
    third, quarter = Fraction(-1, 3), Fraction(-5, 4)
    assert [shown(value) for value in (-3, third, quarter)] == ["−3", "−1/3", "−5/4"]
    assert [shown(value, decimals=True) for value in (-3, third, quarter)] == [
        "−3",
        "−1/3",
        "−1.25",
    ]
    assert shown(Fraction(1, 1000), decimals=True) == "0.001"
    assert is_decimal("1e3")
    assert is_decimal(0.5)
    assert not is_decimal("1/2")


@given(st.fractions())
def test_a_shown_number_is_read_back_as_itself(value: Fraction) -> None:
    assert exact(shown(value)) == value
    assert exact(shown(value, decimals=True)) == value


@given(st.fractions(max_denominator=10**6))
def test_json_holds_the_number_itself(value: Fraction) -> None:
    said = jsonable(exact(value))
    assert exact(said) == value
    assert isinstance(said, str) or Fraction(repr(said)) == value


def test_json_says_a_third_as_text() -> None:
    values = [3, Fraction(1, 3), Fraction(1, 4), Fraction(10**400 + 1, 2)]
    assert [jsonable(value) for value in values[:3]] == [3, "1/3", 0.25]
    assert jsonable(values[3]) == str(values[3])
