"""What every inspector is held to, ours and those of plugins.

Nothing here knows a particular inspector: it is found by its name, called with what it says that
it needs, and judged by what it leaves behind and returns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.errors import GrevyError
from grevy.inspection.difference import side_by_side
from grevy.inspection.examples import Examples, RecordedPredictions
from grevy.inspection.layers import convolutions
from grevy.inspection.registry import Inspector, find
from grevy.inspection.settings import Settings
from grevy.records.predictions import Predictions
from grevy.testing.network_state import changed, state_of
from grevy.testing.networks import CLASSES, NETWORKS, classifier_in_work
from grevy.testing.promises import Promises

_RANDOM = np.random.default_rng(0)
PICTURE = _RANDOM.integers(0, 256, (16, 16, 3), np.uint8)
_LABELS_N = np.arange(12) % CLASSES
_LOGITS_NK = (8 * _RANDOM.normal(size=(12, CLASSES)) * (np.arange(12) % 2)[:, None]).astype("f4")
"""Every other one is sure of itself, and most are mistaken."""


def check_inspector(name: str) -> None:
    """Hold a registered inspector to what all must do, on each of `NETWORKS`.

    It has settings with texts, leaves the network as it was (also when the network fails in the
    middle), sees the same again, does not hide what is not a number, draws itself, tells its
    numbers as JSON, and stands beside another network if it says that it can.

    Raises:
        PartError: a promise is broken; which one, and on which network.
        UsageError: there is no such inspector.
    """
    for network in NETWORKS:
        for check in CHECKS:
            check(Trial(find(name), classifier_in_work(network)))


@dataclass(frozen=True)
class Trial:
    """An inspector before a network, with all that it needs.

    Attributes:
        inspector: that is tried.
        classifier: one of `NETWORKS`, in the middle of something.
        broken_logits: whether those that a run would have recorded are NaN.
    """

    inspector: Inspector
    classifier: Classifier
    broken_logits: bool = False

    @cached_property
    def settings(self) -> Settings:
        """Of its trial; a layer without a default is the last convolution."""
        layer = self.inspector.settings.model_fields.get("layer")
        needed = layer is not None and layer.is_required()
        last = {"layer": convolutions(self.classifier)[-1].name} if needed else {}
        return self.inspector.read({**last, **self.inspector.trial})

    def look(self) -> Any:
        """Its view."""
        return self.look_at(self.classifier, self.settings)

    def look_at(self, classifier: Classifier, settings: Settings) -> Any:
        """Its view of that network, with those settings."""
        pixels_NCHW = np.random.default_rng(1).integers(0, 256, (12, 3, 16, 16), np.uint8)
        names = [f"picture {i}" for i in range(12)]
        logits_NK = np.full_like(_LOGITS_NK, np.nan) if self.broken_logits else _LOGITS_NK
        recorded = Predictions(logits_NK, _LABELS_N, tuple(names))
        material = {
            "network": classifier,
            "picture": PICTURE,
            "data": Examples(pixels_NCHW, names, "12 pictures", [str(y) for y in _LABELS_N]),
            "predictions": RecordedPredictions("trial", recorded, recorded),
        }
        return self.inspector.look(*(material[n] for n in self.inspector.needs), settings)

    def require(self, kept: bool, broken: str) -> None:
        """Raise `PartError` unless a promise is kept; `broken` says what is so otherwise."""
        promises = Promises("inspector", self.inspector.name)
        promises.require(kept, f"on the network '{self.classifier.name}' {broken}")

    def require_unchanged(self, before: dict[str, Any]) -> None:
        """Nothing of the network differs from the state before."""
        names = ", ".join(changed(before, self.classifier.model))
        self.require(not names, f"leaves behind other {names}")


def it_is_declared_with_texts(trial: Trial) -> None:
    """One line about itself, and a text for each setting, which become the help."""
    inspector = trial.inspector
    trial.require(bool(inspector.summary.strip()), "has no summary")
    for name, field in inspector.settings.model_fields.items():
        trial.require(bool(field.description), f"has the setting '{name}' without a text under it")


def it_leaves_the_network_as_it_was_and_sees_the_same_again(trial: Trial) -> None:
    """Whatever the program around it has drawn or set."""
    before = state_of(trial.classifier.model)
    first = trial.look()
    trial.require_unchanged(before)
    torch.rand(1)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        again = trial.look()
    trial.require(first.arrays.keys() == again.arrays.keys(), "has other arrays the second time")
    for name, array in first.arrays.items():
        same = np.array_equal(array, again.arrays[name], equal_nan=array.dtype.kind == "f")
        trial.require(same, f"sees another {name} the second time")


def it_leaves_the_network_as_it_was_when_that_fails(trial: Trial) -> None:
    """A layer in the middle raises in its first call, and in its sixth."""
    for call in (1, 6):
        broken = replace(trial, classifier=classifier_in_work(trial.classifier.name))
        calls = _breaking(broken.classifier.model, call)
        before = state_of(broken.classifier.model)
        raised = False
        try:
            broken.look()
        except _BrokenError:
            raised = True
        except GrevyError as error:  # one that tells what the network did
            raised = isinstance(error.__cause__, _BrokenError)
        trial.require(raised == (next(calls) > call), "hides that the network failed")
        broken.require_unchanged(before)


def it_does_not_hide_what_is_not_a_number(trial: Trial) -> None:
    """NaN in weights or recorded logits is in its arrays, or is refused in one line."""
    first, last = (convolutions(trial.classifier)[place].name for place in (0, -1))
    with torch.no_grad():
        for name in (first, last):
            weight = trial.classifier.model.get_submodule(name).weight
            weight.fill_(torch.nan)  # type: ignore[operator]
    if "network" not in trial.inspector.needs:
        trial = replace(trial, broken_logits=True)
    before = state_of(trial.classifier.model)
    try:
        view = trial.look()
    except GrevyError:
        return
    finally:
        trial.require_unchanged(before)
    found = any(np.isnan(array).any() for array in view.arrays.values() if array.dtype.kind == "f")
    trial.require(found, "has no NaN in its arrays where the network has")
    trial.require(bool(view.draw().axes), "draws nothing where NaN is")
    json.dumps(view.as_json(), allow_nan=False)


def its_view_is_whole(trial: Trial) -> None:
    """Arrays, sentences, a figure and strict JSON."""
    view = trial.look()
    trial.require(bool(view.arrays), "has no arrays")
    for name, array in view.arrays.items():
        axes = len(name.rpartition("_")[2])
        trial.require(axes == array.ndim, f"has {name} of shape {array.shape}")
        trial.require(bool(np.isfinite(array).all()), f"has {name}, which is not finite")
    for text in (*view.lines, *view.notes, *(check.text for check in view.checks)):
        trial.require(
            text == text.strip() and text.endswith((".", "?", "!")), f"says no sentence: {text}"
        )
    trial.require(view._repr_png_().startswith(b"\x89PNG"), "does not show itself in a notebook")
    told = view.as_json()
    trial.require(
        json.loads(json.dumps(told, allow_nan=False)) == told, "tells JSON that comes back other"
    )


def it_stands_beside_itself(trial: Trial) -> None:
    """If it says that it compares: what it chose are settings of its own, and nothing changed."""
    if not trial.inspector.compares:
        return
    view = side_by_side(trial.look_at, trial.settings, trial.classifier, trial.classifier)
    chosen = set(view.first.choices) - set(trial.inspector.fields)
    trial.require(not chosen, f"chose {', '.join(chosen)}, which are no settings of its own")
    trial.require(bool(view.changes), "has nothing to compare")
    trial.require(not any(np.any(change) for _, change in view.changes), "differs from itself")
    trial.require(bool(view.draw().axes), "draws nothing of two networks")


CHECKS: tuple[Callable[[Trial], None], ...] = (
    it_is_declared_with_texts,
    it_leaves_the_network_as_it_was_and_sees_the_same_again,
    it_leaves_the_network_as_it_was_when_that_fails,
    it_does_not_hide_what_is_not_a_number,
    its_view_is_whole,
    it_stands_beside_itself,
)


class _BrokenError(Exception):
    """Not one of ours: as any model may raise."""


def _breaking(model: nn.Module, call: int) -> Iterator[int]:
    """Let a layer in the middle raise in its n-th call; the next number is calls so far + 1."""
    modules = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    middle = modules[len(modules) // 2]
    forward, calls = middle.forward, iter(range(1, 10**9))

    def count(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise _BrokenError
        return forward(*args, **kwargs)

    middle.forward = count  # type: ignore[method-assign]
    return calls
