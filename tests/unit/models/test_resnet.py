"""The residual networks against torchvision's and timm's."""

import pytest
import torch

from grevy.models import build_model

PARAMETERS = {"resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032}
NAMES = list(PARAMETERS)


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    """Statistics and factors of batch normalisation as after training, not 0 and 1."""
    torch.manual_seed(1)
    for name, tensor in model.state_dict().items():
        if "bn" in name or "downsample.1" in name:
            tensor.copy_(torch.rand(tensor.shape) + 0.5)
    return model.eval()


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_parameters_is_that_of_the_paper_s_networks(name: str) -> None:
    model = build_model(name, (3, 64, 64), 1000)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", NAMES)
def test_torchvision_s_weights_load_and_give_torchvision_s_logits(name: str) -> None:
    models = pytest.importorskip("torchvision.models", reason="torchvision is the oracle")
    theirs = randomised(models.get_model(name, weights=None))
    ours = build_model(name, (3, 96, 80), 1000).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    images_BCHW = torch.randn(2, 3, 96, 80)
    with torch.no_grad():
        torch.testing.assert_close(ours(images_BCHW), theirs(images_BCHW), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_timm_s_weights_load_too(name: str) -> None:
    timm = pytest.importorskip("timm", reason="timm is the oracle")
    theirs = randomised(timm.create_model(name, num_classes=7))
    ours = build_model(name, (3, 64, 64), 7).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    images_BCHW = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(images_BCHW), theirs(images_BCHW), atol=1e-5, rtol=1e-5)


def test_convolutions_start_with_the_spread_of_he_et_al() -> None:
    torch.manual_seed(0)
    weight = build_model("resnet18", (3, 32, 32), 10).layer3[1].conv1.weight
    assert weight.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.01)


def test_gray_pictures_get_a_first_convolution_of_one_channel() -> None:
    model = build_model("resnet18", (1, 32, 32), 10)
    assert model.conv1.weight.shape == (64, 1, 7, 7)


def test_every_relu_is_called_once_so_that_hooks_see_each_place() -> None:
    model = build_model("resnet50", (3, 32, 32), 10).eval()
    calls: list[str] = []
    relus = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.ReLU)}
    for name, relu in relus.items():
        relu.register_forward_hook(lambda *_, name=name: calls.append(name))
    model(torch.zeros(1, 3, 32, 32))
    assert len(calls) == 1 + 16 * 3
    assert calls == list(relus)
