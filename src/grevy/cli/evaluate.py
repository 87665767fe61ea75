"""`grevy evaluate`: how good a trained network is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grevy.cli.output import Output
from grevy.figures.numerals import counted
from grevy.words.parse import parse


@dataclass(frozen=True)
class EvaluateArguments:
    """Loss and accuracy of a trained network, over all and by class."""

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""

    where: Annotated[str | None, tyro.conf.Positional] = None
    """Other image data with the same classes. Default: the run's own."""

    split: str = "test"
    """train, validation or test."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""

    plugin: Path | None = None
    """The Python file that it was trained with; its record keeps it, so this is not needed."""

    trust_source: bool = False
    """Run the Python source that the record keeps, wherever it is from: read it first."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, evaluate, print."""
    arguments = parse(EvaluateArguments, "evaluate", words)
    output = Output(arguments.json)
    from grevy.classifier.open import evaluate

    found = evaluate(
        arguments.run,
        arguments.where,
        split=arguments.split,
        device=arguments.device,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
    )
    output.line(f"{arguments.run} on the {found['split']} split of {found['where']}")
    rows = [(name, c["n"], c["accuracy"]) for name, c in found["classes"].items()]
    output.table(("class", "pictures", "accuracy"), [*rows, ("all", found["n"], found["accuracy"])])
    loss = "not finite" if found["loss"] is None else f"{found['loss']:.4f}"
    output.line(f"loss {loss}")
    if found["counted"]:
        reads = counted(found["test_reads"], "time")
        output.line(f"the test split has now been read {reads} for this run")
    output.result(found)
