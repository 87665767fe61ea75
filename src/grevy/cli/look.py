"""`grevy look`: inside a network: filters, activations, class maps, units, maps of the data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import tyro

from grevy.cli.layers import parse_shape
from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.cli.plugin import load_plugin
from grevy.errors import InputError, UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grevy.inspection.view import PagedView, View

State = Literal["best", "last", "initial"]

_EXCLUSIVE = ("unit", "map", "picture", "layer", "method", "channels", "class_", "other", "model")
"""A question about the data, and what can't stand beside it."""


@dataclass(frozen=True)
class LookArguments:
    """Look inside a network: at what it makes of a picture, at a layer, a unit, or the data."""

    picture: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """A picture, or several. Without --layer and --method: an overview of it on one page."""

    run: Path | None = None
    """A finished run."""

    model: str = ""
    """Or a network by name: registered, timm:NAME or torchvision:NAME."""

    weights: Path | None = None
    """Of --model: a .safetensors, .pt or .pth file (a .pt is read as numbers only)."""

    pretrained: bool = False
    """Of --model: the weights that an installed package carries."""

    partial: bool = False
    """Load what fits of --weights, and list what does not."""

    input: str = ""
    """Of --model: its pictures, as 3x224x224."""

    classes: int | None = None
    """Of --model: number of its outputs."""

    state: State = "best"
    """Of --run: the weights of the best check, of the newest checkpoint, or of step 0."""

    layer: str = ""
    """A layer by its dotted name, name#2 for its second call; --list prints them."""

    channels: str = ""
    """Channels of the layer, such as 14,26,32,49,52 or 0-9."""

    sort: Literal["index", "maximum", "mean"] = "index"
    """Order of all channels."""

    method: str = ""
    """gradcam, hirescam, gradient, smoothgrad, integrated-gradients, occlusion, or
    guided-backpropagation (pictures, not explanations)."""

    class_: Annotated[str, tyro.conf.arg(name="class")] = ""
    """The class to explain; of an overview the true class."""

    unit: str = ""
    """What a channel answers to, as layer:channel; needs --run."""

    map: str = ""
    """The data as this layer sees it, by PCA and t-SNE; or: mistakes, calibration. Needs --run."""

    split: Literal["train", "validation", "test"] = "validation"
    """Pictures for --unit and --map."""

    data: str | None = None
    """For --unit and --map: the run's image data, if it is no longer where it was."""

    other: Path | None = None
    """A second run: the same view of both on one scale."""

    other_state: State | None = None
    """Of the second run; without --other, of the same run: early and late."""

    seed: int = 0
    """Of what is random."""

    page: int = 1
    """Of more channels than one page holds."""

    list: bool = False
    """Print the layers with their shapes and draw nothing."""

    plugin: Path | None = None
    """A Python file to run first, which registers your own networks."""

    out: Path | None = None
    """The figure, .png or .svg (both are written); none: named after what it shows."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, look, write the figure, print what is on it."""
    arguments = parse(LookArguments, "look", words)
    output = Output(arguments.json)
    stem, channels = _stem(arguments), parse_channels(arguments.channels)
    _require_one_question(arguments)
    load_plugin(arguments.plugin)
    if arguments.list:
        _print_layers(arguments, output)
        return
    view = _view(arguments, channels)
    figure = _draw(view, arguments.page)
    from grevy.figures.save import save_figure

    written = save_figure(figure, stem)
    _print(view, output)
    output.line(f"written   {written[0]} and {written[1].suffix}")
    output.result({**view.as_json(), "figures": [str(path) for path in written]})


def parse_channels(text: str) -> tuple[int, ...] | None:
    """Channels from "14,26,32" or "0-9"; None where nothing is said.

    Raises:
        UsageError: anything else.
    """
    if not text:
        return None
    channels: tuple[int, ...] = ()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            raise UsageError(
                f"--channels {text}",
                "numbers from 0 on, or ranges that rise",
                "for example --channels 14,26,32 or --channels 0-9",
            )
        channels += tuple(range(first, last + 1))
    return channels


def parse_unit(text: str) -> tuple[str, int]:
    """Layer and channel from "conv1:14".

    Raises:
        UsageError: anything else.
    """
    layer, _, channel = text.rpartition(":")
    if not layer or not channel.isdecimal():
        raise UsageError(
            f"--unit {text}", "a layer and a channel with a colon", "for example --unit conv1:14"
        )
    return layer, int(channel)


def _view(arguments: LookArguments, channels: tuple[int, ...] | None) -> View:
    if arguments.unit:
        return _unit(arguments)
    if arguments.map:
        return _map(arguments)
    from grevy.inspection.look import look

    return look(
        list(arguments.picture) or None,
        **_network(arguments),
        other=arguments.other,
        other_state=arguments.other_state,
        layer=arguments.layer or None,
        channels=channels,
        sort=arguments.sort,
        method=arguments.method or None,
        class_name=arguments.class_ or None,
        seed=arguments.seed,
    )


def _network(arguments: LookArguments) -> dict[str, Any]:
    """What is looked into, as `look` takes it."""
    return {
        "run": arguments.run,
        "model": arguments.model or None,
        "weights": arguments.weights,
        "pretrained": arguments.pretrained,
        "partial": arguments.partial,
        "input_shape": parse_shape(arguments.input) if arguments.input else None,
        "classes": arguments.classes,
        "state": arguments.state,
    }


def _unit(arguments: LookArguments) -> View:
    layer, channel = parse_unit(arguments.unit)
    from grevy.inspection.units import unit

    assert arguments.run is not None
    return unit(
        arguments.run,
        layer,
        channel,
        split=arguments.split,
        state=arguments.state,
        seed=arguments.seed,
        where=arguments.data,
    )


def _map(arguments: LookArguments) -> View:
    if arguments.state != "best":
        raise UsageError(
            f"--map with --state {arguments.state}",
            "the best state, whose predictions are recorded",
            "leave out --state",
        )
    from grevy.inspection.maps import calibration, feature_map, mistakes

    assert arguments.run is not None
    if arguments.map == "calibration":
        return calibration(arguments.run, split=arguments.split, seed=arguments.seed)
    if arguments.map == "mistakes":
        return mistakes(arguments.run, split=arguments.split, where=arguments.data)
    return feature_map(
        arguments.run,
        arguments.map,
        split=arguments.split,
        seed=arguments.seed,
        where=arguments.data,
    )


def _require_one_question(arguments: LookArguments) -> None:
    """--unit and --map are questions about the data of a run, not about a picture."""
    given = [name for name in _EXCLUSIVE if getattr(arguments, name)]
    of_data = ["a picture" if name == "picture" else f"--{name.rstrip('_')}" for name in given]
    if not {"unit", "map"} & set(given):
        return
    if len(of_data) > 1:
        raise UsageError(" with ".join(of_data[:2]), f"{of_data[0]} alone", "leave one of them out")
    if arguments.run is None:
        raise UsageError(f"{of_data[0]} without --run", "a run, which has data", "give --run RUN")


def _print_layers(arguments: LookArguments, output: Output) -> None:
    from grevy.inspection.layers import layer_list
    from grevy.inspection.look import classifier_for

    classifier = classifier_for(**_network(arguments))
    layers = layer_list(classifier)
    rows = [(layer.name, layer.type, "×".join(map(str, layer.shape))) for layer in layers]
    output.table(("layer", "type", "output"), rows, title=classifier.name)
    if classifier.not_loaded:
        output.line(f"not loaded, as initialised: {', '.join(classifier.not_loaded)}")
    listed = [{"name": i.name, "type": i.type, "shape": list(i.shape)} for i in layers]
    output.result(
        {"network": classifier.name, "layers": listed, "not_loaded": list(classifier.not_loaded)}
    )


def _draw(view: View | PagedView, page: int) -> Figure:
    if page == 1:
        return view.draw()
    if not hasattr(view, "pages"):
        raise InputError(f"--page {page}", "1: this view has one page", "leave it out")
    return cast("PagedView", view).draw(page)


def _print(view: View, output: Output) -> None:
    for line in view.lines:
        output.line(line)
    for note in view.notes:
        output.line(f"note      {note}")


def _stem(arguments: LookArguments) -> Path:
    """Where the figure is written, without its ending.

    Raises:
        UsageError: an ending that is neither .png nor .svg.
    """
    if arguments.out is None:
        return Path(_name(arguments))
    if arguments.out.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"--out {arguments.out}", ".png or .svg", "change its ending")
    return arguments.out.with_suffix("")


def _name(arguments: LookArguments) -> str:
    """Such as "look-zebra-conv1"."""
    parts = [
        *(path.stem for path in arguments.picture[:1]),
        arguments.run.name if arguments.run else arguments.model,
        "" if arguments.state == "best" else arguments.state,
        arguments.other.name if arguments.other else "",
        arguments.other_state or "",
        arguments.layer,
        arguments.method,
        arguments.unit,
        arguments.map,
    ]
    return "-".join(["look", *(re.sub(r"[^\w.+]+", "-", part) for part in parts if part)])
