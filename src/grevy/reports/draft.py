"""A first report of one's own: Markdown whose numbers are directives, with places for words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template

from grevy.classifier.run import Run
from grevy.documents.forms import Number
from grevy.records.run_name import slug
from grevy.reports.draft_texts import CONCLUSION, EVERY_RUN, FLIPPED, MADE, RUN, STUDY
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.open import open_sources
from grevy.reports.sources.run_source import RunSource

MOST_FLIPPED = 4
"""Arms of which the flipped pictures are shown."""

LONGEST = 20
"""Letters of a run's name that texts are written with; a longer one is called after the study."""

_VALUE = re.compile(r"<([\w.]+)>")
_MARKUP = re.compile(r"([\\`*_\[\]<>#|$~{}!&])")
_PLAIN = re.compile(r"[\w./=:@+,~-]+")


def draft(places: Sequence[str | Path | Run], *, trust_source: bool = False) -> str:
    """Markdown with all directives filled in, from which a report is made as it is.

    Args:
        places: a run, several, folders of runs, or studies.
        trust_source: run the source that records keep, wherever they are from.

    Returns:
        Values, tables and figures, neutral sentences, and questions that are to be answered in the
        places that begin with "Discussion".

    Raises:
        RunNotFoundError: no run there.
    """
    sources = open_sources(places, trust_source=trust_source)
    if sources.comparison is not None:
        return _join(_of_study(sources.comparison, sources.runs))
    return _join(_of_runs(sources.runs))


def _of_runs(runs: Sequence[RunSource]) -> Iterator[str]:
    names = [_name(run) for run in runs]
    yield f"# Report on {', '.join(_escaped(run.name) for run in runs)}"
    yield _given(zip(names, (run.place for run in runs), strict=True))
    for run, name in zip(runs, names, strict=True):
        parts = _filled(RUN, run.numbers, run=name)
        if len(runs) > 1:
            yield f"## The run {_escaped(run.name)}"
            parts = re.sub("^## ", "### ", parts, flags=re.MULTILINE)
        yield parts
    yield CONCLUSION
    yield from (
        _filled(MADE, run.numbers, run=name) for run, name in zip(runs[:1], names, strict=False)
    )


def _of_study(source: ComparisonSource, runs: Sequence[RunSource]) -> Iterator[str]:
    arms = source.comparison.contest.arms
    study, first = slug(source.name, "study").replace("=", "-"), runs[0]
    run = _name(first) if len(_name(first)) <= LONGEST and _name(first) != study else f"{study}-run"
    yield f"# Comparison of {', '.join(map(_escaped, arms))}"
    yield _given([*((study, place) for place in source.places), (run, first.place)])
    yield _filled(STUDY, source.numbers, study=study)
    yield "## Pictures that flipped"
    for arm in arms[1 : 1 + MOST_FLIPPED]:
        yield _filled(FLIPPED, {}, study=study, arm=slug(arm, "arm"))
    yield "> Discussion: What do the pictures have in common that are right now, or wrong now?"
    yield f"## One run closely: {_escaped(first.name)}"
    yield re.sub("^## ", "### ", _filled(RUN, first.numbers, run=run), flags=re.MULTILINE)
    yield CONCLUSION
    yield _filled(EVERY_RUN, {}, study=study)
    yield _filled(MADE, first.numbers, run=run)


def _filled(text: str, numbers: Mapping[str, Number], **names: str) -> str:
    """Paragraphs of which every value is there, its directives naming `run` or else `study`."""
    record = names.get("run") or names["study"]
    return "\n\n".join(
        Template(_VALUE.sub(rf"{{{{ value {record} \1 }}}}", paragraph)).substitute(names)
        for paragraph in text.strip().split("\n\n")
        if all(numbers.get(field) is not None for field in _VALUE.findall(paragraph))
    )


def _given(named: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    words = " ".join(_quoted(f"{name}={place}") for name, place in named)
    return f"{{{{ runs {words} }}}}"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return word if _PLAIN.fullmatch(word) else f'"{escaped}"'


def _name(run: RunSource) -> str:
    return slug(run.name).replace("=", "-")


def _escaped(name: str) -> str:
    """A name as words, whatever signs are in it."""
    return _MARKUP.sub(r"\\\1", " ".join(name.split()))


def _join(parts: Iterator[str]) -> str:
    return "\n\n".join(part.strip() for part in parts)
