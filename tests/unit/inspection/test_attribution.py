"""Attributions against nets whose answer is known by hand, and against captum."""

from __future__ import annotations

import copy
import importlib
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import convolve
from torch import Tensor, nn

from grevy.classifier.of_module import classifier_of_module
from grevy.errors import (
    ClassNotFoundError,
    InputError,
    LayerNotFoundError,
    ModelArgumentError,
    NotFiniteError,
)
from grevy.figures.scale import NO_EVIDENCE
from grevy.inspection.attribution.baselines import compared_with_edges, edge_check, edges
from grevy.inspection.attribution.cam import default_layer
from grevy.inspection.attribution.checks import (
    chance_of_correlation,
    randomised_weights_checks,
    rank_correlation,
    under_random_weights,
)
from grevy.inspection.attribution.class_maps import (
    gradcam,
    gradcam_evidence,
    hirescam,
    hirescam_evidence,
)
from grevy.inspection.attribution.gradient import gradient
from grevy.inspection.attribution.guided_backpropagation import guided_backpropagation
from grevy.inspection.attribution.integrated_gradients import integrated_gradients
from grevy.inspection.attribution.occlusion import occlusion
from grevy.inspection.attribution.smoothgrad import smoothgrad
from grevy.inspection.attribution.starts import start_images
from grevy.inspection.attribution.view import AttributionView
from grevy.inspection.look import look
from grevy.inspection.registry import inspectors
from grevy.inspection.view import Check
from grevy.models import build_model

METHODS = [each.name for each in inspectors() if "attribution" in str(each.function)]
SHAPE = (3, 7, 5)
CLASSES_B = torch.tensor([2, 0])


def images(count: int = 2, shape: tuple[int, int, int] = SHAPE) -> Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))


def pixels(count: int = 1, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)


def check_named(view: AttributionView, name: str, picture: int = 0) -> Check:
    return next(check for check in view.checks_of[picture] if check.name == name)


class Linear(nn.Module):
    """logit_k = w_k · x + b_k."""

    def __init__(self, shape: tuple[int, int, int] = SHAPE, classes: int = 4) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.weights_KCHW = nn.Parameter(torch.randn(classes, *shape, generator=draw))
        self.bias_K = nn.Parameter(torch.randn(classes, generator=draw))

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return torch.einsum("bchw,kchw->bk", images_BCHW, self.weights_KCHW) + self.bias_K


class Pooled(nn.Module):
    """Convolution, functional ReLU, global average, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(6, 4)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self.linear(self.relu(self.conv(images_BCHW)).mean((2, 3)))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def base() -> nn.Module:
    return build_model("base", (3, 32, 32), 10).eval()


@pytest.fixture(scope="module")
def large() -> nn.Module:
    torch.manual_seed(0)
    model = build_model("resnet18", (3, 32, 32), 10)
    model(images(4, (3, 32, 32)))  # in training, so that statistics are not 0 and 1
    return model.eval()


@pytest.fixture
def resnet18(large: nn.Module) -> nn.Module:
    return copy.deepcopy(large)


@pytest.fixture
def transformer() -> nn.Module:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    sizes = {"img_size": 32, "patch_size": 8, "depth": 2, "embed_dim": 24, "num_heads": 3}
    return timm.create_model("vit_tiny_patch16_224", num_classes=10, **sizes).eval()


# What is known by hand


def test_the_gradient_of_a_linear_network_is_its_weight() -> None:
    model = Linear()
    assert torch.equal(gradient(model, images(), CLASSES_B), model.weights_KCHW[CLASSES_B])


def test_the_gradient_map_is_the_largest_absolute_derivative_among_the_colours() -> None:
    model = Linear((3, 8, 8))
    view = look(
        pixels(side=8),
        model=classifier_of_module(model, (3, 8, 8)),
        method="gradient",
        class_name=1,
    )
    expected_HW = model.weights_KCHW[1].detach().abs().amax(0)
    np.testing.assert_allclose(view.arrays["maps_NHW"][0], expected_HW)
    slope = check_named(view, "measured slope")
    assert slope.passed is True
    assert abs(slope.value) < 1e-3


def test_the_measured_slope_finds_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("grevy.inspection.attribution.gradient")
    right = module.gradient
    monkeypatch.setattr(module, "gradient", lambda *given: 1.2 * right(*given))
    view = look(
        pixels(side=8),
        model=classifier_of_module(Linear((3, 8, 8)), (3, 8, 8)),
        method="gradient",
        class_name=1,
    )
    assert check_named(view, "measured slope").passed is False


def test_the_slope_is_measured_also_at_a_picture_of_zeros() -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    view = look(
        black,
        model=classifier_of_module(Linear((3, 8, 8)), (3, 8, 8)),
        method="gradient",
        class_name=1,
    )
    assert check_named(view, "measured slope").passed is True


def test_integrated_gradients_of_a_linear_network_are_weight_times_way() -> None:
    model, starts = Linear(), images() * 0.3 + 1
    found, gaps_B = integrated_gradients(model, images(), CLASSES_B, starts, steps=3)
    expected = model.weights_KCHW[CLASSES_B] * (images() - starts)
    torch.testing.assert_close(found, expected.detach())
    assert gaps_B.abs().max() < 1e-5


@pytest.mark.parametrize(("method"), [gradcam_evidence, hirescam_evidence])
@pytest.mark.parametrize("layer", ["conv", "relu"])
def test_behind_global_average_and_linear_layer_the_map_sums_to_the_logit_less_the_bias(
    method: Callable[..., Tensor], layer: str
) -> None:
    model = Pooled()
    if layer == "conv":
        model.relu = nn.Identity()
    evidence_BHW = method(model, layer, images(), CLASSES_B)
    expected_B = model(images())[[0, 1], CLASSES_B] - model.linear.bias[CLASSES_B]
    torch.testing.assert_close(evidence_BHW.sum((1, 2)), expected_B.detach())


def test_the_class_map_is_the_evidence_after_relu() -> None:
    model = Pooled()
    for method, evidence in ((gradcam, gradcam_evidence), (hirescam, hirescam_evidence)):
        before_BHW = evidence(model, "relu", images(), CLASSES_B)
        assert (before_BHW < 0).any()
        after_BHW = method(model, "relu", images(), CLASSES_B)
        torch.testing.assert_close(after_BHW, before_BHW.clamp(min=0))


def test_grad_cam_averages_the_gradient_and_hirescam_does_not() -> None:
    """By hand: y = Σ_hw s_hw A_hw, so the gradient is s."""

    class Weighted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.maps = nn.Identity()
            self.places_HW = nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, -2.0]]))

        def forward(self, images_BCHW: Tensor) -> Tensor:
            return (self.maps(images_BCHW) * self.places_HW).sum((2, 3))

    image = torch.tensor([[[[5.0, 1.0], [2.0, 4.0]]]])
    of_class = torch.tensor([0])
    assert gradcam_evidence(Weighted(), "maps", image, of_class).tolist() == [[[5, 1], [2, 4]]]
    assert hirescam_evidence(Weighted(), "maps", image, of_class).tolist() == [[[5, 2], [6, -8]]]


def covered_by_hand(
    model: Linear, image: Tensor, start: Tensor, of_class: int, window: int, stride: int
) -> np.ndarray:
    """A pixel's mean, over the windows on it, of Σ w (x − x₀) in the window."""
    falls_HW = (model.weights_KCHW[of_class] * (image - start)).sum(0).detach().double().numpy()
    height, width = falls_HW.shape
    sums, times = np.zeros((height, width)), np.zeros((height, width))
    for top in range(0, max(1, height - window + stride), stride):
        for left in range(0, max(1, width - window + stride), stride):
            place = slice(top, top + window), slice(left, left + window)
            sums[place] += falls_HW[place].sum()
            times[place] += 1
    assert (times > 0).all()
    return sums / times


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, 1), (3, 2), (4, 3), (2, 2), (9, 4)])
def test_occlusion_of_a_linear_network_is_exact(window: int, stride: int) -> None:
    model, starts = Linear(), 0.5 * images() + 0.2
    found_BHW = occlusion(model, images(), CLASSES_B, starts, window, stride)
    for picture, of_class in enumerate(CLASSES_B.tolist()):
        expected_HW = covered_by_hand(
            model, images()[picture], starts[picture], of_class, window, stride
        )
        np.testing.assert_allclose(found_BHW[picture], expected_HW, atol=1e-5)


@pytest.mark.parametrize(("window", "stride"), [(0, 1), (2, 3), (2, 0)])
def test_windows_that_leave_pixels_out_are_refused(window: int, stride: int) -> None:
    with pytest.raises(InputError, match="not larger than the window"):
        occlusion(Linear(), images(), CLASSES_B, images() * 0, window, stride)


def test_smoothgrad_without_noise_is_the_gradient(base: nn.Module) -> None:
    pictures = images(2, (3, 32, 32))
    found = smoothgrad(base, pictures, CLASSES_B, noise=0, samples=4)
    torch.testing.assert_close(found, gradient(base, pictures, CLASSES_B), rtol=1e-5, atol=1e-7)


def test_smoothgrad_is_the_mean_gradient_under_noise_of_that_part_of_the_range() -> None:
    """By hand: the gradient of Σ x²/2 is x, so the mean gradient is x plus the mean noise."""

    class Square(nn.Module):
        def forward(self, images_BCHW: Tensor) -> Tensor:
            return images_BCHW.square().sum((2, 3)) / 2

    image = torch.zeros(1, 1, 30, 30)
    image[0, 0, 0, 0] = 10
    settings = {"noise": 0.2, "samples": 2, "seed": 3}
    noise = smoothgrad(Square(), image, torch.tensor([0]), **settings) - image
    assert noise.std() == pytest.approx(0.2 * 10 / math.sqrt(2), rel=0.1)
    again = smoothgrad(Square(), image, torch.tensor([0]), **settings) - image
    assert torch.equal(noise, again)
    other = smoothgrad(Square(), image, torch.tensor([0]), **settings | {"seed": 4}) - image
    assert not torch.equal(noise, other)


@pytest.mark.parametrize(("noise", "samples"), [(-0.1, 4), (0.1, 3), (0.1, 0)])
def test_settings_of_smoothgrad_that_can_not_be_are_refused(noise: float, samples: int) -> None:
    with pytest.raises(InputError, match="even number"):
        smoothgrad(Linear(), images(), CLASSES_B, noise=noise, samples=samples)


def test_guided_back_propagation_by_hand() -> None:
    """y = −relu(a) + 2 relu(b) − relu(c): gradients −1 are cut at the ReLU, and c is negative."""

    class Three(nn.Module):
        def forward(self, images_BCHW: Tensor) -> Tensor:
            return F.relu(images_BCHW).flatten(1) @ torch.tensor([[-1.0], [2.0], [-1.0]])

    image = torch.tensor([1.0, 1.0, -1.0]).reshape(1, 1, 1, 3)
    of_class = torch.tensor([0])
    assert gradient(Three(), image, of_class).flatten().tolist() == [-1, 2, 0]
    assert guided_backpropagation(Three(), image, of_class).flatten().tolist() == [0, 2, 0]


@pytest.mark.parametrize(
    "relu",
    [
        nn.ReLU(),
        nn.ReLU(inplace=True),
        nn.ReLU6(),
        F.relu,
        F.relu_,
        F.relu6,
        torch.relu,
        torch.relu_,
        Tensor.relu,
        Tensor.relu_,
    ],
)
def test_every_form_of_relu_is_guided(relu: Callable[[Tensor], Tensor]) -> None:
    class Through(nn.Module):
        def forward(self, images_BCHW: Tensor) -> Tensor:
            return -relu(images_BCHW * 1).sum((2, 3))

    image = torch.ones(1, 1, 2, 2)
    assert not guided_backpropagation(Through(), image, torch.tensor([0])).any()


def test_a_network_without_relu_says_that_the_guided_gradient_is_the_plain_one() -> None:
    view = look(
        pixels(side=8),
        model=classifier_of_module(Linear((3, 8, 8)), (3, 8, 8)),
        method="guided-backpropagation",
    )
    assert "No ReLU in this network: this is the plain gradient." in view.notes
    assert any("Pictures, not explanations" in note for note in view.notes)
    assert "not explanations" in view.sheet().topic


def test_integrated_gradients_are_complete_on_base_with_random_weights(base: nn.Module) -> None:
    classifier = classifier_of_module(base, (3, 32, 32))
    view = look(pixels(2), model=classifier, method="integrated-gradients", class_name=3)
    start = start_images(classifier.preprocessing, view.inputs.images_NCHW, "black")
    with torch.no_grad():
        change_N = (base(view.inputs.images_NCHW) - base(start))[:, 3].numpy()
    sums_N = view.arrays["attributions_NCHW"].sum((1, 2, 3), dtype=np.float64)
    np.testing.assert_allclose(sums_N, change_N, atol=1e-3)
    np.testing.assert_allclose(view.arrays["gaps_N"], sums_N - change_N, atol=1e-5)
    assert [check_named(view, "completeness gap", n).passed for n in (0, 1)] == [True, True]


def test_integrated_gradients_do_more_steps_until_they_are_complete() -> None:
    """Along the way of Σ x⁴ the midpoint rule is wrong by 1 / (2 n²) of the sum, nearly."""

    class Fourth(nn.Module):
        def forward(self, images_BCHW: Tensor) -> Tensor:
            return images_BCHW.pow(4).sum((2, 3))

    classifier = classifier_of_module(Fourth(), (1, 4, 4))
    white = np.full((4, 4), 255, np.uint8)
    few = look(
        white, model=classifier, method="integrated-gradients", steps=4, most_steps=4, class_name=0
    )
    gap = check_named(few, "completeness gap")
    assert gap.value == pytest.approx(-16 / (2 * 4**2), rel=0.05)
    assert gap.passed is False
    enough = look(
        white,
        model=classifier,
        method="integrated-gradients",
        steps=4,
        most_steps=1000,
        class_name=0,
    )
    assert check_named(enough, "completeness gap").passed is True
    assert "108 steps" in enough.notes[0]
    np.testing.assert_allclose(enough.arrays["maps_NHW"], 1, atol=1e-4)


def test_three_times_the_steps_use_the_first_points_again() -> None:
    from grevy.inspection.attribution.integrated_gradients import integrate

    model, starts = nn.Sequential(Pooled(), nn.GELU()), images() * 0
    thrice = integrate(model, images(), CLASSES_B, starts, 5, 15, tolerance=0)
    at_once, _ = integrated_gradients(model, images(), CLASSES_B, starts, 15)
    assert thrice.steps == 15
    torch.testing.assert_close(thrice.attributions_BCHW, at_once, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("start", "value"), [("black", 0.0), ("white", 1.0), ("mean", None)])
def test_starts_are_colours_as_the_network_sees_them(start: Any, value: float | None) -> None:
    statistics = {"mean": (0.5, 0.4, 0.3), "standard_deviation": (0.2, 0.25, 0.5)}
    classifier = classifier_of_module(Linear((3, 8, 8)), (3, 8, 8), **statistics)
    found = start_images(classifier.preprocessing, images(1, (3, 8, 8)), start)
    mean, deviation = (torch.tensor(numbers) for numbers in statistics.values())
    expected_C = torch.zeros(3) if value is None else (value - mean) / deviation
    torch.testing.assert_close(found, expected_C[:, None, None].expand(1, 3, 8, 8))


def test_an_unknown_start_is_refused() -> None:
    classifier = classifier_of_module(Linear((3, 8, 8)), (3, 8, 8))
    with pytest.raises(InputError, match="black, white or mean"):
        look(pixels(side=8), model=classifier, method="occlusion", start="gray")


def test_fewer_than_one_step_is_refused() -> None:
    with pytest.raises(InputError, match="1 or more"):
        integrated_gradients(Linear(), images(), CLASSES_B, images() * 0, 0)


# Equal to captum

captum_attr = pytest.importorskip("captum.attr", reason="captum is not installed")
NETWORKS = {"base": (3, 32, 32), "resnet18": (3, 32, 32), "transformer": (3, 32, 32)}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> tuple[nn.Module, Tensor]:
    return request.getfixturevalue(request.param), images(2, NETWORKS[request.param])


def assert_equal(found: Tensor, expected: Tensor) -> None:
    """To 1e-6, relative where values are large."""
    expected = expected.detach()
    assert expected.any()
    assert found.shape == expected.shape
    largest = max(1.0, float(expected.abs().max()))
    assert float((found - expected).abs().max()) <= 1e-6 * largest


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("base", "conv3"),
        ("base", "relu2"),
        ("resnet18", "layer3"),
        ("resnet18", "layer2.0.conv1"),
        ("transformer", "patch_embed.proj"),
    ],
)
def test_grad_cam_equals_captums(name: str, layer: str, request: Any) -> None:
    model, pictures = request.getfixturevalue(name), images(2, NETWORKS[name])
    if name == "base" and layer == "conv3":
        model.relu3.inplace = False  # captum sees what a ReLU in place left of the layer
    captums = captum_attr.LayerGradCam(model, model.get_submodule(layer))
    expected = captums.attribute(pictures, CLASSES_B)[:, 0]
    assert_equal(gradcam_evidence(model, layer, pictures, CLASSES_B), expected)


def test_hirescam_equals_captums_gradient_times_activation(base: nn.Module) -> None:
    pictures = images(2, (3, 32, 32))
    captums = captum_attr.LayerGradientXActivation(base, base.pool2)
    expected = captums.attribute(pictures, CLASSES_B).sum(1)
    assert_equal(hirescam_evidence(base, "pool2", pictures, CLASSES_B), expected)


def test_what_follows_in_place_does_not_change_what_grad_cam_sees(base: nn.Module) -> None:
    pictures = images(2, (3, 32, 32))
    in_place = gradcam_evidence(base, "conv3", pictures, CLASSES_B)
    base.relu3.inplace = False
    assert torch.equal(in_place, gradcam_evidence(base, "conv3", pictures, CLASSES_B))


def test_the_gradient_equals_captums(network: tuple[nn.Module, Tensor]) -> None:
    model, pictures = network
    expected = captum_attr.Saliency(model).attribute(pictures.clone(), CLASSES_B, abs=False)
    assert_equal(gradient(model, pictures, CLASSES_B), expected)


def test_integrated_gradients_equal_captums(network: tuple[nn.Module, Tensor]) -> None:
    """In float64: else points that differ by a rounding lie on two sides of a ReLU's bend."""
    model, pictures = network[0].double(), network[1].double()
    starts = torch.full_like(pictures, -0.3)
    expected = captum_attr.IntegratedGradients(model).attribute(
        pictures, starts, CLASSES_B, n_steps=9, method="riemann_middle"
    )
    found, _ = integrated_gradients(model, pictures, CLASSES_B, starts, steps=9)
    assert_equal(found, expected)


@pytest.mark.parametrize(("window", "stride"), [(16, 16), (13, 9)])
def test_occlusion_equals_captums(
    network: tuple[nn.Module, Tensor], window: int, stride: int
) -> None:
    model, pictures = network
    with torch.no_grad():
        expected = captum_attr.Occlusion(model).attribute(
            pictures, (3, window, window), (3, stride, stride), 0.25, CLASSES_B
        )
    starts = torch.full_like(pictures, 0.25)
    found = occlusion(model, pictures, CLASSES_B, starts, window, stride)
    assert_equal(found, expected[:, 0].to(found.dtype))


@pytest.mark.parametrize("name", ["base", "resnet18"])
def test_guided_back_propagation_equals_captums(name: str, request: Any) -> None:
    model, pictures = request.getfixturevalue(name), images(2, NETWORKS[name])
    found = guided_backpropagation(model, pictures, CLASSES_B)
    assert not torch.allclose(found, gradient(model, pictures, CLASSES_B))
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # captum's hooks can't stand it
    expected = captum_attr.GuidedBackprop(model).attribute(pictures.clone(), CLASSES_B)
    assert_equal(found, expected)


# Layers


class Reused(nn.Module):
    """One convolution that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.side = nn.Conv2d(3, 2, 1)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        self.side(images_BCHW)  # nothing comes of it
        return self.conv(F.relu(self.conv(images_BCHW))).mean((2, 3))


def test_the_second_call_of_a_module_has_its_own_map() -> None:
    model, pictures = Reused(), images()
    second_BHW = hirescam_evidence(model, "conv#2", pictures, CLASSES_B)
    with torch.no_grad():
        twice = model.conv(F.relu(model.conv(pictures)))
    expected_BHW = torch.stack([twice[0, 2], twice[1, 0]]) / (7 * 5)
    torch.testing.assert_close(second_BHW, expected_BHW)
    assert not torch.allclose(second_BHW, hirescam_evidence(model, "conv", pictures, CLASSES_B))


def test_the_first_call_can_be_named_by_its_number() -> None:
    classifier = classifier_of_module(Reused(), (3, 8, 8))
    one, other = (
        look(pixels(side=8), model=classifier, method="gradcam", layer=layer)
        for layer in ("conv", "conv#1")
    )
    np.testing.assert_array_equal(one.arrays["maps_NHW"], other.arrays["maps_NHW"])


@pytest.mark.parametrize("frozen", [False, True])
def test_a_layer_on_which_the_class_does_not_depend_has_a_map_of_zeros(frozen: bool) -> None:
    model = Reused().requires_grad_(not frozen)
    view = look(
        pixels(side=8),
        model=classifier_of_module(model, (3, 8, 8)),
        method="gradcam",
        layer="side",
        class_name=1,
    )
    assert not view.arrays["maps_NHW"].any()
    assert NO_EVIDENCE in view.scale.note


@pytest.mark.parametrize("method", ["gradcam", "hirescam"])
def test_unknown_layers_and_layers_without_places_are_refused(method: str, base: nn.Module) -> None:
    explain = partial(look, pixels(), model=classifier_of_module(base, (3, 32, 32)), method=method)
    with pytest.raises(LayerNotFoundError, match="conv3"):
        explain(layer="conv33")
    with pytest.raises(LayerNotFoundError, match="sees no tensor"):
        explain(layer="conv3#2")
    with pytest.raises(ModelArgumentError, match="rows and columns"):
        explain(layer="linear1")
    with pytest.raises(ClassNotFoundError):
        explain(class_name="zebra")


def test_without_a_layer_the_last_maps_are_taken(base: nn.Module, resnet18: nn.Module) -> None:
    for model, last in ((base, "'pool3'"), (resnet18, "'layer3'")):
        assert (
            last
            in look(
                pixels(), model=classifier_of_module(model, (3, 32, 32)), method="gradcam"
            ).notes[0]
        )
    with pytest.raises(ModelArgumentError, match="method gradient or occlusion"):
        look(
            pixels(side=8),
            model=classifier_of_module(Linear((3, 8, 8)), (3, 8, 8)),
            method="gradcam",
        )


def test_tokens_of_a_transformer_become_maps_on_the_grid_of_patches(
    transformer: nn.Module,
) -> None:
    classifier = classifier_of_module(transformer, (3, 32, 32))
    view = look(pixels(), model=classifier, method="hirescam", layer="blocks.1.norm1")
    assert view.arrays["maps_NHW"].shape == (1, 4, 4)
    assert any("17 tokens, without the first 1" in note for note in view.notes)


# Checks


def test_completeness_passes_where_theory_promises_it(base: nn.Module) -> None:
    classifier = classifier_of_module(Pooled(), (3, 8, 8))
    for method in ("gradcam", "hirescam"):
        view = look(pixels(side=8), model=classifier, method=method, layer="relu")
        gap = check_named(view, "completeness gap")
        assert (gap.passed, gap.expected) == (True, "0")
        assert abs(gap.value) < 1e-5
    bent = check_named(
        look(pixels(), model=classifier_of_module(base, (3, 32, 32)), method="gradcam"),
        "completeness gap",
    )
    assert bent.passed is None
    assert "theory promises no equality" in bent.text


def test_completeness_fails_where_the_map_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from grevy.inspection.attribution import cam

    right = cam.AtLayer.evidence
    monkeypatch.setattr(cam.AtLayer, "evidence", lambda *given: right(*given) + 1)
    view = look(
        pixels(side=8),
        model=classifier_of_module(Pooled(), (3, 8, 8)),
        method="hirescam",
        layer="relu",
    )
    assert check_named(view, "completeness gap").passed is False


def test_random_weights_are_those_of_another_model() -> None:
    model = Linear()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    seen: list[Tensor] = []

    def to_maps(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
        seen.append(model.weights_KCHW.detach().clone())
        return gradient(model, images_BCHW, classes_B)[:, 0]

    maps_BHW = under_random_weights(model, to_maps, images(), CLASSES_B, seed=5)
    redrawn, own = seen[0], model.weights_KCHW.detach()
    torch.testing.assert_close(maps_BHW, redrawn[CLASSES_B][:, 0])
    assert abs(rank_correlation(redrawn, own)) < 0.2
    assert redrawn.std().item() == pytest.approx(own.std().item(), rel=0.1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    other = under_random_weights(model, to_maps, images(), CLASSES_B, seed=6)
    assert not torch.equal(other, maps_BHW)


def test_a_map_that_depends_on_the_weights_passes_and_one_of_the_picture_alone_fails() -> None:
    classifier = classifier_of_module(Linear((3, 8, 8)), (3, 8, 8))
    view = look(pixels(side=8), model=classifier, method="gradient")
    assert check_named(view, "randomised weights").passed is True
    picture_HW = torch.from_numpy(edges(pixels(side=8)))[0]
    (check,) = randomised_weights_checks(picture_HW, [picture_HW, picture_HW * 2])
    assert (check.passed, check.value) == (False, pytest.approx(1))
    assert "come from the picture" in check.text


def test_signs_are_checked_beside_sizes_where_a_map_has_signs() -> None:
    map_HW = images()[0, 0]
    sizes, signed = randomised_weights_checks(map_HW, [-map_HW])
    assert (sizes.value, sizes.passed) == (pytest.approx(1), False)
    assert (signed.value, signed.passed) == (pytest.approx(-1), True)


def test_a_map_that_can_not_be_ranked_neither_passes_nor_fails() -> None:
    (check,) = randomised_weights_checks(torch.zeros(4, 4), [torch.rand(4, 4)])
    assert check.passed is None
    assert math.isnan(check.value)
    assert math.isnan(rank_correlation(torch.full((2, 2), torch.nan), torch.rand(2, 2)))


def test_rank_correlation_is_spearmans_with_ties() -> None:
    from scipy.stats import spearmanr

    one, other = images()[0, 0].round(decimals=1), images()[1, 0].round(decimals=1)
    expected = spearmanr(one.flatten(), other.flatten()).statistic
    assert rank_correlation(one, other) == pytest.approx(expected)


def test_the_edge_detector_is_sobels_of_the_brightness() -> None:
    image = pixels(2, side=9)
    luma_HW = image[1] / 255 @ np.array([0.299, 0.587, 0.114])
    kernel = np.outer([1, 2, 1], [1, 0, -1])
    across = convolve(luma_HW, kernel, mode="nearest")
    down = convolve(luma_HW, kernel.T, mode="nearest")
    np.testing.assert_allclose(edges(image)[1], np.hypot(across, down), rtol=1e-5, atol=1e-6)
    assert not edges(np.full((1, 5, 5, 1), 77, np.uint8)).any()


@pytest.mark.parametrize("name", METHODS)
def test_every_method_stands_beside_random_weights_and_an_edge_detector(
    name: str, base: nn.Module
) -> None:
    view = look(pixels(2), model=classifier_of_module(base, (3, 32, 32)), method=name, class_name=4)
    np.testing.assert_array_equal(view.arrays["edges_NHW"], edges(pixels(2)))
    for checks in view.checks_of:
        assert {"randomised weights", "edge detector"} <= {check.name for check in checks}
        assert all(math.isfinite(check.value) for check in checks)
    assert all(any(check.text in line for line in view.lines) for check in view.checks)
    last_tiles = [row[-1].title for row in view.sheet().rows]
    assert last_tiles == ["an edge detector, for comparison"] * 2


def test_a_map_of_edges_is_found_to_be_like_an_edge_detector() -> None:
    assert "much alike" in edge_check(0.9, 0.01).text
    assert "hardly alike" in edge_check(-0.1, 0.01).text
    assert edge_check(0.9, 0.01).passed is None


@pytest.mark.parametrize(
    ("correlation", "chance", "said"),
    [
        (0.199, 0.01, "hardly alike"),
        (0.2, 0.01, "a little alike"),
        (0.4, 0.01, ": alike"),
        (0.6, 0.01, "much alike"),
        (1.0, 0.01, "much alike"),
        (-0.199, 0.01, "hardly alike"),
        (-0.48, 0.01, "the opposite"),
        (-1.0, 0.01, "the opposite"),
        (0.48, 0.049, ": alike"),
        (0.48, 0.05, "can't be told, 5 % of shifted copies"),
        (-0.48, 0.5, "can't be told, 50 % of shifted copies"),
        (0.1, 0.5, "hardly alike"),
        (math.nan, math.nan, "nothing to compare"),
    ],
)
def test_likeness_to_edges_has_a_sign_and_is_beyond_chance(
    correlation: float, chance: float, said: str
) -> None:
    assert said in edge_check(correlation, chance).text


def test_the_edges_themselves_are_like_edges_and_their_negative_is_the_opposite() -> None:
    edges_HW = edges(pixels(1, side=16))[0]
    map_HW = torch.from_numpy(edges_HW)
    assert "much alike" in compared_with_edges(map_HW, edges_HW).text
    assert "the opposite" in compared_with_edges(-map_HW, edges_HW).text


def test_a_class_map_of_16_places_is_too_small_for_a_word_on_edges() -> None:
    edges_HW = edges(pixels(1, side=16))[0]
    small_HW = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(edges_HW)[None], 4)[0]
    assert chance_of_correlation(small_HW, small_HW) == 1 / 16
    assert "can't be told" in compared_with_edges(small_HW, edges_HW).text


def test_chance_is_the_part_of_shifts_that_correlate_as_much() -> None:
    one, other = images()[0, 0, :5, :4], images()[1, 0, :5, :4]
    found = [
        abs(rank_correlation(one.roll((y, x), (0, 1)), other)) for y in range(5) for x in range(4)
    ]
    expected = np.mean(np.array(found) >= found[0] - 1e-12)
    assert chance_of_correlation(one, other) == pytest.approx(expected)
    assert math.isnan(chance_of_correlation(torch.zeros(3, 3), torch.rand(3, 3)))


def test_smooth_maps_without_relation_seldom_get_a_word() -> None:
    """White noise, averaged over 5×5 places: neighbours are alike, as in real maps."""
    draws = torch.randn(200, 2, 24, 24, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(
        torch.nn.functional.pad(draws, (2, 2, 2, 2), "circular"), 5, 1
    )
    below = sum(chance_of_correlation(one, other) < 0.05 for one, other in smooth)
    assert below <= 20


@pytest.mark.parametrize(
    ("signs", "passed", "said"),
    [
        ((1, 1), False, "nearly the same signed values"),
        ((-1, -1), True, "clearly other signed values"),
        ((1, -1), None, "can't be told: draws differ (rank correlation 0, −1 to 1 in 2 draws)"),
    ],
)
def test_random_weights_say_something_where_all_draws_do(
    signs: tuple[int, int], passed: bool | None, said: str
) -> None:
    map_HW = images()[0, 0]
    _, signed = randomised_weights_checks(map_HW, [sign * map_HW for sign in signs])
    assert signed.passed is passed
    assert said in signed.text


def test_at_a_half_random_weights_give_a_similar_map_and_no_nearly_equal_one() -> None:
    map_HW = torch.arange(64.0).reshape(8, 8)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    partly_HW = (0.8 * map_HW.flatten() + 0.8 * order).reshape(8, 8)
    assert 0.5 <= rank_correlation(map_HW, partly_HW) < 0.8
    (check,) = randomised_weights_checks(map_HW, [partly_HW])
    assert "similar sizes" in check.text


# What is drawn


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_drawn_from_logits_that_are_nan(name: str, base: nn.Module) -> None:
    classifier = classifier_of_module(base, (3, 32, 32))
    with torch.no_grad():
        base.conv3.bias[3] = torch.nan
    with pytest.raises(NotFiniteError, match=r"NaN for 1 of 1 picture.*picture 0.*'conv3'"):
        look(pixels(), model=classifier, method=name, class_name=2)


def test_a_network_of_nan_weights_is_not_opened(base: nn.Module) -> None:
    with torch.no_grad():
        base.conv3.bias[3] = torch.nan
    with pytest.raises(NotFiniteError, match=r"1 number NaN or infinite: conv3\.bias \(1\)"):
        classifier_of_module(base, (3, 32, 32))


def against_every_class() -> nn.Module:
    model = Pooled()
    with torch.no_grad():
        model.linear.weight[1] = -1
    return model


def test_a_class_without_evidence_is_told_so_in_words() -> None:
    view = look(
        pixels(side=8),
        model=classifier_of_module(against_every_class(), (3, 8, 8)),
        method="gradcam",
        layer="relu",
        class_name=1,
    )
    assert not view.arrays["maps_NHW"].any()
    assert (view.arrays["evidence_NHW"] <= 0).all()
    assert view.scale.high == 0
    assert NO_EVIDENCE in view.scale.note
    assert f"picture 0 (1): {NO_EVIDENCE}." in view.notes
    assert view.sheet().rows[0][2].numbers.replace("\N{NO-BREAK SPACE}", " ") == "all 0"


def test_all_pictures_share_one_scale_from_zero_to_the_raw_maximum(base: nn.Module) -> None:
    view = look(
        pixels(3),
        model=classifier_of_module(base, (3, 32, 32)),
        method="gradcam",
        layer="conv2",
        class_name=2,
    )
    assert (view.scale.low, view.scale.kind) == (0, "sequential")
    assert view.scale.high == pytest.approx(view.arrays["maps_NHW"].max())


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_signed_attributions_are_drawn_symmetric(method: str, base: nn.Module) -> None:
    view = look(
        pixels(), model=classifier_of_module(base, (3, 32, 32)), method=method, class_name=2
    )
    assert view.arrays["maps_NHW"].min() < 0
    assert view.scale.low == -view.scale.high < 0
    assert view.scale.kind == "diverging"


def test_the_predicted_class_is_explained_unless_one_is_named(base: nn.Module) -> None:
    classifier = classifier_of_module(base, (3, 32, 32), classes=[f"class {i}" for i in range(10)])
    view = look(pixels(2), model=classifier, method="smoothgrad", samples=2)
    logits_NK = view.arrays["logits_NK"]
    with torch.no_grad():
        np.testing.assert_allclose(logits_NK, base(view.inputs.images_NCHW), atol=1e-6)
    for explained, logits_K in zip(view.explained, logits_NK, strict=True):
        assert explained.class_name == explained.predicted == f"class {logits_K.argmax()}"
        expected = np.exp(logits_K.max()) / np.exp(logits_K).sum()
        assert explained.probability == pytest.approx(expected, rel=1e-5)
    named = look(pixels(2), model=classifier, method="smoothgrad", samples=2, class_name="class 7")
    assert {explained.class_name for explained in named.explained} == {"class 7"}
    assert named.as_json()["pictures"][1]["logit"] == pytest.approx(logits_NK[1, 7])


@pytest.mark.parametrize(
    ("name", "layer"),
    [("base", "pool3"), ("resnet18", "layer3"), ("transformer", "blocks.1.norm1")],
)
def test_class_maps_are_of_the_last_layer_that_the_output_listens_to(
    name: str, layer: str, request: Any
) -> None:
    classifier = classifier_of_module(request.getfixturevalue(name), NETWORKS[name], name=name)
    assert default_layer(classifier).name.startswith(layer)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    view = look(pixels, model=classifier, method="hirescam")
    assert view.arrays["evidence_NHW"].any()
