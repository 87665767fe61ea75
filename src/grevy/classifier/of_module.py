"""Any network as a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier
from grevy.errors import ModelArgumentError
from grevy.figures.numerals import counted
from grevy.models.logits import beside_with_logits, find_logits, shown
from grevy.models.own.softmax import probabilities_in, softmax_note
from grevy.models.survey.ready import blank_picture, evaluating
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
    """Any network that takes [N, C, H, W] and puts out [N, K], or that in what it puts out.

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
    wanted = tuple(map(str, range(classes) if isinstance(classes, int) else classes))
    called = name or type(model).__name__
    output = _output(model, input_shape)
    taken, logits_1K = find_logits(output, len(wanted) or None)
    names = _class_names(logits_1K, wanted)
    if logits_1K is not output:
        model = beside_with_logits(model, len(names))
    notes = (
        *_output_notes(output, taken, len(names)),
        *_softmax_notes(model, logits_1K, input_shape),
    )
    return Classifier(model, preprocessing, names, called, notes=notes)


def _a_channel(
    values: Sequence[float] | None, default: float, channels: int, field: str
) -> tuple[float, ...]:
    numbers = (default,) * channels if values is None else tuple(float(v) for v in values)
    if len(numbers) != channels:
        raise ModelArgumentError(
            f"{len(numbers)} numbers in {field}", f"{channels}, one a channel", f"change {field}"
        )
    return numbers


def _output(model: nn.Module, input_shape: tuple[int, int, int]) -> Any:
    """What the network puts out for one black picture."""
    try:
        with evaluating(model), torch.no_grad():
            return model(blank_picture(model, input_shape))
    except Exception as error:  # a network is anyone's code
        raise ModelArgumentError(
            f"a network that fails on one picture of {'×'.join(map(str, input_shape))} ({error})",
            "one that takes [N, C, H, W]",
            "give the input_shape that it was made for",
        ) from error


def _class_names(logits_1K: Tensor, classes: tuple[str, ...]) -> tuple[str, ...]:
    """`classes`, or numbers as names, after a look at the shape of the output."""
    shape = tuple(logits_1K.shape)
    if len(shape) != 2 or shape[0] != 1 or (classes and shape[1] != len(classes)):
        wanted = len(classes) or "classes"
        raise ModelArgumentError(
            f"a network with output {shape} for one picture", f"(1, {wanted})", "give a classifier"
        )
    return classes or tuple(str(i) for i in range(shape[1]))


def _output_notes(output: Any, taken: str, classes: int) -> tuple[str, ...]:
    """What was taken for the logits, where the network puts out more than a tensor."""
    told = f"{taken} is taken for the logits of {counted(classes, 'class')}"
    return (f"The network puts out {shown(output)}: {told}.",) if taken else ()


def _softmax_notes(
    model: nn.Module, logits_1K: Tensor, input_shape: tuple[int, int, int]
) -> tuple[str, ...]:
    if not probabilities_in(logits_1K) or softmax_note(model, input_shape) is None:
        return ()
    return (
        "The network puts out probabilities, and they are taken for logits: the probabilities told "
        "here are the softmax of them, which is flatter. Give the network without its softmax.",
    )
