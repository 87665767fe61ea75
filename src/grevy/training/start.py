"""Whether a run begins anew or goes on, and where."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grevy.classifier.run import Run
from grevy.errors import (
    CorruptRecordError,
    RecipeError,
    RunBusyError,
    RunExistsError,
    RunMismatchError,
    UsageError,
)
from grevy.models.own.find import Own
from grevy.models.own.of_record import networks_of, refuse_other_sources
from grevy.models.own.using import own_recipe, with_model
from grevy.recipes.changes import same_training
from grevy.recipes.load import load_recipe
from grevy.recipes.numerics import NUMERICS
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.records.consent import following
from grevy.records.index import find_runs
from grevy.records.lock import is_in_use, train_alone
from grevy.records.run import RunDirectory, refuse_existing
from grevy.records.run_record import (
    RunRecord,
    RunStatus,
)
from grevy.records.source import Sources, recorded_sources
from grevy.training.listeners.listener import Listener

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
    record: RunRecord | None = None
    """run.json of the run that goes on; None: a new run."""
    sources: Sources = ()
    """Of networks of the user's own."""
    names_data: bool = True
    """Whether the user says where the data is, and not the record alone."""
    names_recipe: bool = True
    """Whether the user says the recipe, and with it the weights."""

    @contextmanager
    def reading_data(self) -> Iterator[None]:
        """Inside, the data is read.

        Raises:
            UnaskedError: it is where only the record says; see `grevy.records.consent.following`.
        """
        with nullcontext() if self.names_data else following(self._run, str(self.where)):
            yield

    @contextmanager
    def reading_weights(self) -> Iterator[None]:
        """Inside, the weights are read that it begins with; errors as `reading_data`."""
        weights = self.recipe.model.weights
        with nullcontext() if self.names_recipe else following(self._run, weights):
            yield

    @property
    def named_places(self) -> tuple[str, ...]:
        """Of data and weights, those that the user named."""
        data = (str(self.where),) if isinstance(self.where, str | Path) else ()
        weights = (self.recipe.model.weights,)
        return data * self.names_data + weights * self.names_recipe

    @property
    def _run(self) -> Path:
        return self.path or RUNS

    @property
    def finished(self) -> Run | None:
        """The run, if there is nothing left to do."""
        if self.goes_on and self.record and self.record.status is RunStatus.FINISHED:
            return Run(self.goes_on)
        return None

    @property
    def goes_on(self) -> RunDirectory | None:
        """The run that is not begun anew."""
        return RunDirectory(self.path) if self.path and self.record else None

    def read_again(self) -> Start:
        """The same with run.json as it is now: before the run was held, another may have ended it.

        Raises:
            RunNotFoundError, CorruptRecordError: as `RunDirectory.read`.
        """
        return self if self.goes_on is None else replace(self, record=self.goes_on.read())

    @property
    def precision(self) -> str | None:
        """What the run began in; it is not probed again."""
        return self.record.precision if self.record else None


def asked_recipes(
    recipe: str | Path | Mapping[str, Any] | Recipe | None, model: str | None, like: Recipe | None
) -> tuple[Recipe | None, Recipe | None, Own]:
    """The recipes of a call under the names that records use, and the networks of the user's own.

    Args:
        recipe: None stays None.
        model: a network in place of the recipe's.
        like: see `train`.
    """
    given = load_recipe(recipe or DEFAULT_RECIPE)
    whole, like, own = own_recipe(with_model(given, model) if model else given, like)
    return (None if recipe is None else whole), like, own


def choose_start(
    where: str | Path | Mapping[str, Any] | None,
    recipe: str | Path | Mapping[str, Any] | Recipe | None,
    seed: int | None,
    out: str | Path | None,
    resume: bool,
    listener: Listener,
    like: ModelConfig | None = None,
    model: str | None = None,
    sources: Sources = (),
) -> Start:
    """A new run, or the one to go on with; with `model`, the recipe's network is that one.

    Raises:
        UsageError: no image data for a new run.
        RunExistsError: a new run where something is already.
        RunMismatchError: a resume that asks for something else than the record.
    """
    path = Path(out) if out is not None else None
    new = load_recipe(recipe or DEFAULT_RECIPE)
    new = with_model(new, model) if model else new
    if resume:
        directory = RunDirectory(path) if path else _latest(where, new, seed, listener)
        if directory is not None and directory.record_file.exists():
            wanted = None if recipe is None else new
            return _go_on(directory, where, wanted, model, seed, listener, like, sources)
        listener.said(f"nothing to resume at {path or RUNS}/: a new run begins")
    if where is None:
        lacking = (
            f"no image data, and no run.json at {path}" if path and resume else "no image data"
        )
        raise UsageError(lacking, "a folder, a file or a built-in name", "try: grevy train digits")
    if path is not None:
        refuse_existing(path)
    return Start(where, new, seed or 0, path, like, sources=sources)


@contextmanager
def hold_new(path: Path | None, name: str) -> Iterator[Path]:
    """A place for a new run, made, and held for as long as it is trained.

    Args:
        path: the user's own; None: `runs/<name>`, or the first of `<name>-2`, `<name>-3`, ... that
            is free. What a process left that died before it had written run.json is free.
        name: see above.

    Raises:
        RunBusyError: another process trains at the user's own place.
        SaveError: it can't be made.
    """
    if path is not None:
        with train_alone(path):
            yield path
        return
    for place in _names_in_turn(name):
        with ExitStack() as stack:
            try:
                refuse_existing(place)
                stack.enter_context(train_alone(place))
                refuse_existing(place)  # another process may have begun meanwhile, and ended
            except (RunExistsError, RunBusyError):
                continue
            yield place
            return


def _names_in_turn(name: str) -> Iterator[Path]:
    return (RUNS / (name if n == 1 else f"{name}-{n}") for n in itertools.count(1))


def refuse_other(before: RunRecord, now: RunRecord, path: Path) -> None:
    """A run goes on only with the pictures, recipe and seed that it began with.

    Raises:
        RunMismatchError: something differs.
    """
    same = {
        "seed": before.seed == now.seed,
        "preprocessing": before.preprocessing == now.preprocessing,
        "recipe": same_training(before.load_recipe(), now.load_recipe()),
        "data": before.data.fingerprint == now.data.fingerprint,
        "splits": before.data.splits == now.data.splits,
        "file of weights": _checksum(before) == _checksum(now),
    }
    for what, is_same in same.items():
        if not is_same:
            raise _mismatch(path, what)


def _checksum(record: RunRecord) -> str | None:
    return record.weights.sha256 if record.weights else None


def changed_environment(before: RunRecord, now: RunRecord) -> list[str]:
    """What differs in the machine, so that the end may differ in the last bits."""
    was, has = before.environment.to_dict(), now.environment.to_dict()
    names = ("torch", "numpy", "processor", "threads", "device", "devices")
    return [f"{n} {was[n]} → {has[n]}" for n in names if was[n] != has[n]]


def changed_numerics(before: RunRecord) -> str | None:
    """That another Grevy began it, which would have given other weights; None: it did not."""
    if before.numerics == NUMERICS:
        return None
    return (
        f"it began with Grevy's numerics {before.numerics} and goes on with {NUMERICS}: it may"
        " end otherwise than with either alone, and counts as a run of the first"
    )


def _go_on(
    directory: RunDirectory,
    where: Any,
    recipe: Recipe | None,
    model: str | None,
    seed: int | None,
    listener: Listener,
    like: ModelConfig | None,
    sources: Sources,
) -> Start:
    record = directory.read()
    own_sources = recorded_sources(record)
    refuse_other_sources(sources, own_sources, directory)
    with networks_of(directory):  # a plugin may bring what the recipe names
        own = record.load_recipe()
    if recipe is not None and not same_training(recipe, own):
        raise _mismatch(directory.path, "recipe")
    if model is not None and model != own.model.name:
        raise _mismatch(directory.path, "network")
    if seed is not None and seed != record.seed:
        raise _mismatch(directory.path, "seed")
    began_like = record.pairing.load_model() if record.pairing else None
    if like is not None and like != began_like:
        raise _mismatch(directory.path, "network to begin like")
    word = "is finished already" if record.status is RunStatus.FINISHED else "goes on"
    listener.said(f"{directory.path} {word}")
    place = where if where is not None else record.data.where
    named = {"names_data": where is not None, "names_recipe": recipe is not None}
    return Start(place, own, record.seed, directory.path, began_like, record, own_sources, **named)


def _latest(
    where: Any, recipe: Recipe, seed: int | None, listener: Listener
) -> RunDirectory | None:
    """The unfinished run of what is asked for that began last; None: there is none."""
    wanted = (str(where), recipe, seed or 0)
    found = []
    for directory in find_runs(RUNS) if RUNS.is_dir() else ():
        try:
            record = directory.read()
            if record.status is RunStatus.FINISHED:
                continue
            if is_in_use(directory.path):
                listener.said(f"passed over: {directory.path} is trained just now")
                continue
            own = record.data.where, record.load_recipe(), record.seed
        except (CorruptRecordError, RecipeError) as error:
            listener.said(f"passed over: {error}")
            continue
        if where is None or own == wanted:
            found.append((record.created, directory))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _mismatch(path: Path, what: str) -> RunMismatchError:
    return RunMismatchError(
        f"another {what} than the run at {path} began with",
        f"the same {what}",
        "leave out what changes it, or begin a new run with another --out",
    )
