"""`grevy.look`: one call for every way to look inside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from grevy.errors import UsageError
from grevy.inspection.activations import Activations, Sort
from grevy.inspection.attribution import METHODS
from grevy.inspection.filters import Filters
from grevy.inspection.filters_and_activations import FiltersAndActivations
from grevy.inspection.layers import convolutions
from grevy.inspection.models import NamedModel, Shape, subject_of_model
from grevy.inspection.overview import Overview
from grevy.inspection.states import StateName
from grevy.inspection.subject import Pictures, Subject, subject_of_module, subject_of_run
from grevy.inspection.view import View
from grevy.training.run import Run


def look(
    pictures: Pictures | None = None,
    *,
    run: Run | str | Path | None = None,
    model: str | nn.Module | Subject | None = None,
    weights: str | Path | None = None,
    pretrained: bool = False,
    partial: bool = False,
    input_shape: Shape | None = None,
    state: StateName = "best",
    layer: str | None = None,
    channels: tuple[int, ...] | None = None,
    sort: Sort = "index",
    method: str | None = None,
    class_name: str | int | None = None,
    seed: int = 0,
) -> View:
    """Look inside a network; the view shows itself in a notebook, and `view.draw()` is a figure.

    Without `layer` and `method`: an overview of one picture. With `layer`: its filters (no
    picture), its filters and activations (a convolution), or its activations. With `method`: a
    class map or an attribution.

    Args:
        pictures: a file, several, or uint8 pixels [H, W], [H, W, 3] or [N, H, W, 3].
        run: a finished run; or
        model: a registered name, `timm:NAME`, `torchvision:NAME`, a module, or a `Subject`.
        weights: of a named model: a file.
        pretrained: of a named model: the weights that an installed package carries.
        partial: load what fits of the file.
        input_shape: C, H, W, where a model does not tell it.
        state: of the run: "best", "last" or "initial".
        layer: dotted name; "name#2" for the second call.
        channels: to show, in this order; None: all.
        sort: order of all channels: "index", "maximum" or "mean".
        method: one of `METHODS`: "gradcam", "integrated-gradients", …
        class_name: to explain; None: the predicted one. In the overview: the true class.
        seed: of what is random.

    Raises:
        UsageError: neither or both of run and model; nothing to look at; no such method.
        LayerNotFoundError, ClassNotFoundError, WeightsError, RunNotFoundError: as they say.
    """
    subject = subject_for(
        run,
        model,
        weights=weights,
        pretrained=pretrained,
        partial=partial,
        input_shape=input_shape,
        state=state,
    )
    if method is not None:
        return _explain(subject, pictures, method, layer, class_name, seed)
    if layer is not None:
        return _look_at_layer(subject, pictures, layer, channels, sort)
    if pictures is None:
        raise UsageError(
            "no picture and no layer",
            "a picture, or --layer to see its filters",
            "for example grevy look zebra.jpg --run runs/mine",
        )
    return Overview(subject, class_name, seed)(pictures)


def subject_for(
    run: Run | str | Path | None,
    model: str | nn.Module | Subject | None,
    *,
    weights: str | Path | None = None,
    pretrained: bool = False,
    partial: bool = False,
    input_shape: Shape | None = None,
    classes: int | None = None,
    state: StateName = "best",
) -> Subject:
    """What is looked into; arguments and errors as in `look`."""
    if (run is None) == (model is None):
        both = "both a run and a model" if run is not None else "neither a run nor a model"
        raise UsageError(both, "one of them", "give --run RUN, or --model NAME")
    if run is not None:
        return subject_of_run(run, state)
    if isinstance(model, Subject):
        return model
    if isinstance(model, nn.Module):
        return subject_of_module(model, input_shape or (3, 32, 32))
    assert model is not None
    file = None if weights is None else Path(weights)
    return subject_of_model(NamedModel(model, file, pretrained, partial, input_shape, classes))


def _explain(
    subject: Subject,
    pictures: Pictures | None,
    method: str,
    layer: str | None,
    class_name: str | int | None,
    seed: int,
) -> View:
    if method not in METHODS:
        raise UsageError(
            f"no method '{method}'", f"one of {', '.join(METHODS)}", "check the spelling"
        )
    if pictures is None:
        raise UsageError(f"--method {method} without a picture", "a picture", "name one")
    inspector = METHODS[method](subject)
    settings: dict[str, Any] = {"layer": layer, "seed": seed}
    known = {name: value for name, value in settings.items() if hasattr(inspector, name)}
    if layer is not None and "layer" not in known:
        raise UsageError(
            f"--layer with --method {method}",
            "no layer: it explains the pixels",
            "leave it out, or take gradcam or hirescam",
        )
    view: View = replace(inspector, **known)(pictures, class_name)
    return view


def _look_at_layer(
    subject: Subject,
    pictures: Pictures | None,
    layer: str,
    channels: tuple[int, ...] | None,
    sort: Sort,
) -> View:
    if pictures is None:
        return Filters(subject, layer, channels)()
    convolution = layer in [info.name for info in convolutions(subject)]
    if convolution and channels is not None:
        return FiltersAndActivations(subject, layer, channels)(pictures)
    return Activations(subject, layer, channels, sort)(pictures)
