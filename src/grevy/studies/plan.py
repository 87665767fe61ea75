"""Which runs a study is made of, and how far each is: read from the records, changed by nobody.

A study folder:

    study.json      what was asked
    runs/           one run directory for each arm and seed
    report/         tables and figures

A run is known by its identity (recipe, data, seed, network to begin like), not by its name: what
is finished is found again under another arm's name, and is never trained twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from grevy.data.load import load_data
from grevy.errors import CorruptRecordError, StudyFileError
from grevy.models.own.find import Model
from grevy.models.transfer.preprocessing import pictures_as_read
from grevy.recipes.changes import same_training
from grevy.recipes.schema import Recipe
from grevy.records.atomic import save_error, write_json
from grevy.records.index import find_runs
from grevy.records.run import RunDirectory
from grevy.records.run_name import slug
from grevy.records.run_record import RunRecord, RunStatus
from grevy.records.source import Sources, hashes_of, recorded_sources, union
from grevy.records.study_record import BASELINE, read_failure, read_study, study_file
from grevy.records.summed import with_sum
from grevy.studies.own_arms import own_arms
from grevy.studies.study import Arm, Study
from grevy.training.describe import run_identity

PlannedStatus = Literal["finished", "failed", "unfinished", "missing"]

_IDENTITY_DIGITS = 8


@dataclass(frozen=True)
class PlannedRun:
    """One training of a study.

    Attributes:
        like: the recipe whose network's initial weights are taken where they fit.
        status: what its record says.
        sources: of the user's own networks.
        error: why it failed, with `received` at least.
    """

    arm: str
    seed: int
    recipe: Recipe
    like: Recipe | None
    path: Path
    status: PlannedStatus
    error: Mapping[str, Any] | None = None
    sources: Sources = ()

    @property
    def error_file(self) -> Path:
        """Beside the run directory: a run may fail before it has one."""
        return self.path.with_name(f"{self.path.name}.error.json")


@dataclass(frozen=True)
class Plan:
    """All runs of a study, seed by seed, so that a study cut short has whole seeds."""

    study: Study
    folder: Path
    runs: tuple[PlannedRun, ...]

    def having(self, *statuses: PlannedStatus) -> tuple[PlannedRun, ...]:
        """The runs with one of these statuses."""
        return tuple(run for run in self.runs if run.status in statuses)

    @property
    def sources(self) -> Sources:
        """Of the user's own networks, in all arms."""
        return union(*(run.sources for run in self.runs))


def plan(
    study: Study,
    folder: Path,
    *,
    model: Model | None = None,
    plugin: str | Path | None = None,
) -> Plan:
    """What there is to do; the same study, sources and records give the same plan.

    The image data is read for its fingerprint, and so decoded once for all workers.

    Args:
        study: what is asked.
        folder: of the study.
        model: the network of every arm that does not say another one than the baseline.
        plugin: a Python file that every worker runs first; here it is only read.

    Raises:
        DataError: something is wrong with the image data.
        SourceError: something is wrong with a file of the user's, or Python kept no source of a
            network.
    """
    study, own = own_arms(study, model, plugin)
    known = _known_runs(folder / "runs")
    fingerprints = {
        pictures: load_data(study.where, pictures).fingerprint
        for pictures in {pictures_as_read(arm.recipe) for arm in study.arms}
    }
    runs = []
    for seed in study.seeds:
        for arm in study.arms:
            like = begins_like(study, arm)
            fingerprint = fingerprints[pictures_as_read(arm.recipe)]
            sources = union(own[arm.name], own[BASELINE] if like else ())
            identity = run_identity(
                arm.recipe, fingerprint, seed, like.model if like else None, hashes_of(sources)
            )
            name = f"{slug(arm.name, 'arm')}-seed{seed}-{identity[:_IDENTITY_DIGITS]}"
            path = known.get(identity, folder / "runs" / name)
            run = PlannedRun(arm.name, seed, arm.recipe, like, path, "missing", sources=sources)
            runs.append(_with_status(run))
    return Plan(study, folder, tuple(runs))


def refresh(old: Plan) -> Plan:
    """The same plan with the statuses that the records have now."""
    return replace(old, runs=tuple(_with_status(run) for run in old.runs))


def begins_like(study: Study, arm: Arm) -> Recipe | None:
    """The baseline, unless the arm is the baseline or begins with weights of its own."""
    own, baseline = arm.recipe.model, study.baseline.recipe.model
    drawn_alike = own.convnet.initialisation == baseline.convnet.initialisation
    drawn = own.weights == baseline.weights == "none"
    return study.baseline.recipe if arm.name != BASELINE and drawn_alike and drawn else None


def save_study(study: Study, folder: Path, sources: Sources = ()) -> None:
    """Write study.json; a folder belongs to one question, which may gain arms and seeds.

    Args:
        study: with the names that records use.
        folder: of the study.
        sources: of its own networks: runs of other versions are not compared.

    Raises:
        StudyFileError: the folder holds a study of other data or of another baseline.
        SaveError: the disk did not take it.
    """
    before = read_study(folder)
    if before is not None:
        for field, is_same in (
            ("data", study.where == before.where),
            ("baseline", same_training(study.baseline.recipe, before.load_arms()[BASELINE])),
        ):
            if not is_same:
                raise StudyFileError(
                    f"{folder}, which holds a study of another {field}",
                    "a folder of its own for each study",
                    "choose another --out",
                )
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(folder, error) from error
    asked, hashes = study.to_record(), hashes_of(sources)
    if before is not None:  # what a newer Grevy wrote stays
        asked = before.changed(arms=asked.arms, seeds=asked.seeds, margin=asked.margin)
    write_json(study_file(folder), with_sum(asked.changed(sources=hashes).to_dict()))


def _known_runs(folder: Path) -> dict[str, Path]:
    """Runs that are there, by their identity.

    It is reckoned anew: a record that was written before the recipe gained a field has another
    identity in its file.
    """
    found = {}
    for directory in find_runs(folder) if folder.is_dir() else ():
        with suppress(CorruptRecordError):  # `_with_state` tells it, if the run is wanted
            found[_identity_of(directory.read())] = directory.path
    return found


def _identity_of(record: RunRecord) -> str:
    like = record.pairing.load_model() if record.pairing else None
    fingerprint, recipe = record.data.fingerprint, record.load_recipe()
    sources = hashes_of(recorded_sources(record))
    return run_identity(recipe, fingerprint, record.seed, like, sources, record.numerics)


def _with_status(run: PlannedRun) -> PlannedRun:
    directory = RunDirectory(run.path)
    try:
        record = directory.read() if directory.record_file.exists() else None
    except CorruptRecordError as damage:
        return replace(run, status="failed", error={"received": str(damage)})
    if record and record.status is RunStatus.FINISHED:
        return replace(run, status="finished", error=None)
    if run.error_file.exists():
        return replace(run, status="failed", error=_failure_of(run))
    if record and record.status is RunStatus.FAILED:
        return replace(run, status="failed", error={"received": record.error})
    return replace(run, status="unfinished" if record else "missing", error=None)


def _failure_of(run: PlannedRun) -> Mapping[str, Any]:
    try:
        return read_failure(run.error_file)
    except CorruptRecordError as damage:
        return {"received": str(damage)}
