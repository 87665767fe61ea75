"""Whether a run begins anew or goes on, and what its record says at the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grevy.classifier.device import environment
from grevy.classifier.run import Run
from grevy.data.types import ImageData
from grevy.errors import RunMismatchError, UsageError
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.records.run import RunDirectory, find_runs, identity, refuse_existing
from grevy.training.listeners.listener import Listener
from grevy.training.setup.prepare import Setup
from grevy.training.state import State

RUNS = Path("runs")
DEFAULT_RECIPE = "base"


@dataclass(frozen=True)
class Start:
    """What is decided before any picture is read."""

    where: Any
    recipe: Recipe
    seed: int
    path: Path | None
    """None: a free name under `runs/`, once the data's name is known."""
    like: ModelConfig | None = None
    """A network to begin like."""
    record: Mapping[str, Any] | None = None
    """run.json of the run that goes on; None: a new run."""

    @property
    def finished(self) -> Run | None:
        """The run, if there is nothing left to do."""
        if self.path and self.record and self.record["status"] == "finished":
            return Run(RunDirectory(self.path))
        return None

    @property
    def precision(self) -> str | None:
        """What the run began in; it is not probed again."""
        return self.record["precision"] if self.record else None


def choose_start(
    where: str | Path | Mapping[str, Any] | None,
    recipe: str | Path | Mapping[str, Any] | Recipe | None,
    seed: int | None,
    out: str | Path | None,
    resume: bool,
    listener: Listener,
    like: ModelConfig | None = None,
) -> Start:
    """A new run, or the one to go on with.

    Raises:
        UsageError: no image data for a new run.
        RunExistsError: a new run where something is already.
        RunMismatchError: a resume that asks for something else than the record.
    """
    path = Path(out) if out is not None else None
    if resume:
        directory = RunDirectory(path) if path else _latest_unfinished(where, recipe, seed)
        if directory is not None and directory.facts_file.exists():
            return _go_on(directory, where, recipe, seed, listener, like)
        listener.said(f"nothing to resume at {path or RUNS}/: a new run begins")
    if where is None:
        raise UsageError(
            "no image data", "a folder, a file or a built-in name", "try: grevy train digits"
        )
    if path is not None:
        refuse_existing(path)
    return Start(where, load_recipe(recipe or DEFAULT_RECIPE), seed or 0, path, like)


def free_path(name: str) -> Path:
    """`runs/<name>`, or the first of `<name>-2`, `<name>-3`, ... that is free."""
    candidates = (RUNS / (name if n == 1 else f"{name}-{n}") for n in range(1, 10**6))
    return next(path for path in candidates if not path.exists())


def describe_run(
    start: Start, data: ImageData, setup: Setup, state: State, command: list[str]
) -> dict[str, Any]:
    """run.json at the beginning."""
    recipe = start.recipe.model_dump(mode="json")
    channels, height, width = data.input_shape
    return {
        "identity": run_identity(start.recipe, data.fingerprint, start.seed, start.like),
        "status": "training",
        "command": command,
        "seed": start.seed,
        "recipe": recipe,
        "data": describe_data(data),
        "preprocessing": {
            "channels": channels,
            "height": height,
            "width": width,
            "fit": data.fit,
            "mean": setup.mean_C.tolist(),
            "standard_deviation": setup.standard_deviation_C.tolist(),
            **_resizing(start.recipe.model, (height, width)),
        },
        "weights": setup.beginning.to_dict() if setup.beginning else None,
        "trained": {
            "layers": list(setup.part.trained),
            "cut": setup.cut.after if setup.cut else None,
        },
        "pairing": setup.pairing.to_dict() if setup.pairing else None,
        "parameters": sum(p.numel() for p in state.model.parameters()),
        "precision": setup.precision,
        "probe": setup.probe.to_dict() if setup.probe else None,
        "environment": {**environment(setup.device), "devices": setup.world.size},
        "resumes": 0,
        "test_reads": 0,
        "results": None,
        "error": None,
    }


def _resizing(model: ModelConfig, size: tuple[int, int]) -> dict[str, Any]:
    """Side and interpolation, where the network resizes its pictures; none that come at its size.

    These were brought to it when they were decoded, bilinear.
    """
    arguments = builder_arguments(model)
    side = arguments.get("resize")
    if side is None or size == (side, side):
        return {}
    return {"resize": side, "interpolation": arguments["interpolation"]}


def run_identity(recipe: Recipe, fingerprint: str, seed: int, like: ModelConfig | None) -> str:
    """What two runs share only if everything that decides them is equal."""
    parts: list[Any] = [recipe.model_dump(mode="json"), fingerprint, seed]
    return identity(*parts, *([like.model_dump(mode="json")] if like else []))


def describe_data(data: ImageData) -> dict[str, Any]:
    """Data fingerprint, classes and split hashes."""
    splits = {n: {"n": len(s), "content_hash": s.content_hash} for n, s in data.splits.items()}
    return {
        "name": data.name,
        "where": data.where,
        "fingerprint": data.fingerprint,
        "classes": list(data.classes),
        "splits": splits,
        "notes": list(data.notes),
    }


def refuse_other(record: Mapping[str, Any], facts: Mapping[str, Any], path: Path) -> None:
    """A run goes on only with the pictures, recipe and seed that it began with.

    Raises:
        RunMismatchError: something differs.
    """
    for field in ("seed", "preprocessing"):
        if record[field] != facts[field]:
            raise _mismatch(path, field)
    if load_recipe(record["recipe"]) != load_recipe(facts["recipe"]):  # it may lack newer fields
        raise _mismatch(path, "recipe")
    if record["data"]["fingerprint"] != facts["data"]["fingerprint"]:
        raise _mismatch(path, "data")
    if record["data"]["splits"] != facts["data"]["splits"]:
        raise _mismatch(path, "splits")
    if (record.get("weights") or {}).get("sha256") != (facts["weights"] or {}).get("sha256"):
        raise _mismatch(path, "file of weights")


def changed_environment(record: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """What differs in the machine, so that the end may differ in the last bits."""
    before, now = record["environment"], facts["environment"]
    names = ("torch", "numpy", "processor", "threads", "device", "devices")
    return [f"{n} {before[n]} → {now[n]}" for n in names if before[n] != now[n]]


def _go_on(
    directory: RunDirectory,
    where: Any,
    recipe: Any,
    seed: int | None,
    listener: Listener,
    like: ModelConfig | None,
) -> Start:
    record = directory.read()
    own = load_recipe(record["recipe"])
    if recipe is not None and load_recipe(recipe) != own:
        raise _mismatch(directory.path, "recipe")
    if seed is not None and seed != record["seed"]:
        raise _mismatch(directory.path, "seed")
    pairing = record.get("pairing")
    began_like = load_recipe({"model": pairing["like"]}).model if pairing else None
    if like is not None and like != began_like:
        raise _mismatch(directory.path, "network to begin like")
    word = "is finished already" if record["status"] == "finished" else "goes on"
    listener.said(f"{directory.path} {word}")
    place = where if where is not None else record["data"]["where"]
    return Start(place, own, record["seed"], directory.path, began_like, record)


def _latest_unfinished(where: Any, recipe: Any, seed: int | None) -> RunDirectory | None:
    wanted = (str(where), load_recipe(recipe or DEFAULT_RECIPE), seed or 0)
    found = []
    for directory in find_runs(RUNS):
        facts = directory.read()
        if facts["status"] == "finished":
            continue
        own = facts["data"]["where"], load_recipe(facts["recipe"]), facts["seed"]
        if where is None or own == wanted:
            found.append((facts["created"], directory))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _mismatch(path: Path, what: str) -> RunMismatchError:
    return RunMismatchError(
        f"another {what} than the run at {path} began with",
        f"the same {what}",
        "leave out what changes it, or begin a new run with another --out",
    )
