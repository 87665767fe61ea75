"""What a unit answers to: patches of the data, and a picture made by optimisation beside them."""

from __future__ import annotations

from pathlib import Path

from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.run import Run, open_run
from grevy.classifier.run_data import data_of_run
from grevy.classifier.snapshots import SnapshotName
from grevy.inspection.units.colours import colours_of_pictures
from grevy.inspection.units.examples import Examples, examples_of_split
from grevy.inspection.units.unit import Unit
from grevy.inspection.units.view import UnitView

__all__ = ["Examples", "Unit", "UnitView", "unit"]


def unit(
    run: Run | str | Path,
    layer: str,
    channel: int,
    *,
    split: str = "validation",
    patches: int = 9,
    seed: int = 0,
    state: SnapshotName = "best",
    device: str = "auto",
    where: str | Path | None = None,
) -> UnitView:
    """What one unit of a run's network answers to, on one split of the run's own data.

    Reading the test split is counted in the run's record, as in `evaluate`.

    Args:
        run: a run or its directory.
        layer: dotted name; "name#2" for the second call.
        channel: of that layer.
        split: "train", "validation" or "test".
        patches: in each of the three rows.
        seed: of the optimised picture.
        state: of the run: "best", "last" or "initial".
        device: as in `train`.
        where: the run's image data, if it is no longer where it was.

    Raises:
        MissingSplitError: the data does not have the split.
        RunMismatchError: the data has changed since.
        LayerNotFoundError: no such layer.
        InputError: a channel that the layer does not have.
    """
    run = run if isinstance(run, Run) else open_run(run)
    classifier = classifier_of_run(run, state, device=device)
    data = data_of_run(run, where)
    examples = examples_of_split(data, split)
    colours = colours_of_pictures(data.splits["train"].images_NCHW, "train picture")
    view = Unit(classifier, layer, channel, patches, seed=seed, colours=colours)(examples)
    if split == "test":
        run.directory.count_test_read()
    return view
