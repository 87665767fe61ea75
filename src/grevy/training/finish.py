"""The end of a training: the best weights on every whole split, then files and figures.

The test split is read here, once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import safetensors.torch
from torch import Tensor

from grevy.arithmetic.proportion import interval_told
from grevy.classifier.augmented_views import (
    logits_over_views,
    name_of_views,
    pictures_again,
    weighted_views,
)
from grevy.classifier.logits import logits_of, score
from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.data.types import ImageData
from grevy.errors import NonFiniteLossError
from grevy.figures.numerals import counted
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.records.atomic import write_bytes, write_json
from grevy.records.predictions import Predictions, save_predictions
from grevy.records.results import (
    AugmentedScore,
    Results,
    Score,
    SecondsRecord,
    TimingsRecord,
)
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunStatus
from grevy.training.draw import draw_or_tell
from grevy.training.recorder import Recorder
from grevy.training.state import Setup, State, Weights


def finish(
    setup: Setup,
    state: State,
    recorder: Recorder,
    data: ImageData,
    seconds_before: Mapping[str, float],
) -> None:
    """Evaluate the best weights, save them and what they say, draw, and close the record.

    Raises:
        NonFiniteLossError: no check had a finite loss, so there is no best.
        SaveError: the disk did not take it.
    """
    progress = state.progress
    if progress.best_loss is None:
        raise NonFiniteLossError(
            f"no check of {len(progress.check_losses)} had a finite validation loss",
            "at least one",
            "try a smaller --optimizer.lr",
        )
    state.network.load_state_dict(state.best_weights)
    save_network(recorder.directory, state.best_weights, setup, data)
    start = time.perf_counter()
    scores = _evaluate_all(setup, state, recorder, data)
    evaluated = time.perf_counter()
    draw_or_tell(recorder.directory, data, recorder.listener)
    seconds = {
        **seconds_before,
        "training": progress.seconds,
        "evaluation": evaluated - start,
        "figures": time.perf_counter() - evaluated,
    }
    directory = recorder.directory
    close = directory.count_test_read if "test" in data.splits else directory.change
    close(
        status=RunStatus.FINISHED,
        files=directory.file_sums(),
        results=_results(scores, setup, state, seconds),
        timings=TimingsRecord(check_seconds=tuple(progress.check_seconds)),
    )


def _evaluate_all(
    setup: Setup, state: State, recorder: Recorder, data: ImageData
) -> dict[str, Score]:
    """Scores by split. Test comes first and is told at once: it is what people wait for."""
    found = {}
    for name in reversed(list(data.splits)):
        found[name] = evaluate_and_save(setup, state, recorder, data, name)
        if name == "test":
            recorder.listener.said(_in_words(found[name]))
    return {name: found[name] for name in data.splits}


def _in_words(score: Score) -> str:
    """The accuracy on test with its interval, and with test-time augmentation."""
    interval = interval_told(score.accuracy, score.n)
    over = f"95 % interval over {counted(score.n, 'picture')} {interval}"
    parts = [f"test accuracy {score.accuracy:.4f} ({over})"]
    for what, augmented in score.augmented.items():
        parts.append(f"with test-time {what} {augmented.accuracy:.4f}")
    return ", ".join(parts)


def save_network(directory: RunDirectory, weights: Weights, setup: Setup, data: ImageData) -> None:
    """model.safetensors and model.json."""
    write_bytes(directory.weights_file, safetensors.torch.save(weights))
    write_json(
        directory.architecture_file,
        {
            "name": setup.recipe.model.name,
            "arguments": builder_arguments(setup.recipe.model),
            "input_shape": list(data.input_shape),
            "classes": len(data.classes),
        },
    )


def evaluate_and_save(
    setup: Setup, state: State, recorder: Recorder, data: ImageData, split: str
) -> Score:
    """Scores of one split, plain and with test-time augmentation; the logits go into the record."""
    pictures, network, recipe = setup.pictures[split], setup.behind_cut(state.network), setup.recipe

    def logits(view: AugmentedView, index_N: Tensor | None = None) -> Tensor:
        names = data.splits[split].ids
        return logits_of(network, pictures, setup.precision, view, index_N, names=names)

    plain_NK = logits(PLAIN)
    # Further views of 45,000 train pictures would take longer than all else, and tell nothing.
    name = name_of_views(recipe) if split != "train" else None
    extra = {name: logits_over_views(recipe, plain_NK, logits)} if name else {}
    save_predictions(
        recorder.directory.predictions_file(split),
        Predictions(
            plain_NK.numpy(),
            data.splits[split].labels_N,
            data.splits[split].ids,
            {name: value.numpy() for name, value in extra.items()},
        ),
    )
    further = {
        name: AugmentedScore(
            **score(value, pictures.labels_N),
            views=len(weighted_views(recipe)),
            pictures=pictures_again(recipe, len(plain_NK)),
        )
        for name, value in extra.items()
    }
    return Score(**score(plain_NK, pictures.labels_N), **further)


def _results(
    scores: Mapping[str, Score], setup: Setup, state: State, seconds: Mapping[str, float]
) -> Results:
    progress = state.progress
    return Results(
        **scores,
        best_step=progress.best_step,
        steps=progress.step,
        epochs=round(progress.step / setup.batches.steps_per_epoch, 4),
        stopped_early=progress.stopped_early,
        seconds=SecondsRecord(**{name: round(value, 3) for name, value in seconds.items()}),
    )
