import pytest
import torch
from torch import nn

from grevy.errors import InputTooSmallError
from grevy.models import build_model


def kinds(model: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in model.children()]


def test_base_has_the_parameters_that_the_assignment_counts_by_hand() -> None:
    model = build_model("base", (3, 32, 32), 10)
    by_layer = [
        sum(p.numel() for p in layer.parameters())
        for layer in model.children()
        if any(True for _ in layer.parameters())
    ]
    assert by_layer == [2_432, 51_264, 204_928, 131_136, 650]
    assert sum(by_layer) == 390_410


def test_base_is_layer_for_layer_the_assignments_network() -> None:
    block = ["Conv2d", "ReLU", "MaxPool2d"]
    assert kinds(build_model("base", (3, 32, 32), 10)) == block * 3 + [
        "Flatten",
        "Linear",
        "ReLU",
        "Linear",
    ]


def test_net1_normalises_before_each_relu_and_after_the_last_layer() -> None:
    block = ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    tail = ["Flatten", "Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d"]
    assert kinds(build_model("net1", (3, 32, 32), 10)) == block * 3 + tail


def test_net2_drops_out_after_each_pooling() -> None:
    model = build_model("net2", (3, 32, 32), 10)
    block = ["Conv2d", "ReLU", "MaxPool2d", "Dropout"]
    assert kinds(model) == block * 3 + ["Flatten", "Linear", "ReLU", "Linear"]
    assert {layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)} == {0.05}


def test_base_equals_the_same_network_written_out_by_hand() -> None:
    torch.manual_seed(0)
    model = build_model("base", (3, 32, 32), 10)
    torch.manual_seed(0)
    by_hand = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(64, 128, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Flatten(), nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    images = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(model(images.clone()), by_hand(images), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["base", "net1", "net2"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 17), (4, 33, 40), (2, 64, 64)])
def test_any_size_and_channel_count_works(name: str, shape: tuple[int, int, int]) -> None:
    model = build_model(name, shape, 7)
    assert model(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize(("side", "layer"), [(7, "pool3"), (3, "pool2"), (1, "pool1")])
def test_too_small_a_picture_names_the_layer_that_shrinks_to_nothing(side: int, layer: str) -> None:
    with pytest.raises(InputTooSmallError, match=layer) as caught:
        build_model("base", (3, side, side), 10)
    assert "8×8" in str(caught.value)
