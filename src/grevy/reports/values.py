"""Values of records by their names: what a document prints, and how to see it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grevy.documents.forms import Number
from grevy.reports.sources.open import open_sources
from grevy.reports.sources.source import number_of


def values_of(
    places: Sequence[str], field: str | None = None, *, trust_source: bool = False
) -> Mapping[str, Number]:
    """One field of the places, or all fields, each with its number, unrounded.

    Args:
        places: one run; or several, or a study, whose comparison has the fields.
        field: dotted; None: all.
        trust_source: see `report`.

    Raises:
        RunNotFoundError: nothing there.
        UnknownValueError: no such field; the nearest are named.
    """
    source = open_sources(places, trust_source=trust_source).all[0]
    return dict(source.numbers) if field is None else {field: number_of(source, field)}
