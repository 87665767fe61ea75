"""What came out: each split with intervals over pictures, classes, confusion, calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grevy.documents.blocks import Block, Paragraph, Table, Text, pieces
from grevy.documents.forms import UNKNOWN
from grevy.documents.paths import field
from grevy.figures.confusion import confusion_matrix, draw_confusion
from grevy.figures.numerals import counted
from grevy.inspection.examples import RecordedPredictions
from grevy.inspection.inspectors.calibration import CalibrationSettings
from grevy.inspection.maps.calibration import look
from grevy.reports.figure import figure_block
from grevy.reports.material import Material


def results(material: Material) -> Sequence[Block]:
    """Blocks with the scores of every split that was evaluated."""
    splits = material.source.predictions
    if not splits:
        unfinished = f"the run is not finished ({material.source.record.status})"
        why = "its predictions are damaged" if material.is_judged else unfinished
        return (
            Paragraph(
                f"There is no result, since {why}; so nothing is said by class, on calibration and"
                " on mistakes."
            ),
        )
    rows = [_row(material, split, split) for split in splits]
    rows += [
        _row(material, field(split, name), f"{split}, {name.replace('_', ' ')}")
        for split, said in splits.items()
        for name in said.extra_logits_NK
    ]
    reads = counted(material.source.record.test_reads, "time")
    read = f" The test split was read {reads}." if "test" in splits else ""
    return (
        Table(
            ("split", "accuracy", "95 % interval", "loss", "pictures"),
            tuple(rows),
            frozenset({1, 2, 3, 4}),
            "the weights of the best check on whole splits",
        ),
        Paragraph(
            f"The intervals are over pictures (Wilson 1927): another split of the same kind"
            f" would give other figures. What training again would change is in none of them."
            f"{read}"
        ),
    )


def classes(material: Material) -> Sequence[Block]:
    """Blocks with precision, recall, F1 and support of each class, and the confusion matrix."""
    said = material.said  # refuses before anything else
    split, names = material.last_split, material.source.record.data.classes
    place = ("results", split, "classes")
    forms = {"precision": "accuracy", "recall": "accuracy", "f1": "accuracy", "support": ",d"}
    rows: list[tuple[Text, ...]] = [
        (name, *((material.value(field(*place, name, key), form),) for key, form in forms.items()))
        for name in names
    ]
    counts_KK = confusion_matrix(said.labels_N, said.logits_NK.argmax(1), len(names))
    return (
        Table(
            ("class", "precision", "recall", "F1", "support"),
            tuple(rows),
            frozenset({1, 2, 3, 4}),
            f"by class, on {split}",
        ),
        figure_block(
            draw_confusion(counts_KK, names, split),
            f"{material.source.name}-confusion",
            _confusion_in_words(counts_KK, names, split),
        ),
    )


def _confusion_in_words(counts_KK: NDArray[np.int64], names: Sequence[str], split: str) -> str:
    """For who can't see the matrix: how many are right, and what is mixed up most."""
    right, n = int(counts_KK.trace()), int(counts_KK.sum())
    said = (
        f"Confusion matrix on {split}; rows are the true classes, columns the answers. {right:,} of"
        f" {n:,} pictures lie on the diagonal."
    )
    wrong_KK = counts_KK - np.diag(counts_KK.diagonal())
    if not wrong_KK.any():
        return said
    return f"{said} {_mixed_up(wrong_KK, names)}"


def _mixed_up(wrong_KK: NDArray[np.int64], names: Sequence[str]) -> str:
    """The pair of classes that is mixed up most, where one pair is.

    Args:
        wrong_KK: mistakes by true class and answer; not all 0.
        names: of the classes.
    """
    highest = int(wrong_KK.max())
    true, answer = divmod(int(wrong_KK.argmax()), len(names))
    pairs, most = int((wrong_KK == highest).sum()), counted(highest, "time")
    if pairs > 1:
        return f"No pair of classes is mixed up most: {pairs:,} are, {most} each."
    return f"Most often mixed up here: {names[true]}, taken for {names[answer]} {most}."


def calibration(material: Material) -> Sequence[Block]:
    """Blocks on how far the probabilities can be believed."""
    split, name = material.last_split, material.source.name
    recorded = RecordedPredictions(
        name, material.said, material.source.predictions.get("validation")
    )
    view = look(recorded, CalibrationSettings(split=split))
    return (
        Paragraph(
            (
                "Expected calibration error ",
                material.value(field("results", split, "calibration", "error"), "percent"),
                f" on {split}, in 15 bins of equal mass (Guo et al. 2017).",
            )
        ),
        figure_block(view.draw(), f"{name}-calibration", " ".join(view.lines)),
    )


def _row(material: Material, place: str, words: str) -> tuple[Text, ...]:
    def value(name: str, form: str) -> Text:
        where = f"results.{place}.{name}"
        return (material.value(where, form),) if where in material.source.numbers else UNKNOWN

    low, high = value("low", "accuracy"), value("high", "accuracy")
    between: Text = (*pieces(low), " to ", *pieces(high))
    return words, value("accuracy", "accuracy"), between, value("loss", "loss"), value("n", ",d")
