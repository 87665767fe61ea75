"""Which of all that a training checkpoint holds is the state dict of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from grevy.errors import DataFormatError
from grevy.models.few import few

Which = Literal["plain", "ema"]
"""Of weights that a file holds twice: as the last step left them, or averaged over steps."""

USUAL = (
    *("state_dict", "model_state_dict", "model", "net", "params", "network", "model_state"),
    *("weights", "module", "student", "online", "backbone", "encoder", "current_model_state"),
)
"""Keys under which checkpoints keep a state dict, the most usual first."""

_AVERAGED = {"ema", "swa", "teacher", "averaged", "average", "avg", "shadow", "momentum", "polyak"}
_OF_TRAINING = re.compile(r"optim|exp_avg|momentum_buf|grad|sched|scaler|rng")
"""Keys of what a training keeps besides networks."""

_DEPTH = 3


@dataclass(frozen=True)
class Found:
    """A state dict out of a checkpoint.

    Attributes:
        tensors: by name.
        notes: where it lay, and what else there is; one sentence each.
        averaged: whether its place says that it is averaged.
    """

    tensors: dict[str, Tensor]
    notes: tuple[str, ...]
    averaged: bool


@dataclass(frozen=True)
class _Place:
    """A state dict at its place, by the keys that lead there."""

    keys: tuple[str, ...]
    content: Mapping[str, Any]
    averaged: bool

    @property
    def name(self) -> str:
        return ".".join(self.keys) or "the top"

    @property
    def tensors(self) -> dict[str, Tensor]:
        found = {n: t for n, t in self.content.items() if isinstance(t, Tensor)}
        found.pop("n_averaged", None)  # of SWA: how many were averaged
        return found

    @property
    def rank(self) -> int:
        """The smaller, the more usual."""
        if not self.keys:
            return len(USUAL)
        key = self.keys[-1]
        return USUAL.index(key) if key in USUAL else len(USUAL) + 1


def is_averaged_name(name: str) -> bool:
    """Whether a key or prefix is called like averaged weights: `state_dict_ema`, `teacher.`."""
    words = re.split(r"[^a-z]+", name.lower())
    return bool(_AVERAGED.intersection(words)) or "encoder_k" in name or "swa_" in name


def also_averaged(names: str) -> str:
    """The sentence of a file that holds weights twice."""
    called = f"what is called like averaged weights ({names})"
    return f"the file also holds {called}: --which ema takes them"


def state_dict_in(content: object, path: Path, which: Which) -> Found:
    """The state dict that is wanted.

    Args:
        content: of the file.
        path: of the file, for messages.
        which: of plain and averaged weights, where both lie apart; where they lie in one dict,
            their names tell them apart later.

    Raises:
        DataFormatError: there is none, or several of which none has a usual name.
    """
    places = list(_places(content))
    if not places:
        raise _none(content, path)
    plain = [place for place in places if not place.averaged]
    averaged = [place for place in places if place.averaged]
    chosen = _most_usual((averaged if which == "ema" else plain) or plain or averaged, path)
    notes = _notes(chosen, plain, averaged) + _nameless(content, averaged)
    return Found(chosen.tensors, notes, chosen.averaged)


def _places(content: object, keys: tuple[str, ...] = ()) -> Iterator[_Place]:
    """All state dicts; what an optimizer keeps is none."""
    if not isinstance(content, Mapping) or "param_groups" in content or len(keys) > _DEPTH:
        return
    if _is_state_dict(content, keys):
        yield _Place(keys, content, _is_averaged(keys, content))
    # Lightning's averaging keeps the average as `state_dict`, the plain ones beside it.
    swapped = "current_model_state" in content
    for key, value in content.items():
        if isinstance(key, str) and not _OF_TRAINING.search(key.lower()):
            for place in _places(value, (*keys, key)):
                averaged = place.averaged or (swapped and key == "state_dict")
                yield _Place(place.keys, place.content, averaged)


def _is_state_dict(content: Mapping[Any, Any], keys: tuple[str, ...]) -> bool:
    names = [n for n, t in content.items() if isinstance(n, str) and isinstance(t, Tensor)]
    if keys and keys[-1] in USUAL:
        return bool(names)
    if not keys and len(names) == len(content):
        return bool(names)
    return any("." in name or name in ("weight", "bias") for name in names)


def _is_averaged(keys: tuple[str, ...], content: Mapping[str, Any]) -> bool:
    return any(map(is_averaged_name, keys)) or "n_averaged" in content


def _most_usual(places: Sequence[_Place], path: Path) -> _Place:
    best = min(place.rank for place in places)
    found = [place for place in places if place.rank == best]
    if len(found) > 1:
        raise DataFormatError(
            f"weights '{path}': state dicts under {few([place.name for place in found])}",
            f"one, or one under {', '.join(USUAL[:5])}",
            "save the one that you mean by itself",
        )
    return found[0]


def _notes(chosen: _Place, plain: Sequence[_Place], averaged: Sequence[_Place]) -> tuple[str, ...]:
    notes = [f"read from '{chosen.name}' in the file"] if chosen.keys else []
    if chosen.averaged:
        steps = chosen.content.get("n_averaged")
        over = f", the mean of {int(steps)}" if isinstance(steps, Tensor) else ""
        alone = "" if plain else "; the file holds no plain ones"
        notes.append(f"these are averaged weights{over}{alone}")
    elif averaged:
        also = few([place.name for place in averaged])
        notes.append(also_averaged(also))
    if other := [place.name for place in plain if place is not chosen]:
        notes.append(f"not read in the file: {few(other)}")
    if rest := [str(n) for n, v in chosen.content.items() if _is_left_out(v, bool(chosen.keys))]:
        notes.append(f"left out what is no tensor: {few(rest)}")
    return tuple(notes)


def _nameless(content: object, averaged: Sequence[_Place]) -> tuple[str, ...]:
    """Where averaged weights lie as a list, as some trainers keep them: nobody knows whose."""
    named = {place.keys[0] for place in averaged if place.keys}
    found = [
        key
        for key, value in (content.items() if isinstance(content, Mapping) else ())
        if isinstance(key, str) and isinstance(value, Mapping | list | tuple)
        if is_averaged_name(key) and key not in named and not _OF_TRAINING.search(key.lower())
    ]
    if not found:
        return ()
    return (f"what lies under {few(found)} has no names of tensors, and is not read",)


def _is_left_out(value: object, inside: bool) -> bool:
    """At the top of a checkpoint stand numbers of all kinds; inside a state dict none should."""
    return not isinstance(value, Tensor) and (inside or not isinstance(value, Mapping))


def _none(content: object, path: Path) -> DataFormatError:
    return DataFormatError(
        f"weights '{path}': the file {_what(content)}",
        f"names and tensors, directly or under {', '.join(USUAL[:5])}",
        "save model.state_dict()",
    )


def _what(content: object) -> str:
    if not isinstance(content, Mapping):
        return f"holds a {type(content).__name__}"
    if not content:
        return "holds no tensor"
    if any(isinstance(v, Mapping) and "param_groups" in v for v in (content, *content.values())):
        return "holds the state of an optimizer, and no weights"
    name, value = next((n, v) for n, v in content.items())
    return f"holds no tensor by name, but a {type(value).__name__} under '{name}'"
