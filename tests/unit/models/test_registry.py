import pytest
import torch
from torch import nn

from grevy.errors import InputTooSmallError, ModelArgumentError, UnknownModelError
from grevy.models import build_model, model_names, register_model


class Tiny(nn.Module):
    def __init__(self, input_shape: tuple[int, int, int], classes: int, width: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(input_shape[0], width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Linear(width, classes)

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(images_BCHW)).mean((2, 3)))


def test_users_add_their_own_module_and_give_it_arguments() -> None:
    register_model("tiny-test")(Tiny)
    assert "tiny-test" in model_names()
    assert build_model("tiny-test", (1, 9, 9), 3, width=6).conv.out_channels == 6


def test_trying_a_model_leaves_its_mode_and_buffers_as_they_were() -> None:
    register_model("tiny-test")(Tiny)
    model = build_model("tiny-test", (1, 9, 9), 3)
    assert model.training
    assert int(model.norm.num_batches_tracked) == 0


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(UnknownModelError, match="net1"):
        build_model("nte1", (3, 32, 32), 10)


def test_a_name_that_the_zoo_knows_is_suggested_with_its_prefix() -> None:
    pytest.importorskip("timm", reason="the zoo is timm's and torchvision's")
    with pytest.raises(UnknownModelError, match=r"timm:resnet26d"):
        build_model("resnet26d", (3, 32, 32), 10)


def test_an_argument_that_the_model_does_not_take_is_named() -> None:
    with pytest.raises(ModelArgumentError, match="depth"):
        build_model("base", (3, 32, 32), 10, depth=3)


def test_a_model_of_the_users_own_that_fails_on_the_shape_says_so() -> None:
    register_model("tiny-test")(Tiny)
    with pytest.raises(InputTooSmallError, match="1×2×2"):
        build_model("tiny-test", (1, 2, 2), 3)


def test_a_model_with_the_wrong_number_of_outputs_is_refused() -> None:
    register_model("short-test")(lambda shape, classes: Tiny(shape, classes - 1))
    with pytest.raises(ModelArgumentError, match=r"\(1, 2\)"):
        build_model("short-test", (1, 9, 9), 3)
