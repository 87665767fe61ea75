"""`grevy.look`: one call for every way to look inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial as bound
from pathlib import Path
from typing import Any

import torch
from torch import nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.classifier.named import NamedModel, Shape, classifier_of_model
from grevy.classifier.of_module import classifier_of_module
from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.run import Run
from grevy.classifier.snapshots import SnapshotName
from grevy.errors import UsageError
from grevy.inspection.activations import Activations, Sort
from grevy.inspection.attribution import METHODS
from grevy.inspection.convolution import sees_colours
from grevy.inspection.difference import Difference
from grevy.inspection.filters import Filters
from grevy.inspection.filters_and_activations import FiltersAndActivations
from grevy.inspection.overview import Overview
from grevy.inspection.view import View
from grevy.inspection.watching import as_found


def look(
    pictures: Pictures | None = None,
    *,
    run: Run | str | Path | None = None,
    model: str | nn.Module | Classifier | None = None,
    weights: str | Path | None = None,
    pretrained: bool = False,
    partial: bool = False,
    input_shape: Shape | None = None,
    classes: int | None = None,
    state: SnapshotName = "best",
    other: Run | str | Path | Classifier | None = None,
    other_state: SnapshotName | None = None,
    layer: str | None = None,
    channels: tuple[int, ...] | None = None,
    sort: Sort = "index",
    method: str | None = None,
    class_name: str | int | None = None,
    seed: int = 0,
) -> View:
    """Look inside a network; the view shows itself in a notebook, and `view.draw()` is a figure.

    Without `layer` and `method`: an overview of one picture. With `layer`: its filters (no
    picture), its filters and activations (chosen channels of a first convolution), or its
    activations.
    With `method`: a class map or an attribution. With `other` or `other_state`: the same view of
    two networks on one scale.

    Args:
        pictures: a file, several, or uint8 pixels [H, W], [H, W, 3] or [N, H, W, 3].
        run: a finished run; or
        model: a registered name, `timm:NAME`, `torchvision:NAME`, a module, or a `Classifier`.
        weights: of a named model: a file.
        pretrained: of a named model: the weights that an installed package carries.
        partial: load what fits of the file.
        input_shape: C, H, W, where a model does not tell it.
        classes: outputs of a named model.
        state: of the run: "best", "last" or "initial".
        other: a second run (or `Classifier`) to set beside the first.
        other_state: of the second run; without `other`, of the same run.
        layer: dotted name; "name#2" for the second call.
        channels: to show, in this order; None: all.
        sort: order of all channels: "index", "maximum" or "mean".
        method: one of `METHODS`: "gradcam", "integrated-gradients", …
        class_name: to explain; None: the predicted one. In the overview: the true class.
        seed: of what is random.

    Raises:
        UsageError: neither or both of run and model; nothing to look at; no such method; an
            argument that does not apply.
        DifferentNetworksError: two networks in which the layer is not the same.
        LayerNotFoundError, ClassNotFoundError, WeightsError, RunNotFoundError: as they say.
    """
    classifier = classifier_for(
        run,
        model,
        weights=weights,
        pretrained=pretrained,
        partial=partial,
        input_shape=input_shape,
        classes=classes,
        state=state,
    )
    wanted = _Wanted(layer, channels, sort, method, class_name, seed)
    _require_something(pictures, wanted)
    second = _second(run, other, other_state)
    if second is None:
        view: View = _inspector(classifier, pictures, wanted)(pictures)
        return view
    if other is None and other_state == "initial":
        classifier, second = second, classifier  # early before late
    wanted = _of_one_class(classifier, pictures, wanted)
    return Difference(classifier, second, lambda s: _inspector(s, pictures, wanted))(pictures)


def classifier_for(
    run: Run | str | Path | None,
    model: str | nn.Module | Classifier | None,
    *,
    weights: str | Path | None = None,
    pretrained: bool = False,
    partial: bool = False,
    input_shape: Shape | None = None,
    classes: int | None = None,
    state: SnapshotName = "best",
) -> Classifier:
    """What is looked into; arguments and errors as in `look`."""
    if (run is None) == (model is None):
        both = "both a run and a model" if run is not None else "neither a run nor a model"
        raise UsageError(both, "one of them", "give --run RUN, or --model NAME")
    given: dict[str, object] = {
        "weights": weights,
        "pretrained": pretrained,
        "partial": partial,
        "input": input_shape,
        "classes": classes,
        "state": state != "best",
    }
    _require_used(run, model, [name for name, value in given.items() if value])
    if run is not None:
        return classifier_of_run(run, state)
    if isinstance(model, Classifier):
        return model
    if isinstance(model, nn.Module):
        return classifier_of_module(model, input_shape or (3, 32, 32))
    assert model is not None
    file = None if weights is None else Path(weights)
    return classifier_of_model(NamedModel(model, file, pretrained, partial, input_shape, classes))


def _require_used(
    run: Run | str | Path | None, model: str | nn.Module | Classifier | None, given: list[str]
) -> None:
    """Refuse what would say nothing about this network, rather than leave it out in silence."""
    if run is not None:
        what, used = "a run", {"state"}
    elif isinstance(model, str):
        what, used = "a named model", {"weights", "pretrained", "partial", "input", "classes"}
    elif isinstance(model, nn.Module):
        what, used = "a module", {"input"}
    else:
        what, used = "a classifier", set()
    for name in given:
        if name not in used:
            owner = "a run" if name == "state" else "a model by name"
            raise UsageError(f"--{name} for {what}", f"--{name} for {owner}", "leave it out")


@dataclass(frozen=True)
class _Wanted:
    """What to look at; fields as the arguments of `look`."""

    layer: str | None
    channels: tuple[int, ...] | None
    sort: Sort
    method: str | None
    class_name: str | int | None
    seed: int


def _require_something(pictures: Pictures | None, wanted: _Wanted) -> None:
    if wanted.channels is not None and (wanted.layer is None or wanted.method is not None):
        raise UsageError(
            "--channels without --layer" if wanted.layer is None else "--channels with --method",
            "channels of a layer that is shown",
            "name the layer alone; grevy look --list prints them",
        )
    if wanted.class_name is not None and wanted.layer is not None and wanted.method is None:
        raise UsageError(
            "--class with --layer and no --method",
            "a class to explain, or a layer to show",
            "name a --method, or leave --class out",
        )
    if pictures is not None:
        return
    if wanted.method is not None:
        raise UsageError(f"--method {wanted.method} without a picture", "a picture", "name one")
    if wanted.layer is None:
        raise UsageError(
            "no picture and no layer",
            "a picture, or --layer to see its filters",
            "for example grevy look zebra.jpg --run runs/mine",
        )


def _second(
    run: Run | str | Path | None,
    other: Run | str | Path | Classifier | None,
    other_state: SnapshotName | None,
) -> Classifier | None:
    """The network to set beside the first, if there is to be one."""
    if isinstance(other, Classifier):
        return other
    if other is None and other_state is None:
        return None
    beside = other if other is not None else run
    if beside is None:
        raise UsageError(
            f"--other-state {other_state} for a model without a run",
            "a run, which keeps its states",
            "give --run RUN or --other RUN",
        )
    return classifier_of_run(beside, other_state or "best")


def _of_one_class(classifier: Classifier, pictures: Pictures | None, wanted: _Wanted) -> _Wanted:
    """Two networks are compared on the same question: the class that the first one predicts.

    Nothing changes where a class was named or none is explained.
    """
    if wanted.method is None or wanted.class_name is not None or pictures is None:
        return wanted
    inputs = classifier.prepare(pictures)
    if len(inputs) != 1:
        raise UsageError(
            f"{len(inputs)} pictures for --method with two networks, and no class",
            "one class, or one picture",
            "name it with --class",
        )
    with as_found(classifier.model), torch.no_grad():
        predicted = int(classifier.model(inputs.images_NCHW).argmax(1))
    return replace(wanted, class_name=predicted)


def _inspector(
    classifier: Classifier, pictures: Pictures | None, wanted: _Wanted
) -> Callable[[Any], Any]:
    """What answers the question, called on pictures."""
    if wanted.method is not None:
        return _explaining(classifier, wanted, wanted.method)
    if wanted.layer is None:
        return Overview(classifier, wanted.class_name, wanted.seed)
    if pictures is None:
        return Filters(classifier, wanted.layer, wanted.channels)
    if wanted.channels is not None and sees_colours(classifier, wanted.layer):
        return FiltersAndActivations(classifier, wanted.layer, wanted.channels)
    return Activations(classifier, wanted.layer, wanted.channels, wanted.sort)


def _explaining(classifier: Classifier, wanted: _Wanted, method: str) -> Callable[[Any], Any]:
    if method not in METHODS:
        raise UsageError(
            f"no method '{method}'", f"one of {', '.join(METHODS)}", "check the spelling"
        )
    inspector = METHODS[method](classifier)
    settings: dict[str, Any] = {"layer": wanted.layer, "seed": wanted.seed}
    known = {name: value for name, value in settings.items() if hasattr(inspector, name)}
    if wanted.layer is not None and "layer" not in known:
        raise UsageError(
            f"--layer with --method {method}",
            "no layer: it explains the pixels",
            "leave it out, or take gradcam or hirescam",
        )
    return bound(replace(inspector, **known), class_name=wanted.class_name)
