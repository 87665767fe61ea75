"""What is asked of a network: from the words of a call to an inspector and its settings. No torch.

Without `method`, `unit` and `map` the layer, the picture and the channels choose the inspector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grevy.errors import UsageError
from grevy.inspection.registry import Inspector, find, inspectors, require_read
from grevy.inspection.settings import Settings

_OF_A_RUN = ("data", "predictions")
_WORDS = {"picture": "a picture", "data": "a run's data", "predictions": "a run's predictions"}


@dataclass(frozen=True)
class Question:
    """The arguments of `look` that ask something.

    Attributes:
        settings: by name; also the layer.
        method: an inspector by its name.
        unit: layer and channel, "conv3:14".
        map: a layer, or an inspector of the data by its name.
        pictures: whether there are any.
        run: whether it is a run that is looked into.
        snapshot: of that run.
        second: the argument that names a second network, "--other"; "": none does.
        data: whether another place of the run's data is named.
    """

    settings: Mapping[str, Any]
    method: str | None = None
    unit: str | None = None
    map: str | None = None
    pictures: bool = False
    run: bool = False
    snapshot: str = "best"
    second: str = ""
    data: bool = False


@dataclass(frozen=True)
class Asked:
    """An inspector and what it is to read.

    Attributes:
        inspector: that was chosen.
        given: settings by name.
        how: it was chosen, as in "with --method gradcam".
    """

    inspector: Inspector
    given: Mapping[str, Any]
    how: str


def answer(question: Question, sees_colours: Callable[[str], bool]) -> tuple[Inspector, Settings]:
    """The inspector that answers, with its settings.

    Args:
        question: what is asked.
        sees_colours: whether a layer is a first convolution; only asked where that decides.

    Raises:
        UsageError: nothing or several things are asked, something is missing, or something would
            not be read.
        InputError: a setting that can't be.
    """
    asked = _asked(question, sees_colours)
    require_read(asked.inspector, asked.given, asked.how)
    _require_needed(question, asked)
    _require_heeded(question, asked)
    return asked.inspector, asked.inspector.read(asked.given)


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


def _asked(question: Question, sees_colours: Callable[[str], bool]) -> Asked:
    named = [name for name in ("unit", "map", "method") if getattr(question, name) is not None]
    if len(named) > 1:
        raise UsageError(
            f"--{named[0]} with --{named[1]}", f"--{named[0]} alone", "leave one of them out"
        )
    given = question.settings
    if question.method is not None:
        return Asked(find(question.method), given, f"with --method {question.method}")
    if question.unit is not None:
        layer, channel = parse_unit(question.unit)
        _require_no_layer("--unit", given)
        return Asked(find("unit"), {**given, "layer": layer, "channel": channel}, "with --unit")
    if question.map is not None:
        return _of_map(question.map, given)
    return _of_layer(question, sees_colours)


def _of_map(name: str, given: Mapping[str, Any]) -> Asked:
    of_data = [i for i in inspectors() if i.name == name and set(i.needs) & set(_OF_A_RUN)]
    if of_data:
        return Asked(of_data[0], given, f"with --map {name}")
    _require_no_layer("--map", given)
    return Asked(find("feature-map"), {**given, "layer": name}, "with --map")


def _of_layer(question: Question, sees_colours: Callable[[str], bool]) -> Asked:
    given = question.settings
    layer = given.get("layer")
    if layer is None:
        if not question.pictures:
            raise UsageError(
                "no picture and no layer",
                "a picture, or --layer to see its filters",
                "for example grevy look zebra.jpg --run runs/mine",
            )
        return Asked(find("overview"), given, "without --layer")
    if not question.pictures:
        return Asked(find("filters"), given, "with --layer and no picture")
    how = "with --layer and no --method"
    if "channels" in given and sees_colours(layer):
        return Asked(find("filters-and-activations"), given, how)
    return Asked(find("activations"), given, how)


def _require_no_layer(word: str, given: Mapping[str, Any]) -> None:
    if "layer" in given:
        raise UsageError(f"{word} with --layer", f"{word} alone", "leave one of them out")


def _require_needed(question: Question, asked: Asked) -> None:
    """Refuse a question without what its inspector needs."""
    needs, what = asked.inspector.needs, asked.how.removeprefix("with ")
    if "picture" in needs and not question.pictures:
        raise UsageError(f"{what} without a picture", "a picture", "name one")
    if set(needs) & set(_OF_A_RUN) and not question.run:
        raise UsageError(f"{what} without --run", "a run, which has data", "give --run RUN")
    if "predictions" in needs and question.snapshot != "best":
        raise UsageError(
            f"{what} with --snapshot {question.snapshot}",
            "the best snapshot, whose predictions are recorded",
            "leave out --snapshot",
        )


def _require_heeded(question: Question, asked: Asked) -> None:
    """Refuse what its inspector would not look at."""
    if question.pictures:
        _require_taken("a picture", asked, lambda i: "picture" in i.needs)
    if question.data:
        _require_taken("--data", asked, lambda i: "data" in i.needs)
    if question.second:
        _require_taken(question.second, asked, lambda i: i.compares)


def _require_taken(what: str, asked: Asked, takes: Callable[[Inspector], bool]) -> None:
    if takes(asked.inspector):
        return
    needs = " and ".join(_WORDS[need] for need in asked.inspector.needs if need in _WORDS)
    raise UsageError(
        f"{what} {asked.how}",
        f"what {asked.inspector.name} looks at: {needs or 'the network alone'}",
        f"leave it out; it is for {', '.join(i.name for i in inspectors() if takes(i))}",
    )
