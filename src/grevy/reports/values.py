"""Values of records by their names: what a document prints, and how to see it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grevy.documents.forms import Number
from grevy.errors import UsageError
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
        UsageError: several runs that can't be compared, of which none is meant more than another.
    """
    sources = open_sources(places, trust_source=trust_source)
    if sources.comparison is None and len(sources.runs) > 1:
        raise UsageError(
            f"{len(sources.runs)} runs without a comparison ({sources.missing[-1]})",
            "one run, or several that can be compared",
            f"name one, such as {sources.runs[0].place}",
        )
    source = sources.all[0]
    return dict(source.numbers) if field is None else {field: number_of(source, field)}
