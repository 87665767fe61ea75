"""The snapshots of a run's network that its record can give back: best, last, initial."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, get_args

import safetensors.torch
from torch import nn

from grevy.classifier.run import Run
from grevy.data.randomness import own_randomness
from grevy.errors import CorruptRecordError, RunMismatchError, RunNotFoundError, UsageError
from grevy.models import build_model
from grevy.models.pairing import begin_like
from grevy.models.transfer.initial import begin_with
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.models.whitening import whitening_layers
from grevy.records.checkpoint import Checkpoint, load_checkpoint
from grevy.records.consent import addresses_of, following

SnapshotName = Literal["initial", "last", "best"]


@dataclass(frozen=True)
class Snapshot:
    """The weights of a run at one moment: its name, and the optimizer steps behind it."""

    name: SnapshotName
    step: int


def snapshots_of(run: Run) -> tuple[Snapshot, ...]:
    """The snapshots that the record of `run` can give back, in the order of their steps.

    Raises:
        CorruptRecordError: the checkpoint is damaged.
    """
    snapshots = [Snapshot("initial", 0)]
    checkpoint = load_checkpoint(run.directory.checkpoint)
    if checkpoint is not None:
        snapshots.append(Snapshot("last", _step_of(_last(run, checkpoint))))
    if run.record.results is not None:
        snapshots.append(Snapshot("best", run.results["best_step"]))
    return tuple(sorted(snapshots, key=lambda snapshot: snapshot.step))


def network_at(run: Run, snapshot: SnapshotName) -> tuple[nn.Module, int]:
    """The network in evaluation mode at that snapshot, and its step.

    Raises:
        UsageError: no such snapshot.
        RunNotFoundError: the record lacks that snapshot.
        CorruptRecordError: the weights are damaged or of another architecture.
    """
    if snapshot not in get_args(SnapshotName):
        raise UsageError(
            f"snapshot '{snapshot}'", "best, last or initial", "correct the snapshot's name"
        )
    if snapshot == "best":
        return run.model(), int(run.results["best_step"])
    if snapshot == "initial":
        return _with_filters(run, _initial(run)).eval(), 0
    checkpoint = _last(run, _checkpoint(run))
    return _from_checkpoint(run, checkpoint).eval(), _step_of(checkpoint)


def snapshot_notes(run: Run, snapshot: SnapshotName) -> tuple[str, ...]:
    """What is said of the last snapshot where the newest checkpoint is not whole."""
    checkpoint = load_checkpoint(run.directory.checkpoint) if snapshot == "last" else None
    if checkpoint is None or checkpoint.warning is None:
        return ()
    told = f"the newest checkpoint of {run.path} is not whole ({checkpoint.warning})"
    return (f"{told}: these are the weights of the one before, step {_step_of(checkpoint)}",)


def _last(run: Run, checkpoint: Checkpoint) -> Checkpoint:
    """Refuse what is not the last step of a finished run; another one goes on from what there is.

    Raises:
        CorruptRecordError: the newest checkpoint is damaged.
    """
    results, why = run.record.results, checkpoint.warning
    if why is None or results is None or _step_of(checkpoint) == results.steps:
        return checkpoint
    raise CorruptRecordError(
        f"the checkpoint of the last step in {run.directory.checkpoint} is damaged ({why})",
        "what training wrote",
        "restore it from a copy, or look at another snapshot",
    )


def _checkpoint(run: Run) -> Checkpoint:
    checkpoint = load_checkpoint(run.directory.checkpoint)
    if checkpoint is None and run.record.results is not None:
        raise RunNotFoundError(
            f"the run at {run.path} without its checkpoint, which has the weights of the last step",
            "best or initial",
            "look at another snapshot (grevy runs --slim takes checkpoints away), or train it anew",
        )
    if checkpoint is None:
        raise RunNotFoundError(
            f"the run at {run.path} has no checkpoint",
            "one that reached its first check",
            f"go on with: grevy train --resume --out {run.path}",
        )
    return checkpoint


def _initial(run: Run) -> nn.Module:
    """The network as `prepare` built it: its weights are a function of the seed, or from a file.

    Whitening filters are not yet those of the pictures.

    Raises:
        RunMismatchError: the file of weights is not the one that the run began with.
    """
    record = run.record
    model, recipe = _fresh(run), record.load_sections("model").model
    if recipe.weights == "none":
        return model
    with following(run.path, recipe.weights):
        found = begin_with(model, recipe.name, recipe.weights, recipe.which).loaded.sha256
    began_with = record.weights.sha256 if record.weights else "none"
    if found != began_with:
        raise RunMismatchError(
            f"weights {recipe.weights} with SHA-256 {found}",
            f"the file that the run began with, {began_with}",
            "restore it, or look at another snapshot",
        )
    return model


def _fresh(run: Run) -> nn.Module:
    """Of the run's architecture, with the weights that the seed gives."""
    record = run.record
    shape, classes = record.preprocessing.shape, len(record.data.classes)
    with run.networks(), addresses_of(run.path):
        recipe = record.load_sections("model").model
        with own_randomness(record.seed):
            model = build_model(recipe.name, shape, classes, **builder_arguments(recipe))
        if record.pairing:
            begin_like(model, record.pairing.load_model(), record.seed, shape, classes)
    return model


def _with_filters(run: Run, model: nn.Module) -> nn.Module:
    """Whitening filters come from pictures and never change: any later snapshot has them."""
    if whitening_layers(model):
        finished = run.record.results is not None
        later = run.model() if finished else _from_checkpoint(run, _checkpoint(run))
        for layer, same in zip(whitening_layers(model), whitening_layers(later), strict=True):
            layer.weight.data.copy_(same.weight)
    return model


def _from_checkpoint(run: Run, checkpoint: Checkpoint) -> nn.Module:
    """The weights that the next check would have seen: averaged ones where there are."""
    model = _fresh(run)
    try:
        tensors = safetensors.torch.load(checkpoint.files["state.safetensors"])
        averaged = "average/module."
        prefix = averaged if any(name.startswith(averaged) for name in tensors) else "model/"
        model.load_state_dict(
            {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        )
    except (KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise CorruptRecordError(
            f"the checkpoint of {run.path} does not fit its network ({error})",
            "the checkpoint that training wrote",
            "restore it from a copy, or train again",
        ) from error
    return model


def _step_of(checkpoint: Checkpoint) -> int:
    return int(json.loads(checkpoint.files["state.json"])["progress"]["step"])
