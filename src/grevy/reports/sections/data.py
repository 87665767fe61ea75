"""The image data: classes, splits, what the audit found, a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grevy.classifier.run_data import place_of
from grevy.data.audit import Audit, audit
from grevy.data.types import ImageData
from grevy.documents.blocks import Block, Items, Paragraph, Table
from grevy.documents.paths import field
from grevy.errors import GrevyError
from grevy.figures.contact_sheet import COLUMNS, ROWS, draw_contact_sheet
from grevy.figures.numerals import counted
from grevy.models.transfer.preprocessing import pictures_as_read
from grevy.reports.figure import figure_block
from grevy.reports.material import Material

LISTED = 20
"""Classes that are named in the text."""


def data(material: Material) -> Sequence[Block]:
    """Blocks about the pictures; where they are gone, what the record knows of them."""
    record = material.source.record.data
    splits = tuple(
        (name, (material.value(field("data", "splits", name, "n"), ",d"),))
        for name in record.splits
    )
    blocks: list[Block] = [
        Paragraph(
            f"{record.name}, named as “{record.where}”, with "
            f"{counted(len(record.classes), 'class', 'classes')}: {_listed(record.classes)}."
        ),
        Table(("split", "pictures"), splits, frozenset({1})),
    ]
    if "test" not in record.splits:
        blocks.append(Paragraph("The data has no test split, so that nothing is said about one."))
    blocks += [Items(record.notes)] if record.notes else []
    try:
        pictures = material.source.record.load_sections("pictures", "model")
        with place_of(material.source.run, material.where) as where:
            found = audit(where, pictures_as_read(pictures))
        return (*blocks, Items(tuple(findings(found))), _contact_sheet(material.data, record.name))
    except GrevyError as error:
        return (*blocks, Paragraph(f"The pictures themselves are not shown: {error}"))


def findings(found: Audit) -> list[str]:
    """What an audit found, as sentences."""
    lost = len(found.unreadable)
    said = [f"{counted(lost, 'picture')} can't be read" if lost else "every picture can be read"]
    if not found.duplicates:
        return [*said, "no two pictures are equal, within or across the splits"]
    leaks = sum(group.across_splits for group in found.duplicates)
    contradictions = sum(group.contradictory for group in found.duplicates)
    said.append(f"groups of equal pictures: {len(found.duplicates):,}")
    said += [f"of these across splits, which is a leak: {leaks:,}"] if leaks else []
    said += [f"of these with contradictory labels: {contradictions:,}"] if contradictions else []
    return said


def _listed(classes: Sequence[str]) -> str:
    """All names, or the first ones of many."""
    shown, rest = classes[:LISTED], len(classes) - LISTED
    return ", ".join(shown) + (f" and {rest:,} others" if rest > 0 else "")


def _contact_sheet(data: ImageData, name: str) -> Block:
    """The first pictures of each class of the train split."""
    train = data.splits["train"]
    rows = [np.flatnonzero(train.labels_N == label)[:COLUMNS] for label in range(len(data.classes))]
    chosen_N = np.concatenate(rows[: ROWS + 1])
    labels = [data.classes[label] for label in train.labels_N[chosen_N]]
    drawn = draw_contact_sheet(train.images_NCHW[chosen_N], labels, f"{name}, train split")
    words = f"The first train pictures of {', '.join(dict.fromkeys(labels))}."
    return figure_block(drawn, "pictures", words, "The first train pictures of each class.")
