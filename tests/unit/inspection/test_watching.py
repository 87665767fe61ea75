"""What is seen is what a layer put out, and the network is left as it was found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.of_module import classifier_of_module
from grevy.errors import LayerNotFoundError
from grevy.inspection.watching import activations_of, as_found, watching
from grevy.models import build_model

IMAGES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Several(NamedTuple):
    number: int
    maps: Tensor
    more: Tensor


class Branch(nn.Module):
    """A layer that puts out a number and two tensors."""

    def forward(self, maps: Tensor) -> Several:
        return Several(1, maps * 2, maps * 3)


class Hard(nn.Module):
    """In-place changes of what layers put out, in every form that networks use."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.same = nn.Identity()
        self.relu = nn.ReLU(inplace=True)
        self.branch = Branch()
        self.blocks = nn.ModuleList([nn.Conv2d(4, 4, 1)])
        self.head = nn.Linear(4, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        convolved = self.conv(images_BCHW)
        same = self.same(convolved)
        convolved.mul_(2)  # changes what `same` is, behind its back
        one = self.relu(same)
        _, maps, more = self.branch(one)
        other = self.blocks[0](maps)
        other += more
        positive = self.relu(other)
        return self.head(F.relu(positive - 1, inplace=True).mean((2, 3)))


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return Hard().eval()


ALL = ["conv", "same", "relu", "branch", "blocks.0", "relu#2", "head"]


def by_hand(model: Any) -> dict[str, Tensor]:
    """The same network without anything in place."""
    conv = model.conv(IMAGES)
    relu = (2 * conv).clamp(min=0)
    convolved = model.blocks[0](2 * relu)
    second = (convolved + 3 * relu).clamp(min=0)
    head = model.head((second - 1).clamp(min=0).mean((2, 3)))
    return {
        "conv": conv,
        "same": conv,
        "relu": relu,
        "branch": 2 * relu,
        "blocks.0": convolved,
        "relu#2": second,
        "head": head,
    }


def test_nothing_in_place_changes_what_is_seen(model: nn.Module) -> None:
    with torch.no_grad(), watching(model, ALL) as seen:
        output = model(IMAGES)
        expected = by_hand(model)
    for name in ("conv", "relu", "branch", "blocks.0", "relu#2", "head"):
        torch.testing.assert_close(seen[name], expected[name], msg=name)
    torch.testing.assert_close(output, expected["head"])


def test_watching_does_not_change_the_output(model: nn.Module) -> None:
    plain = model(IMAGES)
    quiet = [name for name in ALL if name not in ("conv", "same")]
    with watching(model, quiet):
        assert torch.equal(model(IMAGES), plain)


@pytest.mark.parametrize("layer", ["relu", "branch", "blocks.0", "relu#2"])
@pytest.mark.parametrize("frozen", [False, True])
def test_gradients_flow_to_what_is_seen(model: nn.Module, layer: str, frozen: bool) -> None:
    model.requires_grad_(not frozen)
    with watching(model, [layer]) as seen:
        output = model(IMAGES)[:, 1].sum()
        (gradient,) = torch.autograd.grad(output, seen[layer])
    assert not any(parameter.grad is not None for parameter in model.parameters())
    torch.testing.assert_close(gradient, gradient_by_differences(model, layer), atol=2e-3, rtol=0)


def gradient_by_differences(model: nn.Module, layer: str) -> Tensor:
    """Central differences of the rest of the network, in float64."""
    values = {name: value.detach().double() for name, value in by_hand(model).items()}
    after, point, step = tail(model, layer, values), values[layer], 1e-6
    gradient = torch.zeros(point.numel(), dtype=torch.float64)
    for index in range(point.numel()):
        moved = torch.zeros_like(gradient)
        moved[index] = step
        moved = moved.view_as(point)
        gradient[index] = (after(point + moved) - after(point - moved)) / (2 * step)
    return gradient.view_as(point).float()


def tail(model: Any, layer: str, values: dict[str, Tensor]) -> Callable[[Tensor], Tensor]:
    weight, bias = model.blocks[0].weight.detach().double(), model.blocks[0].bias.detach().double()
    head, offset = model.head.weight.detach().double(), model.head.bias.detach().double()

    def end(second: Tensor) -> Tensor:
        return F.linear((second - 1).clamp(min=0).mean((2, 3)), head, offset)[:, 1].sum()

    def middle(convolved: Tensor, relu: Tensor) -> Tensor:
        return end((convolved + 3 * relu).clamp(min=0))

    tails: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": lambda x: middle(F.conv2d(2 * x, weight, bias), x),
        "branch": lambda x: middle(F.conv2d(x, weight, bias), values["relu"]),
        "blocks.0": lambda x: middle(x, values["relu"]),
        "relu#2": end,
    }
    return tails[layer]


def test_retained_gradients_are_those_of_autograd(model: nn.Module) -> None:
    with as_found(model), watching(model, ["blocks.0"]) as seen:
        output = model(IMAGES)[:, 0].sum()
        seen["blocks.0"].retain_grad()
        output.backward(retain_graph=True)
        retained = seen["blocks.0"].grad.clone()  # autograd.grad below adds to it
        (expected,) = torch.autograd.grad(output, seen["blocks.0"])
        assert torch.equal(retained, expected)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_each_pass_fills_anew(model: nn.Module) -> None:
    with torch.no_grad(), watching(model, ["relu", "relu#2"]) as seen:
        model(IMAGES)
        first = dict(seen)
        model(-IMAGES)
        assert not torch.equal(first["relu"], seen["relu"])
        model.get_submodule("branch").forward = lambda maps: 1 / 0  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            model(IMAGES)
        assert list(seen) == ["relu"]


@pytest.mark.parametrize("layer", ["relu#3", "blocks", "conv#2"])
def test_a_layer_that_is_not_called_is_an_error(layer: str) -> None:
    classifier = classifier_of_module(Hard(), (3, 8, 8))
    with pytest.raises(LayerNotFoundError, match=f"'{layer}'"):
        activations_of(classifier, IMAGES, [layer])
    assert not any(module._forward_hooks for module in classifier.model.modules())


def test_an_unknown_layer_is_refused_before_the_network_runs(model: nn.Module) -> None:
    with pytest.raises(LayerNotFoundError, match="expected conv"), watching(model, ["relu", "con"]):
        pytest.fail("began to watch")
    assert not any(module._forward_hooks for module in model.modules())


def test_activations_of_a_training_network_are_those_of_evaluation() -> None:
    model = build_model("net2", (3, 8, 8), 3, dropout=0.5).train()
    classifier = classifier_of_module(model, (3, 8, 8))
    seen = activations_of(classifier, IMAGES, ["dropout1", "pool1"])
    assert torch.equal(seen["dropout1"], seen["pool1"])
    assert not seen["pool1"].requires_grad
    assert model.training
    assert model.dropout1.training


def disturbed(model: nn.Module) -> None:
    """Everything that an inspector could do to a network."""
    model.train()
    model(IMAGES).sum().backward()
    norm = model.get_submodule("norm")
    norm.running_mean = torch.ones(4)
    norm.running_var.fill_(torch.nan)
    norm.register_buffer("new", torch.ones(1))
    norm.register_forward_hook(lambda *args: None)
    model.register_full_backward_hook(lambda *args: None)
    model.get_submodule("conv").requires_grad_(False)
    torch.manual_seed(1)
    np.random.seed(1)


@pytest.mark.parametrize("fails", [False, True])
def test_it_is_left_as_it_was_found(fails: bool) -> None:
    model = nn.Sequential()
    model.add_module("conv", nn.Conv2d(3, 4, 1))
    model.add_module("norm", nn.BatchNorm2d(4).eval())
    norm = model.get_submodule("norm")
    handle = norm.register_forward_hook(lambda module, args, output: None)
    gradient = model.get_submodule("conv").weight.grad = torch.ones(4, 3, 1, 1)
    mean, saved = norm.running_mean, norm.running_mean.clone()
    random, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()
    with suppress(ZeroDivisionError), as_found(model):
        assert not any(module.training for module in model.modules())
        assert model.get_submodule("conv").weight.grad is None
        disturbed(model)
        _ = 1 / (0 if fails else 1)
    assert [module.training for module in model.modules()] == [True, True, False]
    assert model.get_submodule("conv").weight.grad is gradient
    assert torch.equal(gradient, torch.ones(4, 3, 1, 1))
    assert model.get_submodule("conv").bias.grad is None
    assert norm.running_mean is mean
    assert torch.equal(mean, saved)
    assert torch.equal(norm.running_var, torch.ones(4))
    assert set(dict(norm.named_buffers())) == {
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }
    assert len(norm._forward_hooks) == 1
    assert not model._backward_hooks
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    assert np.array_equal(np.random.get_state()[1], numbers)
    handle.remove()
    assert not norm._forward_hooks


def test_looking_is_in_plain_float32_with_gradients_whatever_is_set(model: nn.Module) -> None:
    images = IMAGES.clone()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16), as_found(model):
        inside = model(images.requires_grad_())
        assert torch.autograd.grad(inside.sum(), images)[0].abs().sum() > 0
        assert inside.dtype == torch.float32
    assert torch.equal(inside, model(IMAGES))


def test_a_buffer_that_did_not_change_is_not_written() -> None:
    norm = nn.BatchNorm2d(3)
    version = norm.running_mean._version
    with as_found(norm):
        norm(IMAGES)
    assert norm.running_mean._version == version
