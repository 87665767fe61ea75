"""The outline of a report on one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from grevy.documents.blocks import Block, Heading, Paragraph
from grevy.errors import GrevyError
from grevy.reports.material import Material, OnProgress
from grevy.reports.sections.asked import asked
from grevy.reports.sections.curves import curves
from grevy.reports.sections.data import data
from grevy.reports.sections.inside import inside
from grevy.reports.sections.made import again, made
from grevy.reports.sections.mistakes import mistakes
from grevy.reports.sections.network import network
from grevy.reports.sections.opening import opening
from grevy.reports.sections.results import calibration, classes, results

Section = Callable[[Material], Sequence[Block]]

SECTIONS: dict[str, Section] = {
    "What was asked": asked,
    "The data": data,
    "The network": network,
    "How the training went": curves,
    "Results": results,
    "By class": classes,
    "How far its probabilities can be believed": calibration,
    "Mistakes": mistakes,
    "The inside": inside,
    "How it was made": made,
    "How to do it again": again,
}
"""In reading order."""


def run_report(material: Material, told: OnProgress) -> Iterator[Block]:
    """An opening, then every section under its heading; of what can't be shown it is said why."""
    yield from opening(material)
    sections = {head: made for head, made in SECTIONS.items() if _applies(made, material)}
    for done, (heading, section) in enumerate(sections.items()):
        told(f"{material.source.name}: {heading.lower()}", done, len(sections))
        yield Heading(heading)
        yield from section_blocks(section, material)


def _applies(section: Section, material: Material) -> bool:
    """What needs predictions or a network is left out where the section before says: none."""
    if section in (classes, calibration, mistakes):
        return material.is_judged
    return section is not inside or material.has_network


def section_blocks(section: Section, material: Material) -> Sequence[Block]:
    """Its blocks, or one sentence: what is missing, and why."""
    try:
        return section(material)
    except GrevyError as error:
        return (Paragraph(f"Missing here: {error}"),)
