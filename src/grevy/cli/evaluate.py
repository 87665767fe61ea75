"""`grevy evaluate`: how good a trained network is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from grevy.cli.output import Output
from grevy.figures.numerals import counted
from grevy.words.parse import parse
from grevy.words.places import PLACE

if TYPE_CHECKING:
    from grevy.recipes.schema import PicturesConfig


@dataclass(frozen=True)
class OtherPictures:
    """How other data is read."""

    splits: str = ""
    """Which folders, files or values of a column are which split: test=fold1; train=. where all is
    one set. Empty: as their names say."""

    split_column: str = ""
    """Column of a table that says the split of each row. Empty: the column split, if it is
    there."""

    unreadable: Literal["stop", "leave-out"] | None = None
    """What to do with pictures that can't be decoded: stop and name them, or leave them out and
    name them. Default: as in the run."""


@dataclass(frozen=True)
class EvaluateArguments:
    """Loss and accuracy of a trained network, over all and by class."""

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""

    where: Annotated[str | None, tyro.conf.Positional, PLACE] = None
    """Other labelled pictures of the same classes, or of some of them. Default: the run's own."""

    split: str | None = None
    """train, validation or test. Default: test, or all pictures of data without splits."""

    pictures: OtherPictures = field(default_factory=OtherPictures)

    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""

    plugin: Path | None = None
    """The Python file that it was trained with; its record keeps it, so this is not needed."""

    trust_source: bool = False
    """Run the Python source that the record keeps, wherever it is from: read it first."""

    fetch: bool = False
    """Download the run's own data where it is not on this machine."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, evaluate, print; exit with 1 if the figures are not those of the record."""
    arguments = parse(EvaluateArguments, "evaluate", words)
    output = Output(arguments.json)
    from grevy.classifier.open import evaluate

    found = evaluate(
        arguments.run,
        arguments.where,
        split=arguments.split,
        pictures=_as_config(arguments),
        device=arguments.device,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
        fetch=arguments.fetch,
    )
    output.line(f"{arguments.run} on {_of_what(found)}")
    columns = ("class", "pictures", "accuracy", "95 % interval")
    rows = [_row(name, scores) for name, scores in found["classes"].items()]
    output.table(columns, [*rows, _row("all", found)])
    output.line(f"loss {found['loss']:.4f}; intervals are over pictures (Wilson 1927)")
    for note in found["notes"]:
        output.line(note)
    if found["counted"]:
        reads = counted(found["test_reads"], "time")
        output.line(f"the test split has now been read {reads} for this run")
    output.result(found)
    if found["agrees"] is False:
        sys.exit(1)


def _as_config(arguments: EvaluateArguments) -> PicturesConfig | None:
    """What the flags say, nothing if there are none.

    Raises:
        UsageError: they are about other data, and there is none.
        RecipeValueError: splits that can't be understood.
    """
    given = {name: value for name, value in asdict(arguments.pictures).items() if value}
    if not given:
        return None
    if arguments.where is None:
        from grevy.errors import UsageError

        flags = ", ".join(f"--pictures.{name.replace('_', '-')}" for name in given)
        raise UsageError(
            f"{flags} for the run's own data, which is read as in training",
            "other data with it",
            "name a folder or file, or leave it out",
        )
    from grevy.recipes.load import load_recipe

    return load_recipe({"pictures": given}).pictures


def _of_what(found: Mapping[str, Any]) -> str:
    """Which pictures, in words."""
    count = counted(found["n"], "picture")
    if found["split"] == "all":
        told = f"all {count} of {found['where']}, which has no splits"
    else:
        told = f"the {found['split']} split of {found['where']} ({count})"
    own = found["same_as"]
    return told if own in (None, found["split"]) else f"{told}: the {own} pictures of the run"


def _row(name: str, scores: Mapping[str, Any]) -> tuple[str, int, float, str]:
    return name, scores["n"], scores["accuracy"], f"{scores['low']:.4f} to {scores['high']:.4f}"
