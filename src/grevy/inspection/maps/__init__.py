"""Maps of the data: its features in two dimensions, the surest mistakes, calibration."""

from __future__ import annotations

from pathlib import Path

from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.run import Run, open_run
from grevy.classifier.run_data import data_of_run
from grevy.inspection.maps.calibration import Calibration, CalibrationView
from grevy.inspection.maps.feature_map import FeatureMap, FeatureMapView
from grevy.inspection.maps.mistakes import Mistakes, MistakesView
from grevy.inspection.units.examples import Examples, examples_of_split

__all__ = [
    "Calibration",
    "CalibrationView",
    "FeatureMap",
    "FeatureMapView",
    "Mistakes",
    "MistakesView",
    "calibration",
    "feature_map",
    "mistakes",
]


def feature_map(
    run: Run | str | Path,
    layer: str,
    *,
    split: str = "validation",
    seed: int = 0,
    where: str | Path | None = None,
) -> FeatureMapView:
    """The pictures of a split as a layer sees them, by PCA and t-SNE.

    Reading the test split is counted in the run's record, as in `evaluate`.

    Args:
        run: a finished run or its directory.
        layer: dotted name; "name#2" for the second call.
        split: "train", "validation" or "test".
        seed: of the sample of pictures, and of t-SNE.
        where: the run's image data, if it is no longer where it was.

    Raises:
        MissingSplitError, RunMismatchError, LayerNotFoundError: as their names say.
    """
    run = _opened(run)
    predictions = run.predictions(split)
    look = FeatureMap(classifier_of_run(run), layer, split, seed)
    return look(_examples(run, split, where), predictions.logits_NK, predictions.labels_N)


def mistakes(
    run: Run | str | Path,
    *,
    split: str = "validation",
    shown: int = 12,
    where: str | Path | None = None,
) -> MistakesView:
    """The mistakes that a run's network is surest of, with class maps; arguments as `feature_map`.

    Args:
        run: a finished run or its directory.
        split: "train", "validation" or "test".
        shown: at most so many.
        where: the run's image data, if it is no longer where it was.

    Raises:
        MissingSplitError, RunMismatchError, ModelArgumentError: as their names say.
    """
    run = _opened(run)
    predictions = run.predictions(split)
    look = Mistakes(classifier_of_run(run), split, shown)
    return look(_examples(run, split, where), predictions.logits_NK, predictions.labels_N)


def calibration(
    run: Run | str | Path, *, split: str = "validation", seed: int = 0
) -> CalibrationView:
    """How far a run's probabilities can be believed, from its recorded predictions.

    A temperature is fitted on validation, whatever split is looked at.

    Args:
        run: a finished run or its directory.
        split: "train", "validation" or "test".
        seed: of the bootstrap.

    Raises:
        RunNotFoundError: the run is not finished.
        CorruptRecordError: it has no predictions of that split.
    """
    run = _opened(run)
    look = Calibration(run.path.name, split, run.predictions("validation"), seed)
    return look(run.predictions(split))


def _opened(run: Run | str | Path) -> Run:
    run = run if isinstance(run, Run) else open_run(run)
    _ = run.results  # refuses a run that is not finished
    return run


def _examples(run: Run, split: str, where: str | Path | None) -> Examples:
    examples = examples_of_split(data_of_run(run, where), split)
    if split == "test":
        run.directory.count_test_read()
    return examples
