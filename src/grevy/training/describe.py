"""What the record of a run says at the beginning, and what makes two runs the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grevy.classifier.device import environment
from grevy.data.deep import STORED_BITS
from grevy.data.types import ImageData
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.recipes.numerics import NUMERICS
from grevy.recipes.schema import NOT_DECIDING, ModelConfig, Recipe
from grevy.records.preprocessing import Preprocessing
from grevy.records.run import identity, now
from grevy.records.run_record import (
    DataRecord,
    EnvironmentRecord,
    PairingRecord,
    ProbeRecord,
    RunRecord,
    RunStatus,
    SplitRecord,
    TrainedRecord,
    WeightsRecord,
)
from grevy.records.source import hashes_of
from grevy.training.start import Start
from grevy.training.state import Setup, State


def describe_run(
    start: Start, data: ImageData, setup: Setup, state: State, command: list[str]
) -> RunRecord:
    """The record at the beginning."""
    return RunRecord(
        identity=run_identity(
            start.recipe, data.fingerprint, start.seed, start.like, hashes_of(start.sources)
        ),
        status=RunStatus.TRAINING,
        command=tuple(command),
        seed=start.seed,
        numerics=NUMERICS,
        recipe=start.recipe.effective(),
        data=describe_data(data),
        preprocessing=_preprocessing(start.recipe.model, data, setup),
        weights=WeightsRecord(**setup.initial_weights.to_dict()) if setup.initial_weights else None,
        trained=TrainedRecord(
            layers=setup.layers.trained, cut=setup.cut.after if setup.cut else None
        ),
        pairing=PairingRecord(**setup.pairing.to_dict()) if setup.pairing else None,
        sources=tuple(source.to_record() for source in start.sources),
        parameters=sum(p.numel() for p in state.model.parameters()),
        precision=setup.precision,
        probe=ProbeRecord(**setup.probe.to_dict()) if setup.probe else None,
        environment=EnvironmentRecord(**environment(setup.device), devices=setup.world.size),
        resumes=0,
        test_reads=0,
        results=None,
        error=None,
        created=now(),
    )


def _preprocessing(model: ModelConfig, data: ImageData, setup: Setup) -> Preprocessing:
    channels, height, width = data.input_shape
    return Preprocessing(
        channels,
        height,
        width,
        data.fit,
        tuple(setup.mean_C.tolist()),
        tuple(setup.standard_deviation_C.tolist()),
        **_resizing(model, (height, width)),
        bits=data.bits if data.bits < STORED_BITS else None,
    )


def _resizing(model: ModelConfig, size: tuple[int, int]) -> dict[str, Any]:
    """Side and interpolation, where the network resizes its pictures; none that come at its size.

    These were brought to it when they were decoded, bilinear.
    """
    arguments = builder_arguments(model)
    side = arguments.get("resize")
    if side is None or size == (side, side):
        return {}
    return {"resize": side, "interpolation": arguments["interpolation"]}


def run_identity(
    recipe: Recipe,
    fingerprint: str,
    seed: int,
    like: ModelConfig | None,
    sources: Mapping[str, str] | None = None,
    numerics: int = NUMERICS,
) -> str:
    """What two runs share only if everything that decides them is equal.

    Args:
        recipe: only what is read of it counts, and not what it is called.
        fingerprint: of the image data.
        seed: of everything random.
        like: a network to begin like.
        sources: SHA-256 of each file of the user's own, by name.
        numerics: Grevy's own, of the time of the run.
    """
    decides = {n: v for n, v in recipe.effective().items() if n not in NOT_DECIDING}
    parts: list[Any] = [decides, fingerprint, seed, numerics]
    more = [like.effective() if like else None, dict(sources) if sources else None]
    return identity(*parts, *filter(None, more))


def describe_data(data: ImageData) -> DataRecord:
    """Data fingerprint, classes and split hashes."""
    splits = {
        name: SplitRecord(n=len(split), content_hash=split.content_hash)
        for name, split in data.splits.items()
    }
    return DataRecord(
        name=data.name,
        where=data.where,
        fingerprint=data.fingerprint,
        classes=tuple(data.classes),
        splits=splits,
        notes=tuple(data.notes),
    )
