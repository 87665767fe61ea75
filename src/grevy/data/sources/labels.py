"""From what a table or array has as labels to class names, and what must be said about them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from grevy.data.names import listed
from grevy.errors import DataFormatError, NoLabelsError
from grevy.figures.numerals import counted

_NO_LABELS = frozenset(
    (
        *("", "nan", "NaN", "NAN", "-nan", "-NaN", "null", "Null", "NULL", "None", "NaT"),
        *("NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A"),
    )
)
"""What programs write where a label is not there: pandas, NumPy, R, SQL, spreadsheets."""
_DOUBTFUL = frozenset(("none", "na", "nil", "?", "-", "--"))
"""In any case: a class, or none; it is read as a class, and that is said."""
_WHOLE = re.compile(r"[+-]?\d+")
_POINTED = re.compile(r"([+-]?\d+)\.0*")
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)", re.IGNORECASE)


class Labels(NamedTuple):
    """Class name of each picture."""

    names: tuple[str, ...]
    notes: tuple[str, ...]


def class_labels(
    values: Sequence[object],
    names: Sequence[str] | None,
    where: str,
    rows: Sequence[int] | None = None,
) -> Labels:
    """Class name of each picture, spaces around it left out.

    Args:
        values: integers, which are positions in `names` or else named by their decimals; or class
            names, of which "1.0" means "1" where all are numbers.
        names: the class names in the publisher's order, if there are any.
        where: what to call the place in an error.
        rows: numbers of the rows, as the user counts them; from 1 if they are left out.

    Raises:
        NoLabelsError: none of them is a label.
        DataFormatError: a label that is none of these, is not there, or has no name.
    """
    if several := [value for value in values if isinstance(value, list | tuple | dict)]:
        raise DataFormatError(
            f"{where} has several labels for a picture: {str(several[0])[:80]}",
            "one class for each picture",
            "keep one of them, or give a table with one label a picture",
        )
    try:
        plain = {value: _plain(value) for value in set(values)}
        found = [plain[value] for value in values]
        _require_any(where, found)
        _require_all(where, found, rows or range(1, len(values) + 1))
        pointed = _whole_numbers(where, list(dict.fromkeys(found)))
        table = {v: _class_label(pointed.get(text, text), names) for v, text in plain.items()}
    except (ValueError, TypeError) as error:
        raise DataFormatError(
            f"{where} has a label that can't be used ({error})",
            "integers from 0 that have a name each, or class names",
            "correct the labels (numbers by labels.astype(int)), or leave out pictures without one",
        ) from error
    notes = (*_spaces_note(values), *_pointed_note(pointed), *_doubt_note(table.values()))
    return Labels(tuple(table[value] for value in values), notes)


def is_no_label(value: object) -> bool:
    """Whether it is nothing, or what data sets have in the place of labels that they keep back."""
    return _is_none(value) or (value in (-1, "-1") and not isinstance(value, bool))


def no_labels(received: str) -> NoLabelsError:
    """The refusal of pictures whose classes nobody says."""
    return NoLabelsError(
        received,
        "a folder per class, or a label for every picture",
        "predict them (grevy predict), or leave the split out (name the others with "
        "--pictures.splits)",
    )


def _require_any(where: str, values: Sequence[object]) -> None:
    if values and all(map(is_no_label, values)):
        raise no_labels(
            f"{where} has {len(values):,} pictures and {values[0]!r} for each: no labels"
        )


def rows_said(rows: Sequence[int], of: int) -> str:
    """Which rows: "row 3", or "12 of 80 rows (3, 4, 7, 9, 11 and 7 more)"."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
    return f"{len(rows):,} of {of:,} rows ({', '.join(map(str, rows[:5]))}{more})"


def _plain(value: object) -> object:
    """As Python has it: text without spaces around it, numbers of NumPy as numbers."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    return value.strip() if isinstance(value, str) else value


def _require_all(where: str, values: Sequence[object], rows: Sequence[int]) -> None:
    missing = [row for row, value in zip(rows, values, strict=True) if _is_none(value)]
    if not missing:
        return
    spelled = sorted({repr(value) for value in values if _is_none(value)})
    is_name = any(isinstance(value, str) and value for value in values if _is_none(value))
    way_out = "; if a class has this name, give it another one, or a folder per class"
    raise DataFormatError(
        f"{where} has no label in {rows_said(missing, len(values))} ({', '.join(spelled)})",
        "the class of every picture",
        "fill it in, or take these rows out" + way_out * is_name,
    )


def _is_none(value: object) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value in _NO_LABELS)


def _whole_numbers(where: str, values: Sequence[object]) -> dict[object, str]:
    """Of texts that are whole numbers with a point, what they stand for: "1.0" is "1".

    Only where all are numbers: among names, "2.0" is a name.

    Raises:
        DataFormatError: numbers with a fraction.
    """
    texts = [value for value in values if isinstance(value, str)]
    if not texts or not all(map(_is_number, values)):
        return {}
    if broken := [t for t in texts if not (_WHOLE.fullmatch(t) or _POINTED.fullmatch(t))]:
        kind = (
            "with a fraction" if any(map(_has_fraction, broken)) else "that are not written plain"
        )
        raise DataFormatError(
            f"{where} has labels that are numbers {kind}: {listed(broken)}",
            "a class for each picture, by its name or whole number",
            "give each class a name; quantities are no classes until they are cut into some",
        )
    return {text: match[1] for text in texts if (match := _POINTED.fullmatch(text))}


def _has_fraction(text: str) -> bool:
    return not float(text).is_integer()  # infinity, too, which is no whole number


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _class_label(value: object, names: Sequence[str] | None) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} of type {type(value).__name__}")
    if names is None:
        return str(value)
    if not 0 <= value < len(names):
        raise ValueError(f"{value}, and there are names for 0 to {len(names) - 1}")
    return names[value]


def _spaces_note(values: Iterable[object]) -> tuple[str, ...]:
    spaced = [value for value in values if isinstance(value, str) and value != value.strip()]
    if not spaced:
        return ()
    return (f"spaces around {counted(len(spaced), 'label')} left out: {listed(set(spaced))}",)


def _pointed_note(pointed: dict[object, str]) -> tuple[str, ...]:
    if not pointed:
        return ()
    first, number = next(iter(pointed.items()))
    return (f"labels that are whole numbers with a point are read without it: {first} as {number}",)


def _doubt_note(names: Iterable[str]) -> tuple[str, ...]:
    doubtful = sorted({name for name in names if name.casefold() in _DOUBTFUL})
    if not doubtful:
        return ()
    return (f"read as the name of a class: {listed(doubtful)}; if it is none, leave the rows out",)
