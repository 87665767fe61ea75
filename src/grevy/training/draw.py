"""The figures that training leaves in its record."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grevy.data.types import ImageData
from grevy.figures.confusion import confusion_matrix, draw_confusion
from grevy.figures.curves import draw_accuracy, draw_loss
from grevy.figures.gallery import draw_mistakes
from grevy.figures.save import save_figure
from grevy.records.events import read_events
from grevy.records.predictions import load_predictions
from grevy.records.run import RunDirectory
from grevy.training.listeners.listener import Listener


def draw_run(directory: RunDirectory, data: ImageData, listener: Listener) -> None:
    """Curves, confusion matrix and most confident mistakes, as PNG and SVG, from the record."""
    steps, checks = read_events(directory.steps_file), read_events(directory.checks_file)
    best_step = min((c for c in checks if c["loss"] is not None), key=lambda c: c["loss"])["step"]
    title = directory.path.name
    directory.figures.mkdir(exist_ok=True)
    save_figure(draw_loss(steps, checks, best_step, title), directory.figures / "loss")
    save_figure(draw_accuracy(checks, best_step, title), directory.figures / "accuracy")
    if "test" in data.splits:
        draw_answers(directory, data, "test", title)
    else:
        listener.said("no test split: confusion matrix and mistakes are of the validation split")
        draw_answers(directory, data, "validation", title)


def draw_answers(directory: RunDirectory, data: ImageData, split: str, title: str) -> None:
    """Confusion matrix and gallery of one split."""
    predictions = load_predictions(directory.predictions_file(split))
    labels_N = predictions.labels_N
    answers_N = predictions.logits_NK.argmax(1)
    counts_KK = confusion_matrix(labels_N, answers_N, len(data.classes))
    figure = draw_confusion(counts_KK, data.classes, split)
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
