"""How the training went: loss and accuracy on train and validation, in words, too."""

from __future__ import annotations

from collections.abc import Sequence

from grevy.documents.blocks import Block, Paragraph, Value
from grevy.figures.curves import draw_accuracy, draw_loss
from grevy.reports.figure import figure_block
from grevy.reports.material import Material
from grevy.reports.sources.read_run import Row
from grevy.studies.diagnosis import TOO_FEW, diagnose, measured_alike

ALIKE = "Train is a fixed sample of the train split, measured as validation is."
AS_TRAINED = "Train loss is the loss as trained, with augmentation and the like."


def curves(material: Material) -> Sequence[Block]:
    """Blocks with both curves, and the diagnosis."""
    name, read = material.source.name, material.source.read
    steps, checks = read.steps, read.checks
    if not checks:
        return (
            _ended(material),
            Paragraph("Not one check is recorded: there is no curve to draw."),
        )
    finite = [check for check in checks if check["loss"] is not None]
    best = min(finite, key=lambda check: check["loss"])["step"] if finite else None
    caption = ALIKE if measured_alike(checks) else AS_TRAINED
    blocks: list[Block] = [
        figure_block(
            draw_loss(steps, checks, best, name),
            f"{name}-loss",
            _in_words(name, "Loss", "loss", checks, best),
            caption,
        ),
        figure_block(
            draw_accuracy(checks, best, name),
            f"{name}-accuracy",
            _in_words(name, "Accuracy", "accuracy", checks, best),
        ),
    ]
    return (_ended(material), *blocks, Paragraph(diagnosed(material)))


def diagnosed(material: Material) -> str:
    """Over- or underfitting in a sentence."""
    read = material.source.read
    known = read.steps or measured_alike(read.checks)
    diagnosis = diagnose(read.steps, read.checks) if known else None
    said = f"{material.source.name}: {diagnosis.words}" if diagnosis else TOO_FEW.capitalize()
    return f"{said}."


def _in_words(name: str, what: str, key: str, checks: Sequence[Row], best: int | None) -> str:
    """A curve for who can't see it: where validation begins, is best, and ends."""
    told = [check for check in checks if check[key] is not None]
    if not told:
        return f"{what} of {name}: no check had a finite one."
    ends = f"from {told[0][key]:.4f} at step {told[0]['step']:,} to {told[-1][key]:.4f} at step"
    said = f"{what} of {name} at each check; on validation {ends} {told[-1]['step']:,}"
    middle = next((check for check in told if check["step"] == best), None)
    return f"{said}, {middle[key]:.4f} at the best check." if middle else f"{said}."


def _ended(material: Material) -> Block:
    steps, epochs = "results.steps", "results.epochs"
    if not material.has(steps):  # not finished: then the log tells
        steps, epochs = "steps.last.step", "steps.last.epoch"
    if not material.has(steps):
        return Paragraph("No step is recorded.")
    parts: list[str | Value] = [
        "Trained ",
        material.value(steps, ",d"),
        " steps, ",
        material.value(epochs, ".3g"),
        " epochs",
    ]
    if material.has("results.best_step"):
        parts += [
            "; the best check, with the lowest validation loss (",
            material.value("checks.best.loss", "loss"),
            "), was at step ",
            material.value("results.best_step", ",d"),
        ]
    if material.has("results.stopped_early"):
        early = material.source.numbers["results.stopped_early"]
        parts.append("; the stopping rule ended it" if early else "; it ran to its last epoch")
    return Paragraph((*parts, "."))
