"""Where the way of a gradient is cut: an error that says so, and never a map of zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grevy.classifier.of_module import classifier_of_module
from grevy.errors import NoGradientError
from grevy.figures.scale import NO_EVIDENCE
from grevy.inspection.attribution.cam import default_layer
from grevy.inspection.attribution.class_maps import gradcam
from grevy.inspection.attribution.gradient import gradient
from grevy.inspection.look import look

SHAPE = (3, 12, 12)
PICTURE = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
IMAGES = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([0, 3])
METHODS: list[tuple[str, dict[str, Any]]] = [
    ("gradcam", {}),
    ("hirescam", {"layer": "features.0"}),
    ("gradient", {}),
    ("guided-backpropagation", {}),
    ("integrated-gradients", {"steps": 2, "most_steps": 2}),
    ("smoothgrad", {"samples": 2}),
]


class Network(nn.Module):
    """Features, then what a test does with them, then one linear layer of their means."""

    def __init__(self, use: Callable[[Any, Tensor], Tensor] = lambda net, x: net.features(x)):
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3))
        self.side, self.linear, self.use = nn.Conv2d(3, 8, 5), nn.Linear(8, 4), use

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self.linear(self.use(self, images_BCHW).mean((2, 3)))


def without_gradients(net: Any, x: Tensor) -> Tensor:
    with torch.no_grad():
        return net.features(x)


def in_inference_mode(net: Any, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return net.features(x)


CUTS: dict[str, tuple[Callable[[Any, Tensor], Tensor], str]] = {
    "no_grad": (without_gradients, "torch.no_grad in the forward of Network"),
    "inference_mode": (in_inference_mode, "torch.inference_mode in the forward of Network"),
    "detach": (lambda net, x: net.features(x).detach(), ".detach in the forward of Network"),
    "data": (lambda net, x: net.features(x).data, ".data in the forward of Network"),
    "numpy": (
        lambda net, x: torch.from_numpy(net.features(x).detach().cpu().numpy()),
        ".detach in the forward of Network",
    ),
    "list": (lambda net, x: torch.tensor(net.features(x).tolist()), ".tolist in the forward"),
    "step": (lambda net, x: (net.features(x) > 0).float(), "gt in the forward of Network"),
}


@pytest.mark.parametrize(("method", "settings"), METHODS, ids=[name for name, _ in METHODS])
@pytest.mark.parametrize(("use", "cause"), CUTS.values(), ids=CUTS)
def test_a_way_that_is_cut_is_an_error_that_names_the_cause(
    use: Any, cause: str, method: str, settings: dict[str, Any]
) -> None:
    network = Network(use)
    with pytest.raises(NoGradientError, match=f"{cause}.* cuts the way.*occlusion") as caught:
        look(PICTURE, model=network, input_shape=SHAPE, method=method, **settings)
    source = "layer 'features" if "cam" in method else "the picture"
    assert f"comes from the logit to {source}" in str(caught.value)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("use", [use for use, _ in CUTS.values()], ids=CUTS)
def test_occlusion_needs_no_gradient(use: Any) -> None:
    view = look(PICTURE, model=Network(use), input_shape=SHAPE, method="occlusion")
    assert view.arrays["maps_NHW"].any()


def test_the_module_that_cuts_is_named_also_deep_inside() -> None:
    class Frozen(nn.Conv2d):
        @torch.no_grad()
        def forward(self, images_BCHW: Tensor) -> Tensor:
            return super().forward(images_BCHW)

    network = Network()
    network.features[0] = Frozen(3, 6, 3)
    with pytest.raises(NoGradientError, match=r"torch.no_grad in 'features\.0' \(Frozen\) cuts"):
        gradient(network.eval(), IMAGES, CLASSES)
    assert gradcam(network, "features", IMAGES, CLASSES).shape == (2, 8, 8)


def test_frozen_weights_are_no_cut() -> None:
    network, frozen = Network(), Network().requires_grad_(False)
    for method, settings in METHODS:
        views = [
            look(PICTURE, model=net, input_shape=SHAPE, method=method, **settings)
            for net in (network, frozen)
        ]
        maps = [view.arrays["maps_NHW"] for view in views]
        np.testing.assert_array_equal(*maps)
        assert maps[0].any()


def test_a_layer_behind_the_cut_has_its_map() -> None:
    network = Network(lambda net, x: net.features(x.detach()))
    view = look(PICTURE, model=network, input_shape=SHAPE, method="gradcam", layer="features.2")
    assert view.arrays["evidence_NHW"].any()
    with pytest.raises(NoGradientError, match=r"to the picture.*\.detach"):
        look(PICTURE, model=network, input_shape=SHAPE, method="gradient")


@pytest.mark.parametrize(("method", "settings"), METHODS, ids=[name for name, _ in METHODS])
def test_a_gradient_of_exactly_zero_is_said_and_no_error(method: str, settings: Any) -> None:
    dead = Network(lambda net, x: (net.features(x) - 1e6).relu())
    view = look(PICTURE, model=dead, input_shape=SHAPE, method=method, **settings)
    assert not view.arrays["maps_NHW"].any()
    assert any("gradient is exactly 0" in note for note in view.notes)


def test_a_layer_that_nothing_listens_to_is_told_from_a_cut() -> None:
    network = Network(lambda net, x: net.features(x) + 0 * net.side(x).detach())
    view = look(PICTURE, model=network, input_shape=SHAPE, method="gradcam", layer="side")
    assert any(f"{NO_EVIDENCE}: the logit does not depend on the layer" in n for n in view.notes)


def test_a_part_of_the_gradient_that_is_kept_back_is_said() -> None:
    network = Network(lambda net, x: net.features(x).detach() + net.side(x))
    view = look(PICTURE, model=network, input_shape=SHAPE, method="gradient")
    assert view.arrays["maps_NHW"].any()
    assert any("kept back (.detach in the forward of Network)" in note for note in view.notes)
    whole = look(PICTURE, model=Network(), input_shape=SHAPE, method="gradient")
    assert not any("kept back" in note for note in whole.notes)


def test_a_decoder_beside_the_head_is_not_the_default_layer() -> None:
    class Autoencoder(Network):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = nn.ConvTranspose2d(8, 3, 5)

        def forward(self, images_BCHW: Tensor) -> Any:
            maps_BCHW = self.features(images_BCHW)
            return self.decoder(maps_BCHW), self.linear(maps_BCHW.mean((2, 3)))

    assert default_layer(classifier_of_module(Autoencoder(), SHAPE)).name == "features"


def test_the_default_layer_of_a_mixer_is_its_last_with_patches_and_not_its_stem() -> None:
    models = pytest.importorskip("timm.models.mlp_mixer", reason="timm is not installed")
    sizes = {"img_size": 32, "patch_size": 8, "num_blocks": 2, "embed_dim": 24}
    mixer = models.MlpMixer(num_classes=5, **sizes)
    nn.init.zeros_(mixer.head.weight)
    classifier = classifier_of_module(mixer, (3, 32, 32))
    assert default_layer(classifier).name == "norm"  # though no gradient comes through its head
    nn.init.normal_(mixer.head.weight)
    assert default_layer(classifier).name == "norm"
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    overview = look(picture, model=classifier)
    assert overview.first.filters.layer.startswith("stem.proj")
    assert overview.last.layer.startswith("norm")
    assert overview.arrays["class_maps_MHW"].shape == (1, 4, 4)


def test_where_no_layer_has_places_the_layers_are_named() -> None:
    from grevy.errors import LayerNotFoundError, ModelArgumentError

    rows = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 4))
    with pytest.raises(ModelArgumentError, match=r"0 \[432\], 1 \[4\]"):
        look(PICTURE, model=rows, input_shape=SHAPE, method="gradcam")
    with pytest.raises(LayerNotFoundError, match="such as 0 or 1"):
        look(PICTURE, model=rows, input_shape=SHAPE)
