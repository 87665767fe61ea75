"""`grevy layers`: the layers of a network, counted and worked out."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import InputTooSmallError, UsageError

if TYPE_CHECKING:
    from grevy.models.survey.layers import LayerTable

FORMS = (*DOCUMENTS, ".json")
_OUT = tyro.conf.arg(help=f"Write the table there: {listed(FORMS)}. May be given several times.")


@dataclass(frozen=True)
class LayersArguments:
    """The layers of a network: shapes, parameters, MACs, memory, receptive fields, worked out."""

    model: Annotated[str, tyro.conf.Positional]
    """A registered name (base, net1, net2), timm:NAME or torchvision:NAME, your own as
    FILE.py:NAME, or a run directory."""

    input: str = ""
    """Picture as channels x height x width, such as 3x32x32 (the default; a zoo's network has its
    own)."""

    classes: int = 10
    """Outputs of a registered network."""

    arguments: dict[str, bool | int | float | str] = field(default_factory=dict)
    """Arguments of a registered network, names and values in turn: --arguments dropout 0.1."""

    plugin: Path | None = None
    """A Python file to run first, which registers your own networks."""

    trust_source: bool = False
    """Of a run: run the Python source that its record keeps, wherever it is from."""

    out: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], _OUT] = ()

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, count, print; exit with status 2 if the network fails on the picture."""
    arguments = parse(LayersArguments, "layers", words)
    output = Output(arguments.json)
    shape = parse_shape(arguments.input) if arguments.input else None
    outs = [_checked(path) for path in arguments.out]
    from grevy.models.survey.layers import layers

    table = layers(
        arguments.model,
        shape,
        arguments.classes,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
        **arguments.arguments,
    )
    print_document(output, table.document())
    for path in outs:
        output.line(f"written   {_write(table, path)}")
    if not outs:
        output.line(f"next      keep it: --out layers.md (or {', '.join(FORMS)})")
    output.result(table.as_json())
    _exit_if_failed(table)


def parse_shape(text: str) -> tuple[int, int, int]:
    """Channels, height and width from "3x32x32".

    Raises:
        UsageError: anything else.
    """
    found = re.fullmatch(r"(\d+)[x×,](\d+)[x×,](\d+)", text.strip())
    if not found or min(shape := [int(number) for number in found.groups()]) < 1:
        raise UsageError(
            f"--input {text}",
            "channels x height x width, whole numbers above 0",
            "for example --input 3x32x32",
        )
    return shape[0], shape[1], shape[2]


def _checked(path: Path) -> Path:
    if path.suffix.lower() not in FORMS:
        raise UsageError(
            f"--out {path}", f"a name that ends in {listed(FORMS)}", "change its ending"
        )
    return path


def _write(table: LayerTable, path: Path) -> Path:
    if path.suffix.lower() == ".json":
        from grevy.records.atomic import write_json

        write_json(path, table.as_json())
        return path
    from grevy.documents.write import write_document

    return write_document(table.document(), path)


def _exit_if_failed(table: LayerTable) -> None:
    """The table is shown whatever happens; the exit status says that it is not whole."""
    if table.failure is None:
        return
    from grevy.models.survey.describe import failure_sentences

    what, fits = failure_sentences(table)
    error = InputTooSmallError(what, "", fits)
    print(f"grevy: {error}", file=sys.stderr)
    sys.exit(error.exit_status)
