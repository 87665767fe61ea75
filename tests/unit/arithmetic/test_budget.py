"""An output too large to be worked by hand is refused before its memory is taken."""

import pytest

from grevy.arithmetic.convolve import convolve
from grevy.arithmetic.pool import pool
from grevy.errors import GeometryError


def test_a_padding_that_makes_it_huge_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"200,001×200,001 in 1 channel; expected at most"):
        convolve("1", "1", padding=100_000)


def test_an_output_size_that_makes_it_huge_is_refused() -> None:
    with pytest.raises(GeometryError, match="100,000×100,000"):
        pool("1 2; 3 4", kind="average", output_size="100000x100000")


def test_a_large_one_that_can_be_worked_is_worked() -> None:
    assert len(convolve("1", "1", padding=20).output_FHW[0]) == 41
