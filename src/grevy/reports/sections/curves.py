"""How the training went: loss and accuracy on train and validation, in words, too."""

from __future__ import annotations

from collections.abc import Sequence

from grevy.documents.blocks import Block, Paragraph, Value
from grevy.figures.curves import draw_accuracy, draw_loss
from grevy.reports.figure import figure_block
from grevy.reports.material import Material
from grevy.studies.diagnosis import diagnose, measured_alike

ALIKE = "Train is a fixed sample of the train split, measured as validation is."
AS_TRAINED = "Train loss is the loss as trained, with augmentation and the like."


def curves(material: Material) -> Sequence[Block]:
    """Blocks with both curves, and the diagnosis."""
    run, name = material.source.run, material.source.name
    steps, checks = run.steps, run.checks
    if not checks:
        return (Paragraph("Not one check was done: there is no curve to draw."),)
    finite = [check for check in checks if check["loss"] is not None]
    best = min(finite, key=lambda check: check["loss"])["step"] if finite else None
    caption = ALIKE if measured_alike(checks) else AS_TRAINED
    blocks: list[Block] = [
        figure_block(
            draw_loss(steps, checks, best, name),
            f"{name}-loss",
            f"Loss of {name} on train and validation against the step.",
            caption,
        ),
        figure_block(
            draw_accuracy(checks, best, name),
            f"{name}-accuracy",
            f"Accuracy of {name} at each check.",
        ),
    ]
    diagnosis = diagnose(steps, checks)
    words = f"{name} {diagnosis.words}." if diagnosis else "Too few checks for a diagnosis."
    return (_ended(material), *blocks, Paragraph(words))


def _ended(material: Material) -> Block:
    if not material.has("results.steps"):
        return Paragraph("No step is recorded.")
    parts: list[str | Value] = [
        "Trained ",
        material.value("results.steps", ",d"),
        " steps, ",
        material.value("results.epochs", ".3g"),
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
