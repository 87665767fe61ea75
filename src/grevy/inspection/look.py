"""`grevy.look`: one call for every way to look inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.classifier.named import Shape
from grevy.classifier.run import Run
from grevy.classifier.run_data import data_of_run
from grevy.classifier.snapshots import SnapshotName
from grevy.inspection.convolution import sees_colours
from grevy.inspection.difference import side_by_side
from grevy.inspection.examples import RecordedPredictions, examples_of_split
from grevy.inspection.networks import Network
from grevy.inspection.question import Question, answer
from grevy.inspection.registry import Inspector
from grevy.inspection.settings import Settings
from grevy.inspection.view import View
from grevy.models.checkpoint import Which
from grevy.models.finite import require_finite_answers
from grevy.models.own.find import Model
from grevy.models.own.using import using
from grevy.records.consent import fetching


def look(
    pictures: Pictures | None = None,
    *,
    run: Run | str | Path | None = None,
    model: Model | nn.Module | Classifier | None = None,
    weights: str | Path | None = None,
    pretrained: bool = False,
    partial: bool = False,
    which: Which = "plain",
    input_shape: Shape | None = None,
    classes: int | None = None,
    snapshot: SnapshotName = "best",
    other: Run | str | Path | Classifier | None = None,
    other_snapshot: SnapshotName | None = None,
    layer: str | None = None,
    method: str | None = None,
    unit: str | None = None,
    map: str | None = None,  # noqa: A002 (the word of the command line)
    data: str | Path | None = None,
    plugin: str | Path | None = None,
    trust_source: bool = False,
    fetch: bool = False,
    **settings: Any,
) -> View:
    """Look inside a network; the view shows itself in a notebook, and `view.draw()` is a figure.

    Without `layer`, `method`, `unit` and `map`: an overview of one picture. With `layer`: its
    filters (no picture), its filters and activations (chosen channels of a first convolution), or
    its activations. With `method`: whatever inspector has that name. With `other` or
    `other_snapshot`: the same view of two networks on one scale.

    Looking at the test split, or at what was predicted of it, is counted in the run's record once
    a call, as in `evaluate`.

    Args:
        pictures: a file, several, or uint8 pixels [H, W], [H, W, 3] or [N, H, W, 3].
        run: a finished run; or
        model: a registered name, `timm:NAME`, `torchvision:NAME`, `mynet.py:Net`, a class or
            function that builds one, a module, or a `Classifier`.
        weights: of a named model: a file.
        pretrained: of a named model: the weights that an installed package carries.
        partial: load what fits of the file.
        which: of a file that holds both: the "plain" weights, or the averaged ones, "ema".
        input_shape: C, H, W of a named model, where it does not tell; of a module, always.
        classes: outputs of a named model.
        snapshot: of the run: "best", "last" or "initial".
        other: a second run (or `Classifier`) to set beside the first.
        other_snapshot: of the second run; without `other`, of the same run.
        layer: dotted name; "name#2" for the second call.
        method: an inspector by name: "gradcam", "integrated-gradients", … `grevy.inspectors()`
            lists all.
        unit: what a channel answers to, as "conv3:14"; of a run.
        map: the data as this layer sees it; or "mistakes", "calibration"; of a run.
        data: for a unit and maps: the run's image data, if it is no longer where it was.
        plugin: a Python file, run for what it registers.
        trust_source: run the source that the run's record keeps, wherever it is from.
        fetch: download data and weights that the run's record names, where they are not here.
        settings: what the inspector reads: `channels`, `sort`, `class_name`, `seed`, `split`,
            `steps`, `noise`, … None stands for its own default.

    Raises:
        UsageError: neither or both of run and model; a module without its `input_shape`; nothing
            to look at; no such method; an argument that is not read, with the inspectors that read
            it.
        InputError: a setting that can't be.
        DifferentNetworksError: two networks in which the layer is not the same.
        MissingSplitError, RunMismatchError: the run's data lacks the split, or has changed.
        LayerNotFoundError, ClassNotFoundError, WeightsError, RunNotFoundError: as they say.
    """
    with using(plugin=plugin, trust_source=trust_source), fetching(fetch):
        network = Network(
            run, model, weights, pretrained, partial, which, input_shape, classes, snapshot
        )
        question = Question(
            {name: v for name, v in {"layer": layer, **settings}.items() if v is not None},
            method,
            unit,
            map,
            pictures=pictures is not None,
            run=run is not None,
            snapshot=snapshot,
            second="--other" if other is not None else "--other-snapshot" if other_snapshot else "",
            data=data is not None,
        )
        inspector, read = answer(question, lambda name: sees_colours(network.classifier, name))
        network.require_one_meaning()
        second = network.beside(other, other_snapshot)
        if second is None:
            return _alone(inspector, read, network, pictures, data)
        early = other is None and other_snapshot == "initial"
        pair = (second, network.classifier) if early else (network.classifier, second)
        rest = [pictures] if "picture" in inspector.needs else []
        return side_by_side(lambda c, chosen: inspector.look(c, *rest, chosen), read, *pair)


def _alone(
    inspector: Inspector,
    settings: Settings,
    network: Network,
    pictures: Pictures | None,
    data: str | Path | None,
) -> View:
    """The view of one network, with all that the inspector needs."""
    split = getattr(settings, "split", "")
    found: dict[str, Callable[[], Any]] = {
        "network": lambda: network.classifier,
        "picture": lambda: pictures,
        "data": lambda: examples_of_split(data_of_run(network.opened_run, data), split),
        "predictions": lambda: _recorded(network.opened_run, split),
    }
    view: View = inspector.look(*(found[need]() for need in inspector.needs), settings)
    if {"data", "predictions"} & set(inspector.needs) and split == "test":
        network.opened_run.directory.count_test_read()
    return view


def _recorded(run: Run, split: str) -> RecordedPredictions:
    _ = run.results  # refuses a run that is not finished
    said = {name: run.predictions(name) for name in dict.fromkeys((split, "validation"))}
    for name, predictions in said.items():
        logits_NK = torch.from_numpy(predictions.logits_NK)
        what = f"recorded {name} logits of {run.path}"
        require_finite_answers(logits_NK, predictions.ids, what)
    return RecordedPredictions(run.path.name, said[split], said["validation"])
