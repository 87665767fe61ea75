"""The words of `grevy look`: what is looked into, what is asked, and each inspector's settings."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tyro
from annotated_types import Interval
from pydantic.fields import FieldInfo

from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.inspection.registry import flag, inspectors
from grevy.words.places import PLACE

_OUT = tyro.conf.arg(
    help="The figure, .png or .svg (both are written); or a document with it and all that is said:"
    f" {listed(DOCUMENTS)}. None: a figure named after what it shows."
)

SnapshotName = Literal["best", "last", "initial"]


@dataclass(frozen=True)
class LookArguments:
    """Look inside a network: at what it makes of a picture, at a layer, a unit, or the data."""

    picture: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """A picture, or several. Without --layer and --method: an overview of it on one page."""

    run: Path | None = None
    """A finished run."""

    model: Annotated[str, PLACE] = ""
    """Or a network by name: registered, timm:NAME or torchvision:NAME, or your own as
    FILE.py:NAME."""

    weights: Path | None = None
    """Of --model: a file of safetensors or of torch.save (which is read as numbers only)."""

    pretrained: bool = False
    """Of --model: the weights that an installed package carries."""

    partial: bool = False
    """Load what fits of --weights, and list what does not."""

    which: Literal["plain", "ema"] = "plain"
    """Of --weights that hold both: the plain ones, or the averaged ones (EMA)."""

    input: str = ""
    """Of --model: its pictures, as 3x224x224."""

    classes: Annotated[int | None, Interval(ge=1, le=1_000_000)] = None
    """Of --model: number of its outputs."""

    snapshot: SnapshotName = "best"
    """Of --run: the weights of the best check, of the newest checkpoint, or of step 0."""

    unit: str = ""
    """What a channel answers to, as layer:channel; needs --run."""

    map: str = ""
    """The data as this layer sees it, by PCA and t-SNE; or: mistakes, calibration. Needs --run."""

    data: Annotated[str | None, PLACE] = None
    """For --unit and --map: the run's image data, if it is no longer where it was."""

    other: Path | None = None
    """A second run: the same view of both on one scale."""

    other_snapshot: SnapshotName | None = None
    """Of the second run; without --other, of the same run: early and late."""

    method: str = ""
    """How to look, by the name of an inspector."""

    page: Annotated[int, Interval(ge=1, le=1_000_000)] = 1
    """Of more channels than one page holds."""

    list: bool = False
    """Print the layers with their shapes and draw nothing."""

    plugin: Path | None = None
    """A Python file to run first, which registers your own networks and inspectors."""

    trust_source: bool = False
    """Of --run: run the Python source that its record keeps, wherever it is from."""

    fetch: bool = False
    """Of --run: download data and weights that its record names, where they are not here."""

    out: Annotated[Path | None, _OUT] = None

    json: bool = False
    """Print one JSON object and nothing else."""


def look_arguments() -> type[LookArguments]:
    """`LookArguments`, with `--method` and the settings of every inspector that is known now.

    Settings are texts, "" where none is given: the inspector that is chosen reads them.
    """
    named = [("method", Annotated[str, _method()], field(default=""))]
    settings = [
        (name, Annotated[str, _setting(name, readers)], field(default=""))
        for name, readers in _settings().items()
    ]
    kind = make_dataclass("Look", [*named, *settings], bases=(LookArguments,), frozen=True)
    kind.__doc__ = LookArguments.__doc__
    return kind


def settings_in(arguments: LookArguments) -> dict[str, Any]:
    """The settings that are given, by name."""
    texts = {name: getattr(arguments, name) for name in _settings()}
    return {name: text for name, text in texts.items() if text}


def _settings() -> dict[str, dict[str, FieldInfo]]:
    """For each setting the inspectors that read it, with their fields."""
    found: dict[str, dict[str, FieldInfo]] = {}
    for inspector in inspectors():
        for name, info in inspector.settings.model_fields.items():
            found.setdefault(name, {})[inspector.name] = info
    return found


def _method() -> Any:
    told = "; ".join(f"{each.name}: {each.summary}" for each in inspectors())
    return tyro.conf.arg(metavar="NAME", help=f"How to look. {told}.", help_behavior_hint="")


def _setting(name: str, readers: dict[str, FieldInfo]) -> Any:
    """How a setting is written, with its text, and who reads it with which default."""
    texts: dict[tuple[str, str], list[str]] = {}
    for reader, info in readers.items():
        default = "" if info.is_required() or info.default is None else f"; {info.default}"
        texts.setdefault((info.description or "", default), []).append(reader)
    told = " ".join(
        f"{text} ({', '.join(who)}{default})".strip() for (text, default), who in texts.items()
    )
    values = dict.fromkeys(each for info in readers.values() for each in _values(info.annotation))
    return tyro.conf.arg(
        name=flag(name).removeprefix("--"),
        metavar="TEXT" if "TEXT" in values else "|".join(values),
        help=told,
        help_behavior_hint="",
    )


def _values(kind: Any) -> list[str]:
    """What a field takes: the words of a literal, INT, FLOAT or TEXT."""
    origin = get_origin(kind)
    if origin is Literal:
        return [str(word) for word in get_args(kind)]
    if origin in (Union, UnionType):
        return [each for part in get_args(kind) if part is not type(None) for each in _values(part)]
    if origin is Annotated:
        return _values(get_args(kind)[0])
    return [kind.__name__.upper()] if kind in (int, float, bool) else ["TEXT"]
