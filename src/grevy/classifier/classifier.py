"""What is looked into: a network, how its pictures are prepared, and its classes."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from grevy.classifier.device import choose_device
from grevy.classifier.inputs import Inputs, Pictures, read_inputs
from grevy.classifier.run import Run, open_run
from grevy.classifier.snapshots import StateName, network_at
from grevy.errors import ClassNotFoundError, ModelArgumentError
from grevy.models.survey.trace import trace
from grevy.records.preprocessing import Fit, Preprocessing

__all__ = [
    "Classifier",
    "Inputs",
    "Pictures",
    "classifier_of_module",
    "classifier_of_run",
]


@dataclass(frozen=True)
class Classifier:
    """A network to look into.

    Attributes:
        model: float32, on any device; inspectors leave it as they find it.
        preprocessing: of its pictures.
        classes: names in the order of the outputs; "0", "1", ... where nobody named them.
        name: how figures call it.
        notes: sentences about its weights and preprocessing that a reader must know.
        not_loaded: tensors that were wanted from a file of weights and are as initialised.
    """

    model: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    name: str
    notes: tuple[str, ...] = ()
    not_loaded: tuple[str, ...] = ()

    @property
    def device(self) -> torch.device:
        """Where the network's parameters are."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    def prepare(self, pictures: Pictures) -> Inputs:
        """Pictures as the network sees them; errors as `read_inputs`."""
        return read_inputs(pictures, self.preprocessing, self.device)

    def class_index(self, name_or_index: str | int) -> int:
        """The output of a class; a text that is no class name is taken as an index.

        Raises:
            ClassNotFoundError: no such class; the nearest names are told.
        """
        if name_or_index in self.classes:
            return self.classes.index(str(name_or_index))
        text = str(name_or_index)
        if text.isdecimal() and int(text) < len(self.classes):
            return int(text)
        near = difflib.get_close_matches(text, self.classes, n=3, cutoff=0.4)
        some = [*self.classes[:5], "…"] if len(self.classes) > 5 else list(self.classes)
        raise ClassNotFoundError(
            f"no class '{text}' in {self.name}",
            " or ".join(near) or f"one of its {len(self.classes)} ({', '.join(some)})",
            "check the spelling",
        )


def classifier_of_run(
    run: Run | str | Path, state: StateName = "best", *, device: str = "auto"
) -> Classifier:
    """The network of a run.

    Args:
        run: a run or its directory.
        state: "best": the weights of the best check. "last": of the newest checkpoint, also of a
            run that is not finished. "initial": those of step 0, drawn again from the seed.
        device: as in `train`.

    Raises:
        RunNotFoundError: no run, or it lacks that state.
        CorruptRecordError: the weights are damaged.
    """
    run = run if isinstance(run, Run) else open_run(run)
    facts = run.facts
    model, step = network_at(run, state)
    name = run.path.name if state == "best" else f"{run.path.name} at step {step}"
    preprocessing = _recorded(facts["preprocessing"])
    return Classifier(
        model.to(choose_device(device)), preprocessing, tuple(facts["data"]["classes"]), name
    )


def classifier_of_module(
    model: nn.Module,
    input_shape: tuple[int, int, int],
    *,
    mean: Sequence[float] | None = None,
    standard_deviation: Sequence[float] | None = None,
    classes: Sequence[str] = (),
    name: str = "",
    fit: Fit = "crop",
) -> Classifier:
    """Any network that takes [N, C, H, W] and puts out [N, K].

    Args:
        model: float32; it is not copied and not changed.
        input_shape: channels (1 or 3), height, width of its pictures.
        mean: a channel, of pixels in [0, 1]; None: zeros.
        standard_deviation: likewise; None: ones.
        classes: names of the K outputs; none: "0", "1", ...
        name: how figures call it; none: the module's type.
        fit: how pictures of another size are brought to this one.

    Raises:
        ModelArgumentError: weights that are not float32, a shape that is no picture's, statistics
            or class names of another number, or a network that fails on one picture.
    """
    channels, height, width = input_shape
    if channels not in (1, 3):
        raise ModelArgumentError(f"{channels} channels", "1 or 3", "give pictures' channels")
    others = {p.dtype for p in model.parameters() if p.is_floating_point()} - {torch.float32}
    if others:
        raise ModelArgumentError(
            f"a network with weights in {', '.join(map(str, others))}", "float32", "use .float()"
        )
    preprocessing = Preprocessing(
        channels,
        height,
        width,
        fit,
        _a_channel(mean, 0.0, channels, "mean"),
        _a_channel(standard_deviation, 1.0, channels, "standard_deviation"),
    )
    names = _class_names(model, input_shape, tuple(classes))
    return Classifier(model, preprocessing, names, name or type(model).__name__)


def _recorded(p: dict[str, Any]) -> Preprocessing:
    size = p["channels"], p["height"], p["width"]
    return Preprocessing(*size, p["fit"], tuple(p["mean"]), tuple(p["standard_deviation"]))


def _a_channel(
    values: Sequence[float] | None, default: float, channels: int, field: str
) -> tuple[float, ...]:
    numbers = (default,) * channels if values is None else tuple(float(v) for v in values)
    if len(numbers) != channels:
        raise ModelArgumentError(
            f"{len(numbers)} numbers in {field}", f"{channels}, one a channel", f"change {field}"
        )
    return numbers


def _class_names(
    model: nn.Module, input_shape: tuple[int, int, int], classes: tuple[str, ...]
) -> tuple[str, ...]:
    """`classes`, or numbers as names, after a look at the shape of the output."""
    run = trace(model, input_shape)
    if run.error is not None:
        raise ModelArgumentError(
            f"a network that fails on one picture of {'×'.join(map(str, input_shape))} "
            f"({run.error})",
            "one that takes [N, C, H, W]",
            "give the input_shape that it was made for",
        ) from run.error
    shape = run.calls[-1].shape
    if shape is None or len(shape) != 2 or (classes and shape[1] != len(classes)):
        wanted = len(classes) or "classes"
        raise ModelArgumentError(
            f"a network with output {shape} for one picture", f"(1, {wanted})", "give a classifier"
        )
    return classes or tuple(str(i) for i in range(shape[1]))
