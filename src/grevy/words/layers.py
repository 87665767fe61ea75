"""The words of `grevy layers`: a network, and the picture that goes in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from annotated_types import Interval

from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import UsageError
from grevy.words.places import PLACE

if TYPE_CHECKING:
    from grevy.models.survey.layers import LayerTable


_OUT = tyro.conf.arg(
    help=f"Write the table there: {listed((*DOCUMENTS, '.json'))}. May be given several times."
)


@dataclass(frozen=True)
class LayersArguments:
    """The layers of a network: shapes, parameters, MACs, memory, receptive fields, worked out."""

    model: Annotated[str, tyro.conf.Positional, PLACE]
    """A registered name (base, net1, net2), timm:NAME or torchvision:NAME, your own as
    FILE.py:NAME, or a run directory."""

    input: str = ""
    """Picture as channels x height x width, such as 3x32x32 (the default; a zoo's network has its
    own)."""

    classes: Annotated[int, Interval(ge=1, le=1_000_000)] = 10
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


def table_of(arguments: LayersArguments) -> LayerTable:
    """The layers that are asked for.

    Raises:
        UsageError: an input that is no shape.
        ModelError: no such network, or not with these arguments.
    """
    shape = parse_shape(arguments.input) if arguments.input else None
    from grevy.models.survey.layers import layers

    return layers(
        arguments.model,
        shape,
        arguments.classes,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
        **arguments.arguments,
    )


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
