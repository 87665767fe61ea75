"""The network of a run, in one of its snapshots, as a classifier."""

from __future__ import annotations

from pathlib import Path

from grevy.classifier.classifier import Classifier
from grevy.classifier.device import choose_device
from grevy.classifier.run import Run, open_run
from grevy.classifier.snapshots import SnapshotName, network_at


def classifier_of_run(
    run: Run | str | Path, snapshot: SnapshotName = "best", *, device: str = "auto"
) -> Classifier:
    """The network of a run.

    Args:
        run: a run or its directory.
        snapshot: "best": the weights of the best check. "last": of the newest checkpoint, also of a
            run that is not finished. "initial": those of step 0, drawn again from the seed.
        device: as in `train`.

    Raises:
        RunNotFoundError: no run, or it lacks that snapshot.
        CorruptRecordError: the weights are damaged.
    """
    run = run if isinstance(run, Run) else open_run(run)
    record = run.record
    model, step = network_at(run, snapshot)
    name = run.path.name if snapshot == "best" else f"{run.path.name} at step {step}"
    return Classifier(
        model.to(choose_device(device)), record.preprocessing, record.data.classes, name
    )
