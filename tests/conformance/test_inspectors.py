"""One battery for every inspector: it says what it saw, and leaves the network as it found it.

A new inspector adds one line to `INSPECTORS`.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import GrevyError
from grevy.inspection.activations import Activations
from grevy.inspection.attribution import (
    METHODS,
    GradCam,
    Gradient,
    GuidedBackpropagation,
    HiResCam,
    IntegratedGradients,
    Occlusion,
    SmoothGrad,
)
from grevy.inspection.difference import Difference
from grevy.inspection.filters import Filters
from grevy.inspection.filters_and_activations import FiltersAndActivations
from grevy.inspection.layers import convolutions
from grevy.inspection.overview import Overview
from grevy.inspection.units import Unit
from grevy.models import build_model


def last_convolution(classifier: Classifier) -> str:
    """A layer with maps that every classifier has."""
    return convolutions(classifier)[-1].name


INSPECTORS: dict[str, Callable[[Classifier], Any]] = {
    "filters": Filters,
    "activations": lambda s: Activations(s, last_convolution(s), sort="maximum"),
    "filters and activations": lambda s: FiltersAndActivations(s, channels=(0, 2)),
    "gradcam": GradCam,
    "hirescam": lambda s: HiResCam(s, last_convolution(s)),
    "gradient": Gradient,
    "smoothgrad": lambda s: SmoothGrad(s, samples=4),
    "integrated-gradients": lambda s: IntegratedGradients(s, steps=4, most_steps=12),
    "occlusion": lambda s: Occlusion(s, window=8),
    "guided-backpropagation": GuidedBackpropagation,
    "overview": lambda s: Overview(s, true_class=3),
    "unit": lambda s: Unit(s, last_convolution(s), 2, steps=4),
    "difference": lambda s: Difference(s, s, lambda s: Activations(s, last_convolution(s), (0, 2))),
}


def test_every_method_of_attribution_is_in_the_battery() -> None:
    assert METHODS.keys() <= INSPECTORS.keys()


SHAPE = (3, 16, 16)


class Residual(nn.Module):
    """What makes looking hard: one ReLU called three times, in place, and functional ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(6)
        self.conv3 = nn.Conv2d(6, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(6, 10)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        first = self.relu(self.norm1(self.conv1(images_BCHW)))
        second = self.norm2(self.conv2(first))
        second += first
        second = self.relu(second)
        third = second + F.relu(self.conv3(second), inplace=True)
        return self.linear(self.dropout(self.relu(third).mean((2, 3))))


def base() -> nn.Module:
    return build_model("base", SHAPE, 10)


def residual() -> nn.Module:
    model = Residual(3)
    model.norm1.running_mean.uniform_()
    return model


def transformer() -> nn.Module:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    return timm.create_model(
        "vit_tiny_patch16_224",
        img_size=16,
        patch_size=4,
        depth=1,
        embed_dim=12,
        num_heads=3,
        num_classes=10,
    )


MODELS = {"base": base, "residual": residual, "transformer": transformer}

PICTURE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)


@cache
def classifier_at_rest(name: str) -> Classifier:
    torch.manual_seed(0)
    statistics = {"mean": (0.5, 0.4, 0.6), "standard_deviation": (0.2, 0.3, 0.25)}
    return classifier_of_module(MODELS[name](), SHAPE, name=name, **statistics)


def classifier_in_work(name: str) -> Classifier:
    """A network in the middle of something: every kind of state is there to be lost."""
    found = classifier_at_rest(name)
    model = copy.deepcopy(found.model)
    parameters = list(model.parameters())
    parameters[0].requires_grad_(False)
    for parameter in parameters[1::2]:
        parameter.grad = torch.randn_like(parameter)
    model.train()
    next(model.children()).eval()
    next(model.children()).register_forward_hook(lambda module, args, output: None)
    return replace(found, model=model)


@pytest.fixture(params=MODELS)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return classifier_in_work(request.param)


@pytest.fixture(scope="module", params=INSPECTORS)
def looked_at(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What an inspector sees of each network, once for all tests that only read it."""
    inspectors = {name: INSPECTORS[request.param](classifier_in_work(name)) for name in MODELS}
    return {name: inspector(PICTURE) for name, inspector in inspectors.items()}


@pytest.fixture(params=MODELS)
def view(request: pytest.FixtureRequest, looked_at: dict[str, Any]) -> Any:
    return looked_at[request.param]


@pytest.fixture(params=INSPECTORS)
def inspector(request: pytest.FixtureRequest, classifier: Classifier) -> Any:
    return INSPECTORS[request.param](classifier)


def state_of(model: nn.Module) -> dict[str, Any]:
    """Everything that looking must not change, as copies."""
    state: dict[str, Any] = {"python": random.getstate(), "torch": torch.get_rng_state()}
    state["numpy"] = np.random.get_state()[1:]
    state["grad enabled"] = torch.is_grad_enabled()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        state[f"{name}: identity"] = id(tensor)
        state[f"{name}: value"] = tensor.detach().clone()
        state[f"{name}: requires_grad"] = tensor.requires_grad
        state[f"{name}: grad identity"] = id(tensor.grad)
        state[f"{name}: grad"] = None if tensor.grad is None else tensor.grad.clone()
    for name, module in model.named_modules():
        state[f"{name}: training"] = module.training
        for attribute, value in vars(module).items():
            if "hooks" in attribute:
                state[f"{name}: {attribute}"] = dict(value)
    return state


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor | np.ndarray):
        return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def changed(before: dict[str, Any], model: nn.Module) -> list[str]:
    after = state_of(model)
    return [
        name
        for name in before.keys() | after.keys()
        if name not in before or name not in after or not same(before[name], after[name])
    ]


class BrokenError(Exception):
    """Not one of ours: as any model may raise."""


@pytest.mark.parametrize("call", [1, 6])
def test_the_network_is_as_before_also_if_it_raises_in_the_middle(
    inspector: Any, classifier: Classifier, call: int
) -> None:
    calls = breaking(classifier.model, call)
    before = state_of(classifier.model)
    raised = False
    try:
        inspector(PICTURE)
    except BrokenError:
        raised = True
    except GrevyError as error:  # one that tells what the network did
        raised = isinstance(error.__cause__, BrokenError)
    assert raised == (next(calls) > call)
    assert changed(before, classifier.model) == []


def breaking(model: nn.Module, call: int) -> Iterator[int]:
    """Let a layer in the middle raise in its n-th call; the next number is calls so far + 1."""
    modules = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    middle = modules[len(modules) // 2]
    forward, calls = middle.forward, iter(range(1, 10**9))

    def count(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise BrokenError
        return forward(*args, **kwargs)

    middle.forward = count  # type: ignore[method-assign]
    return calls


def test_the_network_is_as_before_and_looking_again_sees_the_same(
    inspector: Any, classifier: Classifier
) -> None:
    """Whatever the program around it has drawn or set."""
    before = state_of(classifier.model)
    first = inspector(PICTURE)
    assert changed(before, classifier.model) == []
    torch.rand(1)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        again = inspector(PICTURE)
    assert first.arrays.keys() == again.arrays.keys()
    for name in first.arrays:
        np.testing.assert_array_equal(first.arrays[name], again.arrays[name], err_msg=name)


def test_its_arrays_are_finite_and_their_names_spell_their_axes(view: Any) -> None:
    assert view.arrays
    for name, array in view.arrays.items():
        assert isinstance(array, np.ndarray)
        assert len(name.rpartition("_")[2]) == array.ndim, f"{name} is {array.shape}"
        assert np.isfinite(array).all(), name


def test_what_is_not_a_number_stays_so(inspector: Any, classifier: Classifier) -> None:
    convolution = classifier.model.get_submodule(last_convolution(classifier))
    first = classifier.model.get_submodule(convolutions(classifier)[0].name)
    with torch.no_grad():
        convolution.weight.fill_(torch.nan)
        first.weight.fill_(torch.nan)
    before = state_of(classifier.model)
    try:
        view = inspector(PICTURE)
    except GrevyError:
        return
    finally:
        assert changed(before, classifier.model) == []
    assert any(np.isnan(array).any() for array in view.arrays.values())
    assert drawn(view)
    json.dumps(view.as_json(), allow_nan=False)


def test_it_draws_itself_and_tells_its_numbers_as_json(view: Any) -> None:
    assert view._repr_png_().startswith(b"\x89PNG")
    assert json.loads(json.dumps(view.as_json(), allow_nan=False)) == view.as_json()


def test_its_checks_and_notes_are_sentences(view: Any) -> None:
    for text in (*view.notes, *(check.text for check in view.checks)):
        assert text.strip() == text
        assert text.endswith((".", "?", "!")), text


def drawn(view: Any) -> bool:
    figure = view.draw()
    return bool(figure.axes)
