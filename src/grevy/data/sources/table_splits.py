"""The column of a table that says the split of each row."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence

from grevy.data.names import listed, nfc
from grevy.data.sources.split_words import (
    are_splits,
    how_to_name,
    is_split_column,
    split_of_value,
    taken_note,
)
from grevy.data.types import SPLITS
from grevy.errors import DataFormatError
from grevy.figures.numerals import counted
from grevy.recipes.split_choice import SplitChoice


def split_column(where: str, columns: Sequence[str], choice: SplitChoice) -> str | None:
    """The chosen column, else the one called `split`; None where no column may say it.

    Raises:
        DataFormatError: no column of the chosen name, or columns that look like splits.
    """
    if choice.column:
        chosen = [column for column in columns if nfc(column) == nfc(choice.column)]
        if not chosen:
            raise _no_column(where, columns, f"no column {choice.column!r}")
        return chosen[0]
    if choice.all_train:
        return None
    plain = [column for column in columns if column.strip().casefold() == "split"]
    if plain:
        return plain[0]
    if suspects := [column for column in columns if is_split_column(column)]:
        raise _suspicious(where, suspects)
    if choice.names:
        raise _no_column(where, columns, "no column of splits")
    return None


def require_no_splits(where: str, columns: Mapping[str, Iterable[str]]) -> None:
    """Refuse columns whose values are words of splits, whatever they are called.

    Args:
        where: what to call the table in an error.
        columns: the values, as text, of those that are not read.

    Raises:
        DataFormatError: there is one.
    """
    if suspects := [column for column, values in columns.items() if are_splits(values)]:
        raise _suspicious(where, suspects)


def row_splits(
    where: str,
    column: str,
    values: Sequence[str],
    choice: SplitChoice,
    numbers: Sequence[int] | None = None,
) -> tuple[list[str | None], tuple[str, ...]]:
    """The split of each row, None for a row of none that was chosen, and the notes on it.

    Args:
        where: what to call the table in an error.
        column: its name, which tells what yes and no mean: `is_valid`.
        values: one a row, as text.
        choice: where it names values, they alone are read.
        numbers: of the rows, as the user counts them; from 1 if they are left out.

    Raises:
        DataFormatError: a value that means no split, or a chosen value that is not there.
    """
    table = {value: _meaning(column, value, choice) for value in dict.fromkeys(values)}
    if absent := sorted(set(choice.names) - {nfc(value) for value in table}):
        raise DataFormatError(
            f"{where} has no {listed(absent)} in the column {column!r}; it has {listed(table)}",
            "values that are there in --pictures.splits",
            "correct the names",
        )
    if not choice.names and (unknown := [value for value, split in table.items() if not split]):
        row = values.index(unknown[0])
        raise DataFormatError(
            f"{where} has the split {unknown[0]!r} in row {numbers[row] if numbers else row + 1}"
            f" (column {column!r})",
            f"{', '.join(SPLITS)}, or words for them",
            f"correct it, or give {how_to_name(table, column)}",
        )
    found = [table[value] for value in values]
    return found, (*_taken(column, table), *_left_out(found, table))


def unread_note(columns: Iterable[str], read: Collection[str]) -> tuple[str, ...]:
    """The note on columns that are not read, none where there are none."""
    unread = [column for column in columns if column not in read]
    return (f"not read: the columns {listed(unread)}",) if unread else ()


def _meaning(column: str, value: str, choice: SplitChoice) -> str | None:
    return choice.split_of(value) if choice.names else split_of_value(column, value)


def _taken(column: str, table: dict[str, str | None]) -> tuple[str, ...]:
    pairs = [(split, value) for value, split in table.items() if split]
    return tuple(f"{note} in the column '{column}'" for note in taken_note(pairs))


def _left_out(found: Sequence[str | None], table: dict[str, str | None]) -> tuple[str, ...]:
    if None not in found:
        return ()
    rest = listed(value for value, split in table.items() if split is None)
    return (f"{counted(found.count(None), 'row')} not read, for in no chosen split: {rest}",)


def _suspicious(where: str, columns: Sequence[str]) -> DataFormatError:
    return DataFormatError(
        f"{where} has the column {listed(columns)}, which looks like a split",
        "the split of each row in a column 'split', or no such column",
        f"say what it is: --pictures.split-column {shlex.quote(columns[0])}, with "
        "--pictures.splits train=VALUE,test=VALUE where its values are no words of splits; or "
        "--pictures.splits train=. if all is train",
    )


def _no_column(where: str, columns: Sequence[str], received: str) -> DataFormatError:
    return DataFormatError(
        f"{where} has {received}; its columns are {listed(columns)}",
        "a column that is there in --pictures.split-column",
        "correct the name, or leave --pictures.splits and --pictures.split-column out",
    )
