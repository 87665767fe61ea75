"""Directives that are filled from records: value, figure, table, section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from grevy.documents.blocks import Block, Figure, Paragraph, Table, Value
from grevy.documents.forms import FORMS
from grevy.errors import UnknownFormError
from grevy.figures.numerals import counted
from grevy.records.run_name import slug
from grevy.reports.comparison_report import CAPTIONS, runs_table
from grevy.reports.figure import figure_block
from grevy.reports.material import Material
from grevy.reports.own.default_form import default_form
from grevy.reports.own.directive import Directive
from grevy.reports.own.places import Records
from grevy.reports.run_report import SECTIONS, Section, section_blocks
from grevy.reports.sections.asked import asked
from grevy.reports.sections.curves import curves
from grevy.reports.sections.data import data
from grevy.reports.sections.made import made
from grevy.reports.sections.mistakes import mistakes
from grevy.reports.sections.network import network
from grevy.reports.sections.results import calibration, classes, results
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.open import Sources
from grevy.reports.sources.source import Source, number_of, value_of
from grevy.studies.document import comparison_document
from grevy.studies.report import comparison_figures, flipped_figures

Kind = TypeVar("Kind")
Filling = Callable[[], Sequence[Block]]
"""Makes the blocks, once all directives are known to be right."""

RUN_FIGURES: dict[str, Section] = {
    "loss": curves,
    "accuracy": curves,
    "confusion": classes,
    "calibration": calibration,
    "mistakes": mistakes,
    "pictures": data,
}
RUN_TABLES: dict[str, Section] = {
    "results": results,
    "classes": classes,
    "recipe": asked,
    "layers": network,
    "made": made,
}
STUDY_TABLES = ("arms", "effects", "runs")
FLIPPED = "flipped"


@dataclass(frozen=True)
class FromRecords:
    """What fills these directives.

    Attributes:
        records: that the text speaks of.
        picture: what a network is shown; None: one of its validation split.
        data: the image data, if it is no longer where it was.
    """

    records: Records
    picture: str | Path | None
    data: str | Path | None

    def value(self, directive: Directive) -> Value:
        """`value RUN FIELD [FORM]`."""
        words = directive.raw
        if len(words) not in (2, 3):
            raise directive.error(
                f"value with {counted(len(words), 'word')}",
                "a run, a field, and if need be a form",
                "for example {{ value RUN results.test.accuracy }}",
            )
        source = _judged(self._sources(directive))
        number = number_of(source, words[1])
        form = words[2].strip('"') if len(words) == 3 else default_form(words[1], number)
        try:
            return value_of(source, words[1], form)
        except UnknownFormError:
            raise directive.unknown("form", form, FORMS) from None

    def figure(self, directive: Directive) -> Filling:
        """`figure RUN KIND [CAPTION]`, `figure STUDY KIND [CAPTION]`."""
        kind, caption = self._kind(directive, "figure")
        sources = self._sources(directive)
        if sources.comparison is None:
            section = _chosen(directive, "figure of a run", kind, RUN_FIGURES)
            material = self._material(directive, sources)
            return lambda: _captioned(_figure(section_blocks(section, material), kind), caption)
        compared = sources.comparison
        arms = {f"{FLIPPED}-{slug(arm, 'arm')}" for arm in compared.comparison.contest.arms[1:]}
        if kind.startswith(f"{FLIPPED}-"):
            kind = f"{FLIPPED}-{slug(kind.removeprefix(f'{FLIPPED}-'), 'arm')}"
        _chosen(directive, "figure of a study", kind, {n: n for n in (*CAPTIONS, *sorted(arms))})
        return lambda: _captioned(self._of_study(compared, kind), caption)

    def table(self, directive: Directive) -> Filling:
        """`table RUN KIND`, `table STUDY KIND`."""
        kind, _ = self._kind(directive, "table")
        sources = self._sources(directive)
        if sources.comparison is None and kind != "runs":
            section = _chosen(directive, "table of a run", kind, RUN_TABLES)
            material = self._material(directive, sources)
            return lambda: _tables(section_blocks(section, material))
        _chosen(directive, "table of a study", kind, {name: name for name in STUDY_TABLES})
        return lambda: _study_table(sources, kind)

    def section(self, directive: Directive) -> Filling:
        """`section RUN "HEADING"`: what the report on a run has under this heading."""
        heading, _ = self._kind(directive, "section")
        section = _chosen(directive, "section", heading, SECTIONS)
        material = self._material(directive, self._sources(directive))
        return lambda: section_blocks(section, material)

    def _kind(self, directive: Directive, what: str) -> tuple[str, str]:
        words = directive.words
        if len(words) not in (2, 3):
            raise directive.error(
                f"{what} with {counted(len(words), 'word')}",
                "a run or a study, and which one of it",
                "put quotes around names with blanks; see docs/report.md",
            )
        return words[1], "".join(words[2:])

    def _sources(self, directive: Directive) -> Sources:
        return self.records.by_word[record_of(directive)]

    def _material(self, directive: Directive, sources: Sources) -> Material:
        if len(sources.runs) != 1:
            raise directive.error(
                f"{record_of(directive)}, which is {counted(len(sources.runs), 'run')}",
                "one run",
                "; ".join(sources.missing) or "name one of them",
            )
        return self._materials.setdefault(
            sources.runs[0].name, Material(sources.runs[0], self.data, self.picture)
        )

    @cached_property
    def _materials(self) -> dict[str, Material]:
        """Of each run one, so that its pictures are read once."""
        return {}

    def _of_study(self, source: ComparisonSource, kind: str) -> Sequence[Block]:
        why: list[str] = []
        if kind.startswith(FLIPPED):
            drawn = flipped_figures(source.comparison, why.append, self.data)
        else:
            drawn = comparison_figures(source.comparison)
        if kind not in drawn:
            missing = f"Missing here: {'; '.join(why)}"
            return (
                Paragraph(missing if why else f"There is nothing to see in a figure of {kind}."),
            )
        words = CAPTIONS.get(kind, "Pictures that turned right, and pictures that turned wrong.")
        return (figure_block(drawn[kind], f"{source.name}-{kind}", words, words),)


def record_of(directive: Directive) -> str:
    """The word for the run or the study; "" where there is none.

    Raises:
        DirectiveError: a quote that does not end.
    """
    if directive.word == "value":
        return next(iter(directive.raw), "").strip('"')
    return next(iter(directive.words), "")


def _judged(sources: Sources) -> Source:
    return sources.all[0]


def _chosen(directive: Directive, what: str, name: str, known: Mapping[str, Kind]) -> Kind:
    if name not in known:
        raise directive.unknown(what, name, known)
    return known[name]


def _figure(blocks: Sequence[Block], kind: str) -> Sequence[Block]:
    """The figure of that kind; where there is none, the sentences that say why."""
    figures = [b for b in blocks if isinstance(b, Figure) and b.name.endswith(kind)]
    return figures or [block for block in blocks if isinstance(block, Paragraph)]


def _tables(blocks: Sequence[Block]) -> Sequence[Block]:
    tables = [block for block in blocks if isinstance(block, Table)]
    return tables or [block for block in blocks if isinstance(block, Paragraph)]


def _study_table(sources: Sources, kind: str) -> Sequence[Block]:
    if kind == "runs" or sources.comparison is None:
        return (runs_table(sources.runs),)
    source = sources.comparison
    arms, effects, *rest = comparison_document(source.comparison, source.name).blocks
    said = [block for block in rest if isinstance(block, Paragraph)]
    return (arms,) if kind == "arms" else (effects, *said)


def _captioned(blocks: Sequence[Block], caption: str) -> Sequence[Block]:
    """Figures with the author's caption, where there is one."""
    return [
        replace(block, caption=caption) if isinstance(block, Figure) and caption else block
        for block in blocks
    ]
