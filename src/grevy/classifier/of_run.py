"""The network of a run, in one of its snapshots, as a classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from grevy.classifier.classifier import Classifier
from grevy.classifier.device import choose_device
from grevy.classifier.run import Run, open_run
from grevy.classifier.snapshots import SnapshotName, network_at, snapshot_notes


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
        DeviceError: this machine does not have that device.
    """
    run = run if isinstance(run, Run) else open_run(run)
    record, chosen = run.record, choose_device(device)
    network, step = network_at(run, snapshot)
    # Filters lie as they did in training, so that the same kernels round in the same way.
    model: Any = network.to(device=chosen, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Classifier(
        model,
        record.preprocessing,
        record.data.classes,
        name=run.path.name if snapshot == "best" else f"{run.path.name} at step {step}",
        precision=record.precision,
        weights_from=f"{run.path}, {snapshot} (step {step})",
        notes=snapshot_notes(run, snapshot),
        run=run,
        is_best=snapshot == "best",
    )
