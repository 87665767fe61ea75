"""Receptive fields along one axis, worked by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from grevy.arithmetic.receptive_field import (
    NOTHING,
    ReceptiveField,
    TooManyPhasesError,
    joined,
    moved,
    repeated,
    spread,
    through_adaptive,
    through_resampling,
    through_transposed,
    through_window,
)

PICTURE = ReceptiveField()


def cells(field: ReceptiveField, count: int) -> list[tuple[int, int]]:
    return [field.cells(index) for index in range(count)]


def test_windows_widen_the_field_and_all_cells_see_alike() -> None:
    field = through_window(through_window(PICTURE, 3, 2, before=1), 3, dilation=2)
    assert cells(field, 2) == [(-1, 9), (1, 11)]
    assert (field.size, field.stride, field.differs) == (11, 2, False)


def test_cells_of_the_padding_see_what_lies_before_the_picture() -> None:
    assert through_window(PICTURE, 3, 2).cells(-1) == (-2, 0)


def test_a_transposed_convolution_is_reached_by_what_lays_its_kernel_there() -> None:
    """x[j] lays w[0], w[1], w[2] on y[2j], y[2j + 1], y[2j + 2]."""
    field = through_transposed(PICTURE, 3, 2)
    assert cells(field, 4) == [(-1, 0), (0, 0), (0, 1), (1, 1)]
    assert (field.size, field.stride, field.differs) == (2, Fraction(1, 2), True)


def test_a_kernel_smaller_than_the_stride_leaves_cells_that_see_nothing() -> None:
    field = through_transposed(PICTURE, 1, 3)
    assert cells(field, 4) == [(0, 0), NOTHING, NOTHING, (1, 1)]
    assert field.size == 1
    assert spread(through_transposed(PICTURE, 1, 2, before=1), 1).size == 0


def test_what_neighbours_see_is_joined_behind_a_window() -> None:
    field = through_window(through_transposed(PICTURE, 4, 2, before=1), 3, before=1)
    assert cells(field, 4) == [(-1, 1), (-1, 1), (0, 2), (0, 2)]


def test_a_stride_of_the_period_makes_cells_alike_again() -> None:
    assert through_window(through_transposed(PICTURE, 2, 2), 2, 2) == PICTURE
    assert through_window(repeated(PICTURE, 3), 1, 3) == PICTURE


def test_adaptive_windows_differ_unless_the_sizes_divide() -> None:
    assert cells(through_adaptive(PICTURE, 5, 3), 3) == [(0, 1), (1, 3), (3, 4)]
    assert through_adaptive(PICTURE, 6, 3) == through_window(PICTURE, 2, 2)


def test_enlargements_take_the_cells_at_their_place() -> None:
    nearest = through_resampling(PICTURE, Fraction(2, 3), Fraction(0))
    assert cells(nearest, 4) == [(0, 0), (0, 0), (1, 1), (2, 2)]
    linear = through_resampling(PICTURE, Fraction(1, 2), Fraction(-1, 4), (0, 1))
    assert cells(linear, 4) == [(-1, 0), (0, 1), (0, 1), (1, 2)]


def test_branches_of_one_stride_are_joined_cell_by_cell() -> None:
    around = through_transposed(through_window(PICTURE, 2, 2), 2, 2)
    assert cells(joined(PICTURE, around), 4) == [(0, 1), (0, 1), (2, 3), (2, 3)]


def test_cut_cells_move_the_pattern() -> None:
    assert cells(moved(through_transposed(PICTURE, 3, 2), 1), 3) == [(0, 0), (0, 1), (1, 1)]
    assert moved(PICTURE, -2).cells(0) == (-2, -2)


def test_more_phases_than_can_be_carried_are_refused() -> None:
    with pytest.raises(TooManyPhasesError):
        through_adaptive(through_adaptive(PICTURE, 224, 223), 225, 221)
