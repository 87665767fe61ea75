"""Any network as a classifier."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.errors import ModelArgumentError
from grevy.models.survey.trace import trace_on_black
from grevy.records.preprocessing import Fit, Preprocessing


def classifier_of_module(
    model: nn.Module,
    input_shape: tuple[int, int, int],
    *,
    mean: Sequence[float] | None = None,
    standard_deviation: Sequence[float] | None = None,
    classes: int | Sequence[str] = (),
    name: str = "",
    fit: Fit = "crop",
) -> Classifier:
    """Any network that takes [N, C, H, W] and puts out [N, K].

    Args:
        model: float32; it is not copied and not changed.
        input_shape: channels (1 or 3), height, width of its pictures.
        mean: a channel, of pixels in [0, 1]; None: zeros.
        standard_deviation: likewise; None: ones.
        classes: names of the K outputs, or K; none: "0", "1", ...
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
    wanted = range(classes) if isinstance(classes, int) else classes
    names = _class_names(model, input_shape, tuple(map(str, wanted)))
    return Classifier(model, preprocessing, names, name or type(model).__name__)


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
    run = trace_on_black(model, input_shape)
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
