"""What train draws when all is evaluated: curves, confusion matrix, mistakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grevy.data.types import ImageData
from grevy.errors import GrevyError
from grevy.figures.confusion import confusion_matrix, draw_confusion
from grevy.figures.curves import draw_accuracy, draw_loss
from grevy.figures.gallery import draw_mistakes
from grevy.figures.numerals import counted
from grevy.figures.save import save_figure
from grevy.records.events import read_events
from grevy.records.files import folder_inside
from grevy.records.predictions import load_predictions
from grevy.records.run import RunDirectory
from grevy.training.listeners.listener import Listener


def draw_or_tell(directory: RunDirectory, data: ImageData, listener: Listener) -> None:
    """`draw_run`; what can't be drawn or written is told, and costs no result."""
    try:
        draw_run(directory, data, listener)
    except Exception as error:  # of any kind: a font, the memory, the disk
        ours = isinstance(error, GrevyError)
        why = str(error) if ours else f"{type(error).__name__}: {error}"
        listener.said(f"the figures could not be drawn and are left out: {' '.join(why.split())}")


def draw_run(directory: RunDirectory, data: ImageData, listener: Listener) -> None:
    """Curves, confusion matrix and most confident mistakes, as PNG and SVG, from the record."""
    steps, checks = read_events(directory.steps_file), read_events(directory.checks_file)
    best_step = min((c for c in checks if c["loss"] is not None), key=lambda c: c["loss"])["step"]
    title, notes = directory.path.name, [_sizes(data)]
    folder_inside(directory.figures)
    loss = draw_loss(steps, checks, best_step, f"{title}: loss", notes)
    save_figure(loss, directory.figures / "loss")
    accuracy = draw_accuracy(checks, best_step, f"{title}: accuracy", notes)
    save_figure(accuracy, directory.figures / "accuracy")
    if "test" in data.splits:
        draw_answers(directory, data, "test", title)
    else:
        listener.said("no test split: confusion matrix and mistakes are of the validation split")
        draw_answers(directory, data, "validation", title)


def _sizes(data: ImageData) -> str:
    """How many pictures the curves rest on."""
    train, validation = (len(data.splits[name].labels_N) for name in ("train", "validation"))
    return f"{counted(train, 'train picture')}, {counted(validation, 'validation picture')}"


def draw_answers(directory: RunDirectory, data: ImageData, split: str, title: str) -> None:
    """Confusion matrix and gallery of one split."""
    predictions = load_predictions(directory.predictions_file(split))
    labels_N = predictions.labels_N
    answers_N = predictions.logits_NK.argmax(1)
    counts_KK = confusion_matrix(labels_N, answers_N, len(data.classes))
    figure = draw_confusion(counts_KK, data.classes, split, title)
    save_figure(figure, directory.figures / f"confusion-{split}")

    gallery = draw_mistakes(
        data.splits[split].images_NCHW.transpose(0, 2, 3, 1),
        [data.classes[i] for i in labels_N],
        [data.classes[i] for i in answers_N],
        softmax(predictions.logits_NK).max(1).tolist(),
        predictions.ids,
        f"{title}: most confident mistakes on {split}",
    )
    save_figure(gallery, directory.figures / f"mistakes-{split}")


def softmax(logits_NK: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities [N, K] of logits [N, K]; rows sum to 1."""
    shifted_NK = np.exp(logits_NK - logits_NK.max(1, keepdims=True))
    probabilities_NK: NDArray[np.float32] = shifted_NK / shifted_NK.sum(1, keepdims=True)
    return probabilities_NK
